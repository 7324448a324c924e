"""Figures of lab: what its elements show first, for readers without JavaScript."""

import torch

from snippets import _lab

A = [[0.5283, 0.3922, -0.0484], [-1.6257, -0.4775, 0.5645]]


def compare(say):
    """The matrix of the compare page, through four functions."""
    return _lab.compare(say, A)


def broken(say):
    """softmax of 90, 89, 88: what is left in four dtypes."""
    return _lab.broken(say, [90.0, 89.0, 88.0])


def loss(say):
    """The binary loss of target 0, and the logit 20."""
    return _lab.loss(say, 20.0, 0.0)


def jacobian(say):
    """Softmax of three logits."""
    return _lab.jacobian(say, [2, 1, 0.1])


def sample(say):
    """A thousand draws from seed 0."""
    return _lab.sample(say, [3, 2, 0], 1, 0, 1000)


def curve(say):
    """Sigmoid, read off at 1."""
    return _lab.curve(say, "sigmoid", torch.sigmoid)

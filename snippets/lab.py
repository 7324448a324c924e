"""Figures of lab: what its elements show first, for readers without JavaScript."""

from snippets import _lab

A = [[0.5283, 0.3922, -0.0484], [-1.6257, -0.4775, 0.5645]]


def compare(say):
    """The matrix of the compare page, through four functions."""
    return _lab.compare(say, A)

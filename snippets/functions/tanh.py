"""Figures of functions/tanh."""

import torch

from snippets import _lab
from snippets._style import BLUE, INK, ORANGE, panels


def curve(say):
    """Tanh beside sigmoid, and the gradients of both."""
    x = torch.linspace(-6, 6, 241, dtype=torch.float64)
    t, p = torch.tanh(x), torch.sigmoid(x)
    figure, (left, right) = panels()
    left.plot(x, t, color=BLUE, label="tanh(x)")
    left.plot(x, p, color=ORANGE, ls="--", label="σ(x)")
    left.axhline(0, color=INK, lw=0.8)
    left.set(title=say("值", "Value"), xlabel="x")
    right.plot(x, 1 - t**2, color=BLUE, label="tanh(x)")
    right.plot(x, p * (1 - p), color=ORANGE, ls="--", label="σ(x)")
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    left.legend(loc="upper left")
    right.legend()
    return figure


def lab(say):
    """Where the lab starts: tanh, read off at 1."""
    return _lab.curve(say, "tanh", torch.tanh)

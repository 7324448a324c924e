"""Figures of functions/hardsigmoid."""

import torch

from snippets._style import BLUE, ORANGE, panels


def curve(say):
    """Hardsigmoid beside sigmoid, and the gradients of both."""
    x = torch.linspace(-6, 6, 481, dtype=torch.float64)
    p = torch.sigmoid(x)
    figure, (left, right) = panels()
    left.plot(x, p, color=ORANGE, ls="--", label="σ(x)")
    left.plot(x, (x / 6 + 0.5).clamp(0, 1), color=BLUE, label="hardsigmoid(x)")
    left.set(title=say("值", "Value"), xlabel="x")
    right.plot(x, p * (1 - p), color=ORANGE, ls="--")
    right.step([-6, -3, 3, 6], [0, 1 / 6, 0, 0], where="post", color=BLUE)
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    left.legend(loc="upper left")
    return figure

"""Figures of functions/softplus."""

import torch
import torch.nn.functional as F

from snippets import _lab
from snippets._style import BLUE, GREEN, INK, ORANGE, panels


def _slope(y, x):
    (slope,) = torch.autograd.grad(y.sum(), x)
    return slope


def curve(say):
    """Softplus for two values of beta against ReLU, and the slopes."""
    x = torch.linspace(-5, 5, 401, dtype=torch.float64, requires_grad=True)
    figure, (left, right) = panels()
    for y, label, colour, style in (
        (F.softplus(x), "beta=1", BLUE, "-"),
        (F.softplus(x, beta=3), "beta=3", GREEN, "-"),
        (F.relu(x), "relu", ORANGE, "--"),
    ):
        left.plot(x.detach(), y.detach(), color=colour, ls=style, label=label)
        right.plot(x.detach(), _slope(y, x), color=colour, ls=style, label=label)
    left.set(title=say("值", "Value"), xlabel="x")
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    left.legend()
    right.legend()
    return figure


def threshold(say):
    """What the threshold does, made visible with threshold=2."""
    x = torch.linspace(-1, 4, 1001, dtype=torch.float64, requires_grad=True)
    figure, (left, right) = panels()
    for beta, colour in ((1, BLUE), (2, GREEN)):
        for limit, style, width in ((2, "-", 2), (40, ":", 1.4)):
            y = F.softplus(x, beta, limit)
            slope = _slope(y, x)
            label = f"beta={beta}" if limit == 2 else None
            gap = (y - F.relu(x)).detach()
            left.plot(x.detach(), gap, color=colour, ls=style, lw=width, label=label)
            right.plot(x.detach(), slope, color=colour, ls=style, lw=width, label=label)
    left.axhline(0, color=INK, lw=0.8)
    left.set(
        title=say("softplus − relu（threshold=2）", "softplus − relu, threshold=2"), xlabel="x"
    )
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    left.legend()
    right.legend()
    return figure


def lab(say):
    """Where the lab starts: softplus, read off at 1."""
    return _lab.curve(say, "softplus", F.softplus)

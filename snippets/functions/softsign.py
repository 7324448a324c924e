"""Figures of functions/softsign."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, INK, ORANGE, panels


def curve(say):
    """Softsign beside tanh and sigmoid, and the gradients of the three."""
    x = torch.linspace(-8, 8, 321, dtype=torch.float64)
    t, p = torch.tanh(x), torch.sigmoid(x)
    figure, (left, right) = panels()
    left.plot(x, t, color=GREEN, lw=1.5, ls=":", label="tanh(x)")
    left.plot(x, p, color=ORANGE, ls="--", label="σ(x)")
    left.plot(x, F.softsign(x), color=BLUE, label="softsign(x)")
    left.axhline(0, color=INK, lw=0.8)
    left.set(title=say("值", "Value"), xlabel="x")
    right.plot(x, 1 - t**2, color=GREEN, lw=1.5, ls=":")
    right.plot(x, p * (1 - p), color=ORANGE, ls="--")
    right.plot(x, (1 + x.abs()) ** -2, color=BLUE)
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    left.legend(loc="upper left")
    return figure


def tails(say):
    """How softsign and tanh approach 1, and how their gradients approach 0."""
    x = torch.logspace(0, 3, 301, dtype=torch.float64)
    q = torch.sigmoid(-2 * x)
    rest = 1 / (1 + x)
    figure, (left, right) = panels()
    left.plot(x, 2 * q, color=GREEN, lw=1.5, ls=":", label="tanh(x)")
    left.plot(x, rest, color=BLUE, label="softsign(x)")
    left.set(title=say("与 1 的距离", "Distance from 1"))
    right.plot(x, 4 * q * (1 - q), color=GREEN, lw=1.5, ls=":")
    right.plot(x, rest**2, color=BLUE)
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"))
    for ax in (left, right):
        ax.set(xlabel="x", xscale="log", yscale="log", ylim=(1e-8, 2))
    left.legend(loc="lower right")
    return figure

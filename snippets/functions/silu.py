"""Figures of functions/silu."""

import torch

from snippets._style import BLUE, GREEN, INK, ORANGE, panels


def curve(say):
    """SiLU beside sigmoid and ReLU, and the gradients of the three."""
    x = torch.linspace(-8, 6, 281, dtype=torch.float64)
    p, q = torch.sigmoid(x), torch.sigmoid(-x)
    figure, (left, right) = panels()
    left.plot(x, x.clamp(min=0), color=GREEN, lw=1.5, ls=":", label="ReLU(x)")
    left.plot(x, p, color=ORANGE, ls="--", label="σ(x)")
    left.plot(x, x * p, color=BLUE, label="SiLU(x)")
    left.set(title=say("值", "Value"), xlabel="x", ylim=(-0.7, 4.2))
    right.plot(x, (x > 0).double(), color=GREEN, lw=1.5, ls=":")
    right.plot(x, p * q, color=ORANGE, ls="--")
    right.plot(x, p + x * p * q, color=BLUE)
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    for ax in (left, right):
        ax.axhline(0, color=INK, lw=0.8)
        ax.set_xticks(range(-8, 7, 2))
    left.legend(loc="upper left")
    return figure

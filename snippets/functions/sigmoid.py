"""Figures of functions/sigmoid."""

import torch

from snippets._style import BLUE, GREEN, INK, ORANGE, panels


def curve(say):
    """Sigmoid and its mirror image; first and second derivative."""
    x = torch.linspace(-8, 8, 241, dtype=torch.float64)
    p, q = torch.sigmoid(x), torch.sigmoid(-x)
    figure, (left, right) = panels()
    left.plot(x, p, color=BLUE, label="σ(x)")
    left.plot(x, q, color=ORANGE, ls="--", label="σ(−x)")
    left.set(title=say("值", "Value"), xlabel="x")
    right.plot(x, p * q, color=BLUE, label="σ′(x)")
    right.plot(x, p * q * (q - p), color=GREEN, ls="--", label="σ″(x)")
    right.axhline(0, color=INK, lw=0.8)
    right.set(title=say("一阶与二阶导数", "First and second derivative"), xlabel="x")
    left.legend(loc="center left")
    right.legend()
    return figure


def loss(say):
    """Squared error and binary cross entropy of a sigmoid for target 1, with their gradients."""
    x = torch.linspace(-8, 8, 241, dtype=torch.float64)
    p, q = torch.sigmoid(x), torch.sigmoid(-x)
    figure, (left, right) = panels()
    left.plot(x, q**2, color=ORANGE, ls="--", label=say("平方误差", "squared error"))
    left.plot(x, -p.log(), color=BLUE, label=say("二元交叉熵", "binary cross entropy"))
    left.set(title=say("损失（目标为 1）", "Loss for target 1"), xlabel="x")
    right.plot(x, -2 * q * p * q, color=ORANGE, ls="--")
    right.plot(x, -q, color=BLUE)
    right.axhline(0, color=INK, lw=0.8)
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    left.legend()
    return figure

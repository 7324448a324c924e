"""Figures of functions/softmin."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, INK, ORANGE, PURPLE, bars, heat, panels


def curve(say):
    """softmin([x, 0, 0]) against x beside softmax, and the gradient of its entries."""
    x = torch.linspace(-6, 6, 241, dtype=torch.float64)
    rows = torch.stack([x, 0 * x, 0 * x], 1)
    q = F.softmin(rows, 1)
    figure, (left, right) = panels()
    left.plot(x, q[:, 0], color=BLUE, label="$q_1$")
    left.plot(x, q[:, 1], color=ORANGE, label="$q_2 = q_3$")
    left.plot(x, F.softmax(rows, 1)[:, 0], "--", color=PURPLE, lw=1.2, label="softmax $p_1$")
    left.set(title=say("softmin([x, 0, 0]) 的值", "Value of softmin([x, 0, 0])"), xlabel="x")
    right.plot(x, -q[:, 0] * (1 - q[:, 0]), color=BLUE, label=r"$\partial q_1/\partial x$")
    right.plot(x, q[:, 0] * q[:, 1], color=ORANGE, label=r"$\partial q_2/\partial x$")
    right.axhline(0, color=INK, lw=0.8)
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    for ax in (left, right):
        ax.legend()
    return figure


def jacobian(say):
    """Probabilities of one row of distances, and their Jacobian as a heat map."""
    q = F.softmin(torch.tensor([1.0, 2.0, 4.0]), 0)
    figure, (left, right) = panels(width_ratios=[1.1, 1])
    bars(left, q, say("距离 [1, 2, 4] 的概率", "Probabilities of distances [1, 2, 4]"), GREEN)
    heat(right, torch.outer(q, q) - torch.diag(q), r"$\partial q_i/\partial x_j$", 4)
    return figure

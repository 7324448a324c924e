"""Figures of functions/softmax."""

import torch
import torch.nn.functional as F

from snippets import _lab
from snippets._style import BLUE, GREEN, INK, ORANGE, bars, heat, panels


def curve(say):
    """softmax([x, 0, 0]) against x, and the gradient of its first entry."""
    x = torch.linspace(-6, 6, 241, dtype=torch.float64)
    p = F.softmax(torch.stack([x, 0 * x, 0 * x], 1), 1)
    figure, (left, right) = panels()
    left.plot(x, p[:, 0], color=BLUE, label="$p_1$")
    left.plot(x, p[:, 1], color=ORANGE, label="$p_2 = p_3$")
    left.set(title=say("softmax([x, 0, 0]) 的值", "Value of softmax([x, 0, 0])"), xlabel="x")
    right.plot(x, p[:, 0] * (1 - p[:, 0]), color=BLUE, label=r"$\partial p_1/\partial x$")
    right.plot(x, -p[:, 0] * p[:, 1], color=ORANGE, label=r"$\partial p_2/\partial x$")
    right.axhline(0, color=INK, lw=0.8)
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    for ax in (left, right):
        ax.legend()
    return figure


def jacobian(say):
    """Probabilities of one row of logits, and their Jacobian as a heat map."""
    x = torch.tensor([2.0, 1.0, 0.1])
    p = F.softmax(x, 0)
    figure, (left, right) = panels(width_ratios=[1.1, 1])
    bars(left, p, say("logits [2, 1, 0.1] 的概率", "Probabilities of logits [2, 1, 0.1]"), GREEN)
    heat(right, torch.diag(p) - torch.outer(p, p), r"$\partial p_i/\partial x_j$", 4)
    return figure


def lab(say):
    """The example's logits through four functions, for readers without JavaScript."""
    return _lab.compare(say, [[2.0, 1.0, 0.1], [0.0, 0.0, 5.0]])

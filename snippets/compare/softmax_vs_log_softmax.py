"""Figures of compare/softmax_vs_log_softmax."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, INK, PURPLE, heat, panels


def jacobian(say):
    """Both Jacobians of one row of logits."""
    p = F.softmax(torch.tensor([2.0, 3.0, 1.0]), 0)
    figure, (left, right) = panels()
    heat(left, torch.diag(p) - torch.outer(p, p), r"Softmax: $\partial p_i/\partial x_j$", 4)
    heat(right, torch.eye(3) - p, r"LogSoftmax: $\partial \ell_i/\partial x_j$", 4)
    return figure


def curve(say):
    """First entry of both functions of [x, 0], and its gradient."""
    x = torch.linspace(-8, 8, 241, dtype=torch.float64)
    p = torch.sigmoid(x)
    figure, (left, right) = panels()
    left.plot(x, p, color=BLUE, label="Softmax")
    left.plot(x, F.logsigmoid(x), color=PURPLE, label="LogSoftmax")
    left.set(title=say("[x, 0] 第一项的值", "First entry of [x, 0]"), xlabel="x")
    right.plot(x, p * (1 - p), color=BLUE, label="Softmax")
    right.plot(x, 1 - p, color=PURPLE, label="LogSoftmax")
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    left.legend(loc="lower right")
    right.legend()
    for ax in (left, right):
        ax.axhline(0, color=INK, lw=0.8)
    return figure

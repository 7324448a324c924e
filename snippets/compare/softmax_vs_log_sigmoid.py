"""Figures of compare/softmax_vs_log_sigmoid."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, INK, ORANGE, PURPLE, bars, heat, panels

A = torch.tensor([[0.5283, 0.3922, -0.0484], [-1.6257, -0.4775, 0.5645]])


def values(say):
    """Both rows through both functions, one panel each."""
    figure, axes = panels(2, 2, height=2.1)
    for row in range(2):
        left, right = axes[2 * row : 2 * row + 2]
        name = say(f"：第 {row + 1} 行", f", row {row + 1}")
        bars(left, F.softmax(A[row], 0), f"Softmax{name}", GREEN)
        bars(right, F.logsigmoid(A[row]), f"LogSigmoid{name}", PURPLE)
    return figure


def curve(say):
    """Values of softmax([x, 0, 0]) and logsigmoid(x), and their gradients."""
    x = torch.linspace(-6, 6, 241, dtype=torch.float64)
    p = F.softmax(torch.stack([x, 0 * x, 0 * x], 1), 1)
    figure, (left, right) = panels()
    left.plot(x, p[:, 0], color=BLUE, label="$p_1$")
    left.plot(x, p[:, 1], color=ORANGE, label="$p_2$")
    left.plot(x, F.logsigmoid(x), color=PURPLE, label=r"$\log\,\sigma(x)$")
    left.set(title=say("值", "Value"), xlabel="x")
    right.plot(x, p[:, 0] * (1 - p[:, 0]), color=BLUE, label=r"$\partial p_1/\partial x$")
    right.plot(x, -p[:, 0] * p[:, 1], color=ORANGE, label=r"$\partial p_2/\partial x$")
    right.plot(x, torch.sigmoid(-x), color=PURPLE, label=r"$\sigma(-x)$")
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    for ax in (left, right):
        ax.axhline(0, color=INK, lw=0.8)
        ax.legend()
    return figure


def jacobian(say):
    """The full matrix of softmax beside the diagonal one of LogSigmoid, row 1."""
    p = F.softmax(A[0], 0)
    figure, (left, right) = panels()
    heat(left, torch.diag(p) - torch.outer(p, p), r"Softmax: $\partial p_i/\partial x_j$", 4)
    heat(right, torch.diag(torch.sigmoid(-A[0])), r"LogSigmoid: $\partial s_i/\partial x_j$", 4)
    return figure

"""Figures of functions/log_softmax."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, INK, ORANGE, bars, heat, panels


def curve(say):
    """log_softmax([x, 0, 0]) against x, and its gradients with respect to x."""
    x = torch.linspace(-6, 6, 241, dtype=torch.float64)
    row = torch.stack([x, 0 * x, 0 * x], 1)
    value, p = F.log_softmax(row, 1), F.softmax(row, 1)[:, 0]
    figure, (left, right) = panels()
    left.plot(x, value[:, 0], color=BLUE, label=r"$\log p_1$")
    left.plot(x, value[:, 1], color=ORANGE, label=r"$\log p_2 = \log p_3$")
    left.set(
        title=say("log_softmax([x, 0, 0]) 的值", "Value of log_softmax([x, 0, 0])"), xlabel="x"
    )
    left.legend(loc="lower center")
    right.plot(x, 1 - p, color=BLUE, label=r"$\partial \log p_1/\partial x$")
    right.plot(x, -p, color=ORANGE, label=r"$\partial \log p_2/\partial x$")
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x", ylim=(-1.1, 1.1))
    right.legend(loc="lower left")
    for ax in (left, right):
        ax.axhline(0, color=INK, lw=0.8)
    return figure


def jacobian(say):
    """Log-probabilities of one row of logits, and their Jacobian as a heat map."""
    x = torch.tensor([2.0, 1.0, 0.1])
    figure, (left, right) = panels(width_ratios=[1.1, 1])
    title = say("logits [2, 1, 0.1] 的对数概率", "Log-probabilities of logits [2, 1, 0.1]")
    bars(left, F.log_softmax(x, 0), title, GREEN)
    heat(right, torch.eye(3) - F.softmax(x, 0), r"$\partial \log p_i/\partial x_j$", 4)
    return figure

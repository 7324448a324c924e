"""Figures of losses/label_smoothing."""

import math

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, INK, ORANGE, heat, panels

CLASSES = 10


def curve(say):
    """Loss over the lead of the true logit for three strengths, and its gradient."""
    x = torch.linspace(-3, 12, 301, dtype=torch.float64)
    figure, (left, right) = panels()
    for eps, colour in ((0.0, BLUE), (0.1, ORANGE), (0.2, GREEN)):
        lead = x.clone().requires_grad_()
        rows = F.pad(lead.unsqueeze(1), (0, CLASSES - 1))
        y = torch.zeros(len(x), dtype=torch.int64)
        loss = F.cross_entropy(rows, y, reduction="none", label_smoothing=eps)
        (gradient,) = torch.autograd.grad(loss.sum(), lead)
        left.plot(x, loss.detach(), color=colour, label=rf"$\varepsilon = {eps:g}$")
        right.plot(x, gradient, color=colour, label=rf"$\varepsilon = {eps:g}$")
        if eps:
            gap = math.log(1 + CLASSES * (1 - eps) / eps)
            best = torch.tensor([[gap] + [0.0] * (CLASSES - 1)], dtype=torch.float64)
            floor = F.cross_entropy(best, y[:1], label_smoothing=eps)
            left.plot(gap, floor, "o", color=colour, ms=5)
            right.plot(gap, 0, "o", color=colour, ms=5)
    left.set(title=say("损失（10 类）", "Loss (10 classes)"))
    right.set(title=say("梯度", "Gradient"))
    for ax in (left, right):
        ax.set(xlabel=say("真实类别的领先幅度", "lead of the true class"))
        ax.axhline(0, color=INK, lw=0.8)
        ax.legend()
    return figure


def gradient(say):
    """Smoothed target of two rows, and the gradient of their mean loss."""
    x = torch.tensor([[6.0, 0.0, 1.0, 0.0], [0.0, 2.0, 0.0, 1.0]])
    q = 0.9 * F.one_hot(torch.tensor([0, 1]), 4) + 0.1 / 4
    figure, (left, right) = panels(height=2.2)
    heat(left, q, say("目标 q", "Target q"), 4, row="n", column="c")
    title = say("梯度 (p − q) / 2", "Gradient (p − q) / 2")
    heat(right, (x.softmax(1) - q) / 2, title, 4, row="n", column="c")
    return figure

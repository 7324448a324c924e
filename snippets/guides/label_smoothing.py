"""Figures of guides/label_smoothing."""

import math

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, INK, ORANGE, panels

CLASSES = 10


def excess(say):
    """Smoothed loss over the probability of the true class, and its gradient for the logit."""
    p = torch.linspace(0.3, 0.9995, 400, dtype=torch.float64)
    figure, (left, right) = panels()
    for eps, colour in ((0.0, BLUE), (0.1, ORANGE), (0.2, GREEN)):
        lead = (p * (CLASSES - 1) / (1 - p)).log().requires_grad_()
        rows = F.pad(lead.unsqueeze(1), (0, CLASSES - 1))
        y = torch.zeros(len(p), dtype=torch.int64)
        loss = F.cross_entropy(rows, y, reduction="none", label_smoothing=eps)
        (gradient,) = torch.autograd.grad(loss.sum(), lead)
        left.plot(p, loss.detach(), color=colour, label=rf"$\varepsilon = {eps:g}$")
        right.plot(p, gradient, color=colour)
        if eps:
            a = 1 - eps + eps / CLASSES
            b = eps / CLASSES
            floor = -a * math.log(a) - (CLASSES - 1) * b * math.log(b)
            left.plot(a, floor, "o", color=colour, ms=5)
            right.plot(a, 0, "o", color=colour, ms=5)
    left.set(title=say("损失（10 类）", "Loss (10 classes)"), ylim=(0, None))
    right.set(title=say("对真实 logit 的梯度", "Gradient for the true logit"))
    for ax in (left, right):
        ax.set_xlabel(say("真实类别的概率", "probability of the true class"))
        ax.axhline(0, color=INK, lw=0.8)
    left.legend()
    return figure


def steps(say):
    """Lead of the true logit and size of the gradient over the steps of gradient descent."""
    figure, (left, right) = panels()
    y = torch.tensor([0])
    for eps, colour in ((0.0, BLUE), (0.1, ORANGE)):
        x = torch.zeros(1, CLASSES, dtype=torch.float64, requires_grad=True)
        leads, sizes = [], []
        for _ in range(200):
            (gradient,) = torch.autograd.grad(F.cross_entropy(x, y, label_smoothing=eps), x)
            leads.append((x[0, 0] - x[0, 1]).item())
            sizes.append(gradient.norm().item())
            x = (x - gradient).detach().requires_grad_()
        left.plot(leads, color=colour, label=rf"$\varepsilon = {eps:g}$")
        right.plot(sizes, color=colour)
    left.axhline(math.log(91), color=INK, lw=0.8, ls=":")
    left.set_title(say("真实类别的领先幅度", "Lead of the true logit"))
    right.set(title=say("梯度的大小", "Size of the gradient"), yscale="log")
    for ax in (left, right):
        ax.set_xlabel(say("步数", "step"))
    left.legend()
    return figure

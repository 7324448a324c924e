"""Figures of losses/cross_entropy."""

import math

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, INK, ORANGE, heat, panels

TRUE = ("真实类别的 logit", "logit of the true class")


def _row(lead, classes):
    """Logits with `lead` at class 0 and 0 elsewhere, one row per value of `lead`."""
    return F.pad(lead.unsqueeze(1), (0, classes - 1))


def _loss(lead, classes, smoothing=0.0):
    """Loss of each row of `_row` for class 0, and its gradient with respect to `lead`."""
    lead = lead.clone().requires_grad_()
    y = torch.zeros(len(lead), dtype=torch.int64)
    loss = F.cross_entropy(_row(lead, classes), y, reduction="none", label_smoothing=smoothing)
    (gradient,) = torch.autograd.grad(loss.sum(), lead)
    return loss.detach(), gradient


def curve(say):
    """The loss against the logit of the true class, and its gradient, for three sizes."""
    x = torch.linspace(-8, 22, 301, dtype=torch.float64)
    figure, (left, right) = panels()
    for classes, colour in ((2, BLUE), (10, ORANGE), (1000, GREEN)):
        loss, gradient = _loss(x, classes)
        left.plot(x, loss, color=colour, label=f"$C = {classes}$")
        left.plot(0, math.log(classes), "o", color=colour, ms=5)
        right.plot(x, gradient, color=colour, label=f"$C = {classes}$")
    left.set(title=say("损失", "Loss"), xlabel=say(*TRUE))
    right.set(title=say("梯度", "Gradient"), xlabel=say(*TRUE))
    for ax in (left, right):
        ax.axhline(0, color=INK, lw=0.8)
    left.legend()
    right.legend(loc="lower right")
    return figure


def smoothing(say):
    """Label smoothing for 10 classes: loss with its minimum, and gradient."""
    x = torch.linspace(-3, 12, 301, dtype=torch.float64)
    figure, (left, right) = panels()
    for eps, colour in ((0.0, BLUE), (0.1, ORANGE), (0.2, GREEN)):
        loss, gradient = _loss(x, 10, eps)
        left.plot(x, loss, color=colour, label=rf"$\varepsilon = {eps:g}$")
        if eps:
            best = loss.argmin()
            left.plot(x[best], loss[best], "o", color=colour, ms=5)
        right.plot(x, gradient, color=colour, label=rf"$\varepsilon = {eps:g}$")
    title = say("损失（标签平滑，10 类）", "Loss with label smoothing, 10 classes")
    left.set(title=title, xlabel=say(*TRUE))
    right.set(title=say("梯度", "Gradient"), xlabel=say(*TRUE))
    for ax in (left, right):
        ax.axhline(0, color=INK, lw=0.8)
        ax.legend()
    return figure


def gradient(say):
    """Probabilities of two rows of logits, and the gradient of their mean loss."""
    x = torch.tensor([[2.0, 1.0, 0.1], [0.0, 0.0, 5.0]])
    p = F.softmax(x, 1)
    figure, (left, right) = panels(height=2.2)
    heat(left, p, say("概率 p", "Probabilities p"), 4, row="n", column="c")
    one_hot = F.one_hot(torch.tensor([0, 1]), 3)
    title = say("梯度 (p − one-hot) / 2", "Gradient (p − one-hot) / 2")
    heat(right, (p - one_hot) / 2, title, 4, row="n", column="c")
    return figure

"""Figures of losses/linear_cross_entropy."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, INK, ORANGE, heat, panels


def curve(say):
    """Loss and gradient for one feature and three classes with weights 1, 0 and -1."""
    h = torch.linspace(-6, 6, 241, dtype=torch.float64).unsqueeze(1).requires_grad_()
    weight = torch.tensor([[1.0], [0.0], [-1.0]], dtype=torch.float64)
    figure, (left, right) = panels()
    for c, colour in enumerate((BLUE, ORANGE, GREEN)):
        y = torch.full((len(h),), c)
        loss = F.linear_cross_entropy(h, weight, y, reduction="none")
        (gradient,) = torch.autograd.grad(loss.sum(), h)
        left.plot(h.detach(), loss.detach(), color=colour, label=f"$y = {c}$")
        right.plot(h.detach(), gradient, color=colour, label=f"$y = {c}$")
    left.set(title=say("损失", "Loss"), xlabel=say("特征 h", "feature h"))
    right.set(title=say("对 h 的梯度", "Gradient for h"), xlabel=say("特征 h", "feature h"))
    for ax in (left, right):
        ax.axhline(0, color=INK, lw=0.8)
    left.legend()
    return figure


def gradient(say):
    """The three gradients of the page's block: logits, input and weight."""
    h = torch.tensor([[1.0, 2.0], [-1.0, 0.5]], requires_grad=True)
    weight = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 1.0]], requires_grad=True)
    y = torch.tensor([0, 2])
    for_h, for_w = torch.autograd.grad(F.linear_cross_entropy(h, weight, y), (h, weight))
    p = F.softmax(F.linear(h, weight), 1).detach()
    figure, axes = panels(3, height=2.4)
    heat(axes[0], (p - F.one_hot(y, 3)) / 2, "G", 3, row="n", column="c")
    heat(axes[1], for_h, say("对 input：G W", "For input: G W"), 3, row="n", column="k")
    title = say("对 linear_weight：Gᵀ h", "For linear_weight: Gᵀ h")
    heat(axes[2], for_w, title, 3, row="c", column="k")
    shapes = (2, 3, "nc"), (2, 2, "nk"), (3, 2, "ck")
    for ax, (rows, columns, (row, column)) in zip(axes, shapes, strict=True):
        ax.set_xticks(range(columns), [f"{column}={j}" for j in range(columns)])
        ax.set_yticks(range(rows), [f"{row}={i}" for i in range(rows)])
    return figure

"""Figures of losses/ctc_loss."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, INK, ORANGE, heat, panels


def curve(say):
    """Loss and gradient for three targets when the logit of label 1 moves at all four steps."""
    x = torch.linspace(-6, 10, 241, dtype=torch.float64).requires_grad_()
    logits = F.pad(x.unsqueeze(1), (1, 1)).expand(4, -1, -1)  # (T, N, C), others at 0
    figure, (left, right) = panels()
    for y, colour in (((1,), BLUE), ((1, 1), ORANGE), ((1, 2), GREEN)):
        targets = torch.tensor(y).expand(len(x), -1)
        lengths = (4,) * len(x), (len(y),) * len(x)
        loss = F.ctc_loss(logits.log_softmax(2), targets, *lengths, reduction="none")
        (gradient,) = torch.autograd.grad(loss.sum(), x, retain_graph=True)
        name = say("目标 ", "target ") + ", ".join(map(str, y))
        left.plot(x.detach(), loss.detach(), color=colour, label=name)
        right.plot(x.detach(), gradient, color=colour, label=name)
    label = say("标签 1 的 logit", "logit of label 1")
    left.set(title=say("损失", "Loss"), xlabel=label)
    right.set(title=say("梯度", "Gradient"), xlabel=label)
    for ax in (left, right):
        ax.axhline(0, color=INK, lw=0.8)
    left.legend()
    return figure


def gradient(say):
    """Probabilities, posteriors of the alignments and their difference, as in the page's block."""
    rows = [[1.0, 2.0, 0.0], [0.0, 1.0, 1.0], [2.0, 0.0, 0.0], [0.0, 0.0, 2.0]]
    z = torch.tensor(rows, requires_grad=True)
    loss = F.ctc_loss(z.log_softmax(1), torch.tensor([1, 2]), (4,), (2,), reduction="sum")
    (grad,) = torch.autograd.grad(loss, z)
    p = z.softmax(1).detach()
    figure, axes = panels(3, height=2.9)
    titles = (
        say("概率 p", "Probabilities p"),
        say("对齐的后验 γ", "Posteriors γ"),
        say("梯度 p − γ", "Gradient p − γ"),
    )
    for ax, matrix, title in zip(axes, (p, (p - grad).clamp(min=0), grad), titles, strict=True):
        heat(ax, matrix, title, 3, row="t", column="j")
        ax.set_xticks(range(3), [f"j={j}" for j in range(3)])
    return figure

"""Figures of losses/multilabel_margin_loss."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, INK, ORANGE, bars, panels


def curve(say):
    """Loss and gradient over one logit: as that of a label, and as that of another class."""
    x = torch.linspace(-3, 3, 301, dtype=torch.float64)
    figure, (left, right) = panels()
    right.axhline(0, color=INK, lw=0.8)
    for labels, colour in (([0, 1, -1, -1], BLUE), ([1, 2, -1, -1], ORANGE)):
        z = torch.stack([x, 0 * x + 1, 0 * x, 0 * x - 1], 1).requires_grad_()
        y = torch.tensor(labels).expand(301, 4)
        loss = F.multilabel_margin_loss(z, y, reduction="none")
        grad = torch.autograd.grad(loss.sum(), z)[0][:, 0]
        name = say(f"标签 {labels[0]}、{labels[1]}", f"labels {labels[0]} and {labels[1]}")
        left.plot(x, loss.detach(), color=colour, label=name)
        right.plot(x, grad, color=colour)
    left.set(
        title=say("损失，logits 为 [x, 1, 0, −1]", "Loss for logits [x, 1, 0, −1]"), xlabel="x"
    )
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    left.legend(loc="upper center")
    return figure


def multi_hot(say):
    """Logits after training: the labels 0 and 3 as a list, and misread as a multi-hot row."""
    figure, axes = panels()
    for ax, row, colour in (
        (axes[0], [0, 3, -1, -1], BLUE),
        (axes[1], [1, 0, 0, 1], ORANGE),
    ):
        z = torch.zeros(4, requires_grad=True)
        for _ in range(3):
            loss = F.multilabel_margin_loss(z, torch.tensor(row))
            z = (z - torch.autograd.grad(loss, z)[0]).detach().requires_grad_()
        shown = str(row).replace("-", "−")
        title = say(f"训练后的 logits，目标 {shown}", f"Trained logits, target {shown}")
        bars(ax, z.tolist(), title, colour, 1, range(4))
        ax.set(ylim=(-1.3, 1.3), xlabel=say("类别", "class"))
    return figure

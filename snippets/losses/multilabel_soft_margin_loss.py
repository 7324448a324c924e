"""Figures of losses/multilabel_soft_margin_loss."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, INK, ORANGE, bars, heat, panels


def _drawn(x, y, labels):
    """Loss over the logit x of one label with target y, its share among `labels`."""
    x = x.clone().requires_grad_()
    row = torch.cat([x.unsqueeze(1), torch.full((len(x), labels - 1), 50.0)], 1)
    target = torch.ones_like(row)
    target[:, 0] = y
    loss = F.multilabel_soft_margin_loss(row, target, reduction="none")
    return loss.detach(), torch.autograd.grad(loss.sum(), x)[0]


def curve(say):
    """Loss and gradient over one logit, among 1, 2 and 5 labels."""
    x = torch.linspace(-6, 6, 241, dtype=torch.float64)
    figure, (left, right) = panels()
    for labels, colour in ((1, BLUE), (2, ORANGE), (5, GREEN)):
        for y, line in ((1.0, "-"), (0.0, "--")):
            loss, grad = _drawn(x, y, labels)
            label = f"C = {labels}" if y else None
            left.plot(x, loss, line, color=colour, label=label)
            right.plot(x, grad, line, color=colour)
    left.set(title=say("损失", "Loss"), xlabel="logit x")
    right.axhline(0, color=INK, lw=0.8)
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="logit x")
    left.legend(loc="upper center")
    return figure


def gradient(say):
    """Sigmoid of two rows of logits, and the gradient of their mean loss."""
    x = torch.tensor([[2.0, -1.0, 0.5], [-3.0, 0.0, 4.0]])
    y = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    figure, (left, right) = panels(height=2.2)
    heat(left, x.sigmoid(), say("概率 σ(x)", "Probabilities σ(x)"), 4, row="n", column="c")
    title = say("梯度 (σ(x) − y) / 6", "Gradient (σ(x) − y) / 6")
    heat(right, (x.sigmoid() - y) / 6, title, 4, row="n", column="c")
    return figure


def heads(say):
    """What sigmoid and softmax learn for the labels 1, 1, 0."""
    y = torch.tensor([1.0, 1.0, 0.0])
    figure, axes = panels(height=2.4, sharey=True)
    for ax, head, colour in zip(axes, (torch.sigmoid, F.softmax), (BLUE, ORANGE), strict=True):
        x = _trained(head, y)
        values = x.sigmoid() if head is torch.sigmoid else x.softmax(0)
        bars(ax, values, head.__name__, colour, 2, labels=[f"y = {v:.0f}" for v in y])
        ax.axhline(0.5, color=INK, lw=0.8, ls=":")
    axes[0].set_ylabel(say("学到的概率", "learnt probability"))
    return figure


def _trained(head, y):
    """Logits after 300 steps of gradient descent under the loss that belongs to the head."""
    x = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    for _ in range(300):
        if head is torch.sigmoid:
            loss = F.multilabel_soft_margin_loss(x, y)
        else:
            loss = F.cross_entropy(x, y.double())
        x = (x - torch.autograd.grad(loss, x)[0]).detach().requires_grad_()
    return x.detach()

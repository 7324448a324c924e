"""Figures of losses/bce_loss."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, INK, ORANGE, panels


def _drawn(loss, x, y):
    """Loss and gradient over x for the target y."""
    x = x.clone().requires_grad_()
    out = loss(x, torch.full_like(x, y), reduction="none")
    return out.detach(), torch.autograd.grad(out.sum(), x)[0]


def _sigmoid_bce(x, y, reduction):
    return F.binary_cross_entropy(x.sigmoid(), y, reduction=reduction)


def curve(say):
    """Loss over the probability for targets 1 and 0, and its gradient."""
    p = torch.linspace(0.01, 0.99, 197, dtype=torch.float64)
    figure, (left, right) = panels()
    for y, colour in ((1.0, BLUE), (0.0, ORANGE)):
        loss, grad = _drawn(F.binary_cross_entropy, p, y)
        left.plot(p, loss, color=colour, label=f"y = {y:g}")
        right.plot(p, grad, color=colour, label=f"y = {y:g}")
    left.set(title=say("损失", "Loss"), xlabel=say("概率 p", "probability p"))
    right.axhline(0, color=INK, lw=0.8)
    right.set(
        title=say("对 p 的梯度", "Gradient with respect to p"),
        xlabel=say("概率 p", "probability p"),
        ylim=(-21, 21),
    )
    left.legend(loc="upper center")
    right.legend(loc="upper center")
    return figure


def vanishing(say):
    """Target 1 over the logit: sigmoid + BCELoss beside BCEWithLogitsLoss."""
    x = torch.linspace(-140, 20, 641, dtype=torch.float64)
    figure, (left, right) = panels()
    for loss, colour, line, label in (
        (F.binary_cross_entropy_with_logits, BLUE, "-", "BCEWithLogitsLoss"),
        (_sigmoid_bce, ORANGE, "--", "sigmoid + BCELoss"),
    ):
        value, grad = _drawn(loss, x, 1.0)
        left.plot(x, value, line, color=colour, label=label)
        right.plot(x, grad, line, color=colour, label=label)
    left.set(title=say("目标为 1 时的损失", "Loss for target 1"), xlabel="logit x")
    left.legend(loc="lower left")
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="logit x")
    return figure

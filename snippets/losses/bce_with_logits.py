"""Figures of losses/bce_with_logits."""

import torch
import torch.nn.functional as F

from snippets import _lab
from snippets._style import BLUE, GREEN, INK, ORANGE, panels

SOFT = 0.3


def _drawn(x, y, weight=None):
    """Loss and gradient over the logits x for the target y."""
    x = x.clone().requires_grad_()
    loss = F.binary_cross_entropy_with_logits(
        x, torch.full_like(x, y), reduction="none", pos_weight=weight
    )
    return loss.detach(), torch.autograd.grad(loss.sum(), x)[0]


def curve(say):
    """Loss over the logit for targets 1, 0 and in between, and its gradient."""
    x = torch.linspace(-6, 6, 241, dtype=torch.float64)
    figure, (left, right) = panels()
    for y, colour, line in ((1.0, BLUE, "-"), (0.0, ORANGE, "-"), (SOFT, GREEN, "--")):
        loss, grad = _drawn(x, y)
        left.plot(x, loss, line, color=colour, label=f"y = {y:g}")
        right.plot(x, grad, line, color=colour, label=f"y = {y:g}")
    left.set(title=say("损失", "Loss"), xlabel="logit x")
    right.axhline(0, color=INK, lw=0.8)
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="logit x")
    left.legend(loc="upper center")
    right.legend()
    return figure


def pos_weight(say):
    """pos_weight 1 and 3: loss and gradient of both targets."""
    x = torch.linspace(-6, 6, 241, dtype=torch.float64)
    figure, (left, right) = panels()
    three = torch.tensor(3.0, dtype=torch.float64)
    for y, weight, colour, line, label in (
        (1.0, three, BLUE, "-", "y = 1, pos_weight 3"),
        (1.0, None, BLUE, "--", "y = 1"),
        (0.0, three, ORANGE, "-", "y = 0"),
    ):
        loss, grad = _drawn(x, y, weight)
        left.plot(x, loss, line, color=colour, label=label)
        right.plot(x, grad, line, color=colour)
    left.set(title=say("损失", "Loss"), xlabel="logit x")
    right.axhline(0, color=INK, lw=0.8)
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="logit x")
    left.legend()
    return figure


def surface(say):
    """Target 0 and the logit 20, where sigmoid is 1 in float32."""
    return _lab.loss(say, 20.0, 0.0)

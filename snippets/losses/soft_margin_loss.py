"""Figures of losses/soft_margin_loss."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, INK, ORANGE, panels


def _drawn(function, x, y):
    """Loss and gradient of an elementwise loss over the scores x for one label y."""
    x = x.clone().requires_grad_()
    loss = function(x, torch.full_like(x, y), reduction="none")
    return loss.detach(), torch.autograd.grad(loss.sum(), x)[0]


def curve(say):
    """Loss over the score for labels 1, -1 and, by mistake, 0, and its gradient."""
    x = torch.linspace(-6, 6, 241, dtype=torch.float64)
    figure, (left, right) = panels()
    right.axhline(0, color=INK, lw=0.8)
    for y, colour, line in ((1.0, BLUE, "-"), (-1.0, ORANGE, "-"), (0.0, GREEN, "--")):
        loss, grad = _drawn(F.soft_margin_loss, x, y)
        left.plot(x, loss, line, color=colour, label=f"y = {y:g}".replace("-", "−"))
        right.plot(x, grad, line, color=colour)
    left.set(title=say("损失", "Loss"), xlabel="x")
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    left.legend(loc="upper center")
    return figure


def overflow(say):
    """In float32 the loss and its gradient end where the exponential overflows."""
    x = torch.linspace(-120, 20, 1401)
    figure, (left, right) = panels()
    for k, (function, target, colour, line, name) in enumerate(
        (
            (F.soft_margin_loss, 1.0, ORANGE, "-", "SoftMarginLoss"),
            (F.binary_cross_entropy_with_logits, 1.0, BLUE, "--", "BCEWithLogitsLoss"),
        )
    ):
        loss, grad = _drawn(function, x, target)
        shown = loss.isfinite() & grad.isfinite()
        left.plot(x[shown], loss[shown], line, color=colour, lw=4 - 2 * k, label=name)
        right.plot(x[shown], grad[shown], line, color=colour, lw=4 - 2 * k)
    left.set(title=say("损失，y = 1，float32", "Loss for y = 1, float32"), xlabel="x")
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    left.legend(loc="lower left")
    return figure

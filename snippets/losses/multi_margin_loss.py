"""Figures of losses/multi_margin_loss."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, INK, ORANGE, heat, panels


def curve(say):
    """Loss and gradient of one sample over its true logit: p = 1, p = 2 and cross entropy."""
    x = torch.linspace(-2, 3, 251, dtype=torch.float64)
    y = torch.zeros(251, dtype=torch.int64)
    figure, (left, right) = panels()
    right.axhline(0, color=INK, lw=0.8)
    for name, function, options, colour, line in (
        ("p = 1", F.multi_margin_loss, {}, BLUE, "-"),
        ("p = 2", F.multi_margin_loss, {"p": 2}, ORANGE, "-"),
        (say("交叉熵", "cross entropy"), F.cross_entropy, {}, GREEN, "--"),
    ):
        z = torch.stack([x, 0 * x, 0 * x - 1], 1).requires_grad_()
        loss = function(z, y, reduction="none", **options)
        grad = torch.autograd.grad(loss.sum(), z)[0][:, 0]
        left.plot(x, loss.detach(), line, color=colour, label=name)
        right.plot(x, grad, line, color=colour)
    left.set(title=say("损失，logits 为 [x, 0, −1]", "Loss for logits [x, 0, −1]"), xlabel="x")
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    left.legend()
    return figure


def terms(say):
    """Hinge terms of three samples, and the gradient of the sum of their losses."""
    x = torch.tensor([[3.0, 0.0, 1.0], [1.5, 1.0, 0.1], [0.0, 0.5, 2.0]], requires_grad=True)
    y = torch.tensor([0, 0, 1])
    hinge = (1 - x.gather(1, y.unsqueeze(1)) + x).clamp(min=0).detach()
    hinge.scatter_(1, y.unsqueeze(1), 0.0)
    F.multi_margin_loss(x, y, reduction="sum").backward()
    figure, (left, right) = panels()
    heat(left, hinge.tolist(), say("铰链项，目标 [0, 0, 1]", "Hinge terms, targets [0, 0, 1]"), 1)
    heat(right, (x.grad + 0.0).tolist(), say("梯度，p = 1", "Gradient, p = 1"), 4)
    for ax in (left, right):
        ax.set_xticks(range(3), [f"c={c}" for c in range(3)])
        ax.set_yticks(range(3), [f"n={n}" for n in range(3)])
    return figure

"""Figures of guides/gradients."""

import torch
import torch.nn.functional as F

from snippets import _lab
from snippets._style import BLUE, GREEN, INK, ORANGE, PURPLE, panels


def spectrum(say):
    """Probabilities of logits [x, 0, 0], and the eigenvalues of the Jacobian of softmax."""
    x = torch.linspace(-8, 8, 321, dtype=torch.float64)
    p = F.softmax(torch.stack([x, 0 * x, 0 * x], 1), 1)
    figure, (left, right) = panels()
    left.plot(x, p[:, 0], color=BLUE, label="$p_1$")
    left.plot(x, p[:, 1], color=ORANGE, label="$p_2 = p_3$")
    left.set(title=say("概率", "Probabilities"), xlabel="x")
    left.legend(loc="center right")
    right.plot(
        x, 3 * p[:, 0] * p[:, 1], color=BLUE, label=say("方向 (2, −1, −1)", "along (2, −1, −1)")
    )
    right.plot(x, p[:, 1], color=ORANGE, label=say("方向 (0, 1, −1)", "along (0, 1, −1)"))
    right.plot(x, 0 * x, color=GREEN, label=say("方向 (1, 1, 1)", "along (1, 1, 1)"))
    right.axhline(0.5, color=INK, lw=1, ls="--")
    right.set(title=say("雅可比矩阵的特征值", "Eigenvalues of the Jacobian"), xlabel="x")
    right.set_ylim(-0.03, 0.92)
    right.legend(loc="upper right")
    return figure


def lost(say):
    """Four losses of logits [x, 0] with true class 0 in float32, and their gradients."""
    y = torch.zeros(701, dtype=torch.long)
    figure, (left, right) = panels(height=3.1)
    for name, colour, width, loss in (
        (
            "sigmoid + BCE",
            PURPLE,
            6,
            lambda v: F.binary_cross_entropy(
                (v[:, 0] - v[:, 1]).sigmoid(), 1.0 - y, reduction="none"
            ),
        ),
        ("logits", BLUE, 2, lambda v: F.cross_entropy(v, y, reduction="none")),
        ("softmax × 2", ORANGE, 2, lambda v: F.cross_entropy(v.softmax(1), y, reduction="none")),
        ("softmax + NLL", GREEN, 2, lambda v: F.nll_loss(v.softmax(1), y, reduction="none")),
    ):
        x = torch.linspace(-60, 10, 701)
        rows = torch.stack([x, 0 * x], 1).requires_grad_()
        values = loss(rows)
        (grad,) = torch.autograd.grad(values.sum(), rows)
        left.plot(x, values.detach(), color=colour, lw=width, label=name)
        right.plot(x, grad[:, 0], color=colour, lw=width)
    left.set(title=say("损失", "Loss"), xlabel="x")
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    left.legend(loc="upper right")
    return figure


def lab(say):
    """Where the lab starts: softmax of the logits that the page uses most."""
    return _lab.jacobian(say, [2, 1, 0.1])

"""Figures of losses/nll_loss."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, INK, ORANGE, heat, panels


def kinds(say):
    """Loss of one sample with logits [x, 0, 0] and target 0, for three kinds of input."""
    x = torch.linspace(-6, 6, 241, dtype=torch.float64)
    p = F.softmax(torch.stack([x, 0 * x, 0 * x], 1), 1)[:, 0]
    curves = (
        (say("对数概率", "log-probabilities"), -p.log(), p - 1, BLUE),
        (say("概率", "probabilities"), -p, -p * (1 - p), ORANGE),
        ("logits", -x, 0 * x - 1, GREEN),
    )
    figure, (left, right) = panels()
    for name, loss, grad, colour in curves:
        left.plot(x, loss, color=colour, label=name)
        right.plot(x, grad, color=colour)
    left.set(title=say("损失，目标为 0", "Loss for target 0"), xlabel="x")
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x", ylim=(-1.1, 0.3))
    left.legend(loc="lower left")
    for ax in (left, right):
        ax.axhline(0, color=INK, lw=0.8)
    return figure


def weights(say):
    """Log-probabilities of three samples, and the gradient of their weighted mean loss."""
    y_logits = torch.tensor([[2.0, 1.0, 0.1], [0.0, 0.0, 5.0], [1.0, 1.0, 1.0]])
    x = F.log_softmax(y_logits, 1).requires_grad_()
    F.nll_loss(x, torch.tensor([0, 2, 1]), torch.tensor([1.0, 4.0, 5.0])).backward()
    figure, (left, right) = panels()
    title = say("对数概率 x，目标 [0, 2, 1]", "Log-probabilities x, targets [0, 2, 1]")
    heat(left, x.tolist(), title, 4)
    heat(right, (x.grad + 0.0).tolist(), r"$\partial L/\partial x_{nc}$", 4)
    for ax in (left, right):
        ax.set_xticks(range(3), [f"c={c}" for c in range(3)])
        ax.set_yticks(range(3), [f"n={n}" for n in range(3)])
    return figure

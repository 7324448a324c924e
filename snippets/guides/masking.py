"""Figures of guides/masking."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, ORANGE, RED, panels


def value(say):
    """Probabilities when c is added to the third of three logits, and the gradient it gets."""
    c = torch.linspace(-10, 0, 201, dtype=torch.float64)
    x = torch.tensor([2.0, 1.0, 3.0], dtype=torch.float64).repeat(len(c), 1)
    p = F.softmax(x + c[:, None] * torch.tensor([0, 0, 1]), 1)
    figure, (left, right) = panels()
    for i, colour in enumerate((BLUE, GREEN, ORANGE)):
        left.plot(c, p[:, i], color=colour, label=f"$p_{i + 1}$")
    left.set(title=say("概率", "Probabilities"), xlabel="c", ylim=(-0.03, 1))
    right.plot(c, p[:, 2], color=ORANGE, label=say("相加", "added"))
    right.plot(c, 0 * c, color=RED, ls="--", label="masked_fill")
    right.set(
        title=say("第三个 logit 的梯度", "Gradient of the third logit"),
        xlabel="c",
        ylim=(-0.03, 1),
    )
    for ax in (left, right):
        ax.legend()
    return figure

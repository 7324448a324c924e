"""Figures of functions/masked_softmax."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, bars, heat, panels


def jacobian(say):
    """One row with and without its middle entry, and the Jacobian of the masked row."""
    x = torch.tensor([2.0, 1.0, 0.1])
    p = F.softmax(x.masked_fill(torch.tensor([False, True, False]), -torch.inf), 0)
    figure, (left, middle, right) = panels(3, height=2.5, width_ratios=[1, 1, 1.25])
    bars(left, F.softmax(x, 0), say("全部保留", "All entries kept"), BLUE)
    bars(middle, p, say("屏蔽第 2 项", "Entry 2 masked"), GREEN)
    for ax in (left, middle):
        ax.set_ylim(0, 1.05)
    heat(right, torch.diag(p) - torch.outer(p, p), r"$\partial p_i/\partial x_j$", 4)
    return figure


def attention(say):
    """Causal attention weights of equal scores, the last or the first key being padding."""
    causal = torch.ones(4, 4, dtype=torch.bool).tril()
    paddings = {
        say("填充在末尾", "Padding at the end"): [True, True, True, False],
        say("填充在开头", "Padding at the start"): [False, True, True, True],
    }
    figure, axes = panels(height=2.9)
    for ax, (title, padding) in zip(axes, paddings.items(), strict=True):
        scores = torch.zeros(4, 4).masked_fill(~(causal & torch.tensor(padding)), -torch.inf)
        heat(ax, torch._safe_softmax(scores, 1), title, 2, "q", "k")
    return figure

"""Figures of start/choose."""

import torch

from snippets._style import BLUE, INK, ORANGE, bars, panels


def scores(say):
    """Softmax and sigmoid of one row of logits with two true labels."""
    x = torch.tensor([3.0, 3.0, -2.0])
    figure, axes = panels(sharey=True)
    names = (say("3（是）", "3 (true)"), say("3（是）", "3 (true)"), say("−2（否）", "−2 (false)"))
    for ax, p, title, colour in zip(
        axes, (x.softmax(0), x.sigmoid()), ("softmax", "sigmoid"), (ORANGE, BLUE), strict=True
    ):
        bars(ax, p, title, colour, labels=names)
        ax.axhline(0.5, color=INK, lw=1, ls="--")
        ax.set(ylim=(0, 1.15), yticks=(0, 0.5, 1))
        ax.grid(False)
    return figure

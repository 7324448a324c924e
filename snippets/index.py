"""Figures of the home page."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, ORANGE, PURPLE, bars, panels


def four(say):
    """The four functions on one row of logits: by row left, by entry right."""
    x = torch.tensor([2.0, 0.5, -1.0])
    drawn = {
        "softmax": (F.softmax(x, 0), BLUE, say("，整行：概率", ", by row: probabilities")),
        "sigmoid": (torch.sigmoid(x), GREEN, say("，逐元素：概率", ", by entry: probabilities")),
        "log_softmax": (F.log_softmax(x, 0), ORANGE, say("，整行：对数", ", by row: logarithms")),
        "logsigmoid": (F.logsigmoid(x), PURPLE, say("，逐元素：对数", ", by entry: logarithms")),
    }
    figure, axes = panels(2, 2, height=2.0)
    for ax, (name, (values, colour, words)) in zip(axes, drawn.items(), strict=True):
        bars(ax, values, name + words, colour, 4, ["x = 2", "x = 0.5", "x = −1"])
        low, high = (0, 1) if values.min() > 0 else (-3.5, 0)
        room = 0.2 * (high - low)
        ax.set_ylim(low - (room if high == 0 else 0), high + (room if low == 0 else 0))
    return figure

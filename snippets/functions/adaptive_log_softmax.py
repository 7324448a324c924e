"""Figures of functions/adaptive_log_softmax."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, INK, ORANGE, bars, panels

HEAD = torch.tensor([1.6, 1.2, 0.8, 1.0, 0.4], dtype=torch.float64)
TAILS = (
    torch.tensor([0.8, 0.4, 0.0, -0.4], dtype=torch.float64),
    torch.tensor([0.5, 0.3, 0.0, -0.2, -0.6], dtype=torch.float64),
)


def _paint(ax, colours):
    for bar, colour in zip(ax.patches, colours, strict=True):
        bar.set_color(colour)


def levels(say):
    """The head, the classes it leads to, and the gradients for a target in the first tail."""
    q = F.softmax(HEAD, 0)
    r = [F.softmax(z, 0) for z in TAILS]
    p = torch.cat([q[:3], q[3] * r[0], q[4] * r[1]])
    names = ["0", "1", "2", say("簇 0", "tail 0"), say("簇 1", "tail 1")]
    head = [BLUE] * 3 + [ORANGE, GREEN]
    figure, (top, full, left, right) = panels(2, 2, 2.5)
    bars(top, q, say("head：类别与簇的概率", "Head: classes and tails"), labels=names)
    _paint(top, head)
    full.bar(range(12), p, color=[BLUE] * 3 + [ORANGE] * 4 + [GREEN] * 5, width=0.7)
    full.set_title(say("12 个类别的概率", "Probabilities of the 12 classes"))
    full.set_xticks(range(12))
    full.grid(axis="x", visible=False)
    target = F.one_hot(torch.tensor(3), 5)
    bars(left, q - target, say("类别 4：对 head 的梯度", "Class 4: gradient, head"), labels=names)
    _paint(left, head)
    bars(
        right,
        r[0] - F.one_hot(torch.tensor(1), 4),
        say("类别 4：对簇 0 的梯度", "Class 4: gradient, tail 0"),
        ORANGE,
        labels=range(3, 7),
    )
    for ax in (left, right):
        ax.axhline(0, color=INK, lw=0.8)
    return figure

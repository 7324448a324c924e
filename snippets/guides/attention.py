"""Figures of guides/attention."""

import torch

from snippets._style import BLUE, ORANGE, panels


def scale(say):
    """Spread of the scores and trace of the Jacobian of softmax, raw and scaled, against d."""
    generator = torch.Generator().manual_seed(0)
    sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256]
    spread, trace = [], []
    for d in sizes:
        q = torch.randn(1000, d, 1, generator=generator, dtype=torch.float64)
        k = torch.randn(1000, 16, d, generator=generator, dtype=torch.float64)
        raw = (k @ q).squeeze(2)
        both = torch.stack([raw, raw / d**0.5])
        spread.append(both.std((1, 2)))
        trace.append((1 - both.softmax(2).square().sum(2)).mean(1))
    figure, (left, right) = panels()
    for ax, lines in ((left, torch.stack(spread)), (right, torch.stack(trace))):
        ax.plot(sizes, lines[:, 0], color=ORANGE, marker="o", ms=4, label=say("不缩放", "raw"))
        ax.plot(sizes, lines[:, 1], color=BLUE, marker="o", ms=4, label=say("除以 √d", "over √d"))
        ax.set_xscale("log", base=2)
        ax.set_xticks([1, 4, 16, 64, 256], ["1", "4", "16", "64", "256"])
        ax.set_xlabel("d")
        ax.legend()
    left.set_title(say("得分的标准差", "Standard deviation of the scores"))
    right.set(title=say("雅可比矩阵的迹", "Trace of the Jacobian"), ylim=(0, 1))
    return figure

"""Figures of guides/sampling."""

import torch

from snippets._style import BLUE, GREEN, PURPLE, bars, panels


def cut(say):
    """One row of probabilities: whole, after top-k and after top-p."""
    p = torch.tensor([0.36, 0.24, 0.2, 0.12, 0.08], dtype=torch.float64)
    two, three = (torch.cat([p[:n] / p[:n].sum(), 0 * p[n:]]) for n in (2, 3))
    figure, (left, middle, right) = panels(3, sharey=True)
    bars(left, p, say("全部类别", "All classes"), BLUE, 2, labels=range(5))
    bars(middle, two, "top-k, k = 2", GREEN, 2, labels=range(5))
    bars(right, three, "top-p, p = 0.7", PURPLE, 2, labels=range(5))
    for ax in (left, middle, right):
        ax.set(xlabel=say("类别", "class"), ylim=(0, 0.75))
    left.set_ylabel(say("概率", "probability"))
    return figure

"""Figures of functions/sparse_softmax."""

import torch
import torch.nn.functional as F

from snippets._style import heat, panels


def pattern(say):
    """Sparse and dense softmax of one matrix, and the gradient of one sparse entry."""
    x = torch.tensor([[0.0, 1.0, 2.0], [1.0, 0.0, 3.0]])
    p = torch.sparse.softmax(x.to_sparse(), 1).to_dense()
    gradient = torch.zeros(2, 3)
    gradient[1] = p[1, 0] * (torch.tensor([1.0, 0.0, 0.0]) - p[1])
    figure, axes = panels(3, height=2.0)
    heat(axes[0], p, say("稀疏 softmax", "Sparse softmax"), 4, "n", "j")
    heat(axes[1], F.softmax(x, 1), say("稠密 softmax", "Dense softmax"), 4, "n", "j")
    heat(axes[2], gradient, r"$\partial p_{21}/\partial x_{nj}$", 4, "n", "j")
    for ax in (axes[0], axes[2]):
        for text, specified in zip(ax.texts, (x != 0).flatten(), strict=True):
            if not specified:
                text.set_text("·")
    return figure

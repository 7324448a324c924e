"""Figures of start/dim."""

import torch
import torch.nn.functional as F
from matplotlib.patches import Rectangle

from snippets._style import GREEN, heat, panels


def slices(say):
    """Softmax of the 2x3 tensor along either axis, and the gradient of its first entry."""
    x = torch.tensor([[0.5283, 0.3922, -0.0484], [-1.6257, -0.4775, 0.5645]], requires_grad=True)
    figure, axes = panels(2, 2, height=1.8)
    titles = (
        say("dim=0：每列之和为 1", "dim=0: columns sum to 1"),
        say("dim=1：每行之和为 1", "dim=1: rows sum to 1"),
        say("dim=0：第一个元素的梯度", "dim=0: gradient of the first entry"),
        say("dim=1：第一个元素的梯度", "dim=1: gradient of the first entry"),
    )
    for k, (ax, title) in enumerate(zip(axes, titles, strict=True)):
        dim = k % 2
        y = F.softmax(x, dim)
        (grad,) = torch.autograd.grad(y[0, 0], x, retain_graph=True)
        heat(ax, y.detach() if k < 2 else grad + 0.0, title, 4)
        ax.set_aspect("auto")
        ax.set_xticks(range(3), [f"{say('列', 'column')} {j + 1}" for j in range(3)])
        ax.set_yticks(range(2), [f"{say('行', 'row')} {i + 1}" for i in range(2)])
        _frames(ax, dim)
    return figure


def _frames(ax, dim):
    """Outline the slices of a 2x3 matrix along `dim`."""
    for k in range(3 if dim == 0 else 2):
        corner, width, height = (k - 0.48, -0.47), 0.96, 1.94
        if dim == 1:
            corner, width, height = (-0.48, k - 0.46), 2.96, 0.92
        ax.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=GREEN, lw=2))

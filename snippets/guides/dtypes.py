"""Figures of guides/dtypes."""

import torch

from snippets._style import BLUE, ORANGE, panels


def sigmoid(say):
    """Sigmoid and its gradient on the way to saturation, in bfloat16 and float32."""
    figure, (left, right) = panels()
    grid = torch.linspace(3, 9, 769, dtype=torch.float64)
    for dtype, colour, width in (
        (torch.bfloat16, ORANGE, 1.6),
        (torch.float32, BLUE, 1.6),
    ):
        x = grid.to(dtype).requires_grad_()
        p = torch.sigmoid(x)
        p.sum().backward()
        name = str(dtype)[6:]
        left.plot(grid, p.detach().double(), color=colour, lw=width, label=name)
        right.plot(grid, x.grad.double(), color=colour, lw=width, label=name)
    left.set(title=say("sigmoid 的值", "Value of sigmoid"), xlabel="x")
    right.set(title=say("梯度", "Gradient"), xlabel="x")
    left.legend(loc="lower right")
    right.legend(loc="upper right")
    return figure

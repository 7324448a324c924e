"""Figures of functions/softmax2d."""

import torch
from torch import nn
from torch.autograd.functional import jacobian

from snippets._style import heat, panels


def _spatial(x):
    return x.flatten(-2).softmax(-1).view_as(x)


def maps(say):
    """Values and one gradient of two channels: over the channels, and over the pixels."""
    x = torch.tensor([[[2.0, 0.0], [0.0, 1.0], [1.0, 0.0]], [[0.0, 1.0], [3.0, 0.0], [0.0, 0.0]]])
    figure, axes = panels(4, 2, 2.5)
    names = ("Softmax2d", say("空间 softmax", "spatial softmax"))
    for row, function in enumerate((nn.Softmax2d(), _spatial)):
        values, gradient = function(x), jacobian(function, x)[0, 0, 0]
        for c in range(2):
            value, grad = axes[4 * row + c], axes[4 * row + 2 + c]
            heat(value, values[c], say(f"值，通道 {c + 1}", f"value, c={c + 1}"), 2, "h", "w")
            heat(grad, gradient[c], say(f"梯度，通道 {c + 1}", f"gradient, c={c + 1}"), 2, "h", "w")
        axes[4 * row].set_ylabel(names[row])
    return figure

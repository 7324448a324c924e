"""Figures of functions/logsumexp."""

import math

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, INK, ORANGE, PURPLE, panels


def curve(say):
    """logsumexp([x, 0, 0]) between its two bounds, and its gradient beside a step."""
    x = torch.linspace(-6, 6, 241, dtype=torch.float64)
    row = torch.stack([x, 0 * x, 0 * x], 1)
    top = x.clamp(min=0)
    figure, (left, right) = panels()
    left.plot(x, torch.logsumexp(row, 1), color=BLUE, label="logsumexp([x, 0, 0])")
    left.plot(x, top + math.log(3), color=ORANGE, lw=1, ls=":", label="max(x, 0) + ln 3")
    left.plot(x, top, color=INK, lw=1, ls="--", label="max(x, 0)")
    left.set(title=say("值与上下界", "Value and its bounds"), xlabel="x", ylim=(-0.4, 8.4))
    right.plot(x, F.softmax(row, 1)[:, 0], color=BLUE, label="logsumexp")
    right.step([-6, 0, 6], [0, 0, 1], color=INK, lw=1, ls="--", label=say("最大值", "maximum"))
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    for ax in (left, right):
        ax.legend(loc="upper left")
    return figure


def temperature(say):
    """The smooth maximum of one row against the temperature, and its gradients."""
    x = torch.tensor([2.0, 1.0, 0.1], dtype=torch.float64)
    T = torch.linspace(0.05, 3, 237, dtype=torch.float64)
    smooth = T * torch.logsumexp(x / T[:, None], 1)
    figure, (left, right) = panels()
    left.plot(T, smooth, color=BLUE, label="T · logsumexp(x / T)")
    left.plot(T, smooth - T * math.log(3), color=ORANGE, label=say("减去 T ln 3", "less T ln 3"))
    for level, name in ((x.max(), say("最大值", "maximum")), (x.mean(), say("均值", "mean"))):
        left.axhline(level, color=INK, lw=1, ls="--")
        left.text(3, level - 0.08, name, ha="right", va="top")
    left.set(title=say("值，x = [2, 1, 0.1]", "Value, x = [2, 1, 0.1]"), xlabel="T", ylim=(0.6, 5))
    left.legend(loc="upper left")
    for k, colour in enumerate((BLUE, GREEN, PURPLE)):
        grad = F.softmax(x / T[:, None], 1)[:, k]
        right.plot(T, grad, color=colour, label=rf"$\partial/\partial x_{k + 1}$")
    right.set(title=say("梯度", "Gradient"), xlabel="T")
    right.legend()
    return figure

"""Figures of functions/log_sigmoid."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, INK, ORANGE, panels


def curve(say):
    """LogSigmoid below min(0, x), and its gradient beside that of sigmoid."""
    x = torch.linspace(-8, 8, 241, dtype=torch.float64)
    p, q = torch.sigmoid(x), torch.sigmoid(-x)
    figure, (left, right) = panels()
    left.plot(x, F.logsigmoid(x), color=BLUE, label="log σ(x)")
    left.plot(x, x.clamp(max=0), color=INK, lw=1, ls="--", label="min(0, x)")
    left.set(title=say("值", "Value"), xlabel="x")
    right.plot(x, q, color=BLUE, label="log σ(x)")
    right.plot(x, p * q, color=ORANGE, ls="--", label="σ(x)")
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    left.legend(loc="lower right")
    right.legend()
    return figure


def tails(say):
    """Value and gradient far from 0 in float32, in one step and in two."""
    figure, (left, right) = panels()
    steps = {
        "log(sigmoid(x))": (lambda t: t.sigmoid().log(), ORANGE, 6),
        "logsigmoid(x)": (F.logsigmoid, BLUE, 2),
    }
    for label, (f, colour, width) in steps.items():
        x = torch.linspace(-120, 40, 321, requires_grad=True)
        y = f(x)
        y.sum().backward()
        value, grad = y.detach(), x.grad
        left.plot(x.detach(), value.where(value.isfinite(), torch.nan), color=colour, lw=width)
        right.plot(x.detach(), grad.where(grad > 0, torch.nan), color=colour, lw=width, label=label)
    left.set(title=say("float32 的值", "Value in float32"), xlabel="x")
    title = say("梯度（对数刻度）", "Gradient, logarithmic scale")
    right.set(title=title, xlabel="x", yscale="log")
    right.legend(loc="lower left")
    return figure

"""Figure of errata/article."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, INK, ORANGE, panels


def curve(say):
    """LogSigmoid with its two asymptotes, and its gradient beside that of sigmoid."""
    x = torch.linspace(-6, 6, 241, dtype=torch.float64)
    s = torch.sigmoid(x)
    figure, (left, right) = panels()
    left.plot(x, F.logsigmoid(x), color=BLUE, label="LogSigmoid")
    left.plot(x, x.clamp(max=0), color=INK, lw=0.8, ls="--", label="min(0, x)")
    left.set(title=say("LogSigmoid 的值", "Value of LogSigmoid"), xlabel="x")
    right.plot(x, 1 - s, color=BLUE, label="LogSigmoid")
    right.plot(x, s * (1 - s), color=ORANGE, label="sigmoid")
    right.set(title=say("梯度", "Gradient"), xlabel="x")
    for ax in (left, right):
        ax.legend()
    return figure

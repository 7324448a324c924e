"""Figures of start/logits."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, INK, ORANGE, bars, panels


def curve(say):
    """logit(p) and its derivative."""
    p = torch.linspace(0.005, 0.995, 397, dtype=torch.float64)
    figure, (left, right) = panels()
    left.plot(p, p.logit(), color=BLUE)
    left.axhline(0, color=INK, lw=0.8)
    left.set(title=say("logit(p) 的值", "Value of logit(p)"), xlabel="p")
    right.plot(p, 1 / (p * (1 - p)), color=ORANGE)
    right.set(title=say("对 p 的导数", "Derivative with respect to p"), xlabel="p", ylim=(0, 50))
    return figure


def steps(say):
    """One row of logits; softmax and sigmoid of it, with the predicted labels coloured."""
    x = torch.tensor([1.2, -1.4, 2.1, 0.3])
    softmax, sigmoid = F.softmax(x, 0), torch.sigmoid(x)
    one = [ORANGE if k == softmax.argmax() else GREEN for k in range(4)]
    some = [ORANGE if v > 0 else GREEN for v in x]
    figure, axes = panels(3, height=2.6)
    bars(axes[0], x, "y_logits", BLUE, 1, range(4))
    bars(axes[1], softmax, "y_probs, softmax", one, 4, range(4))
    bars(axes[2], sigmoid, "y_probs, sigmoid", some, 4, range(4))
    axes[2].axhline(0.5, color=INK, lw=0.8, ls="--")
    for ax in axes:
        ax.set_xlabel(say("类别", "class"))
    return figure

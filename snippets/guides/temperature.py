"""Figures of guides/temperature."""

import math

import torch
import torch.nn.functional as F

from snippets import _lab
from snippets._style import BLUE, GREEN, INK, ORANGE, panels

X = torch.tensor([0.0, 2.0, 3.0], dtype=torch.float64)
DOTTED = {"color": INK, "lw": 0.8, "ls": ":"}


def curve(say):
    """Probabilities of one row against T, and their derivatives."""
    t = torch.logspace(-1, 1, 161, dtype=torch.float64)[:, None]
    q = F.softmax(X / t, 1)
    slope = q * ((q * X).sum(1, keepdim=True) - X) / t**2
    figure, (left, right) = panels()
    for ax, values in ((left, q), (right, slope)):
        for k, colour in enumerate((ORANGE, GREEN, BLUE)):
            ax.plot(t[:, 0], values[:, k], color=colour, label=f"logit {int(X[k])}")
        ax.set(xscale="log", xlabel="T")
        ax.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
        ax.minorticks_off()
        ax.axhline(0, color=INK, lw=0.8)
    left.set_title(say("概率", "Probability"))
    right.set_title(say("对 T 的导数", "Derivative with respect to T"))
    left.legend()
    return figure


def entropy(say):
    """The smooth maximum against T, and the entropy, its derivative."""
    t = torch.linspace(0.02, 3, 150, dtype=torch.float64)[:, None]
    m = t[:, 0] * torch.logsumexp(X / t, 1)
    h = torch.distributions.Categorical(logits=X / t).entropy()
    figure, (left, right) = panels()
    left.plot(t[:, 0], m, color=BLUE)
    left.axhline(3, **DOTTED)
    right.plot(t[:, 0], h, color=ORANGE)
    right.axhline(math.log(3), **DOTTED)
    right.annotate("ln 3", (0.05, math.log(3)), (0, -13), textcoords="offset points")
    left.annotate("max", (2.6, 3), (0, -13), textcoords="offset points")
    left.set(title=say("光滑的最大值 M", "Smooth maximum M"), xlabel="T", ylim=(2.6, None))
    right.set(
        title=say("它的导数：熵 H", "Its derivative, the entropy H"), xlabel="T", ylim=(0, 1.2)
    )
    return figure


def reliability(say):
    """Accuracy in bins of confidence, before and after the fit."""
    n = torch.arange(1, 1001, dtype=torch.float64)
    y_logits = torch.stack([5 * torch.sin(n * k) for k in (1, 2, 3)], dim=1)
    u = (n * 0.618034).remainder(1)
    y = (u[:, None] > F.softmax(y_logits / 2.5, dim=1).cumsum(1)[:, :2]).sum(1)
    figure, axes = panels(sharey=True)
    for ax, t, title in zip(
        axes, (1, 2.405), (say("校准前", "Before"), say("校准后", "After")), strict=True
    ):
        confidence, y_pred = F.softmax(y_logits / t, dim=1).max(1)
        index = (confidence * 10).long().clamp(max=9)
        size = index.bincount(minlength=10)
        right = (y_pred == y).long()
        hits = torch.zeros(10, dtype=torch.long).index_add(0, index, right)
        used = size > 0
        centre = (torch.arange(10) / 10 + 0.05)[used]
        ax.bar(centre, (hits / size)[used], width=0.085, color=BLUE)
        ax.plot([0, 1], [0, 1], color=INK, lw=0.8, ls=":")
        ax.set(title=title, xlabel=say("置信度", "confidence"), xlim=(0.3, 1), ylim=(0, 1.02))
    axes[0].set_ylabel(say("准确率", "accuracy"))
    return figure


def lab(say):
    """Where the lab starts: the page's row, and a thousand draws of it."""
    return _lab.sample(say, [0, 2, 3], 1, 0, 1000)

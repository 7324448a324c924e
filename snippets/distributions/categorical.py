"""Figures of distributions/categorical."""

import torch
import torch.nn.functional as F
from torch.distributions import Categorical

from snippets._style import BLUE, GREEN, INK, ORANGE, bars, panels


def curve(say):
    """Log-probabilities and entropy for logits [x, 0, 0], and their gradients."""
    x = torch.linspace(-6, 6, 241, dtype=torch.float64).requires_grad_()
    zero = torch.zeros_like(x)
    dist = Categorical(logits=torch.stack([x, zero, zero], 1))
    index = torch.zeros_like(x)
    figure, (left, right) = panels()
    for value, colour, label in (
        (dist.log_prob(index), BLUE, "log_prob(0)"),
        (dist.log_prob(index + 1), ORANGE, "log_prob(1)"),
        (dist.entropy(), GREEN, say("熵", "entropy")),
    ):
        grad = torch.autograd.grad(value.sum(), x, retain_graph=True)[0]
        left.plot(x.detach(), value.detach(), color=colour, label=label)
        right.plot(x.detach(), grad, color=colour)
    left.set(title=say("logits 为 [x, 0, 0] 时的值", "Value for logits [x, 0, 0]"), xlabel="x")
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    left.legend(loc="lower center")
    for ax in (left, right):
        ax.axhline(0, color=INK, lw=0.8)
    return figure


def keywords(say):
    """One row of logits under the right keyword and under two wrong ones."""
    x = torch.tensor([2.0, 1.0, 0.1])
    figure, axes = panels(3, 1, 2.4, sharey=True)
    for ax, title, dist, colour in (
        (axes[0], "logits=x", Categorical(logits=x), GREEN),
        (axes[1], "probs=log_softmax(x)", Categorical(probs=F.log_softmax(x, 0)), ORANGE),
        (axes[2], "logits=softmax(x)", Categorical(logits=F.softmax(x, 0)), ORANGE),
    ):
        bars(ax, dist.probs, title, colour, labels=["0", "1", "2"])
    axes[0].set_ylabel(say("概率", "Probability"))
    return figure

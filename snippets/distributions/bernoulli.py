"""Figures of distributions/bernoulli."""

import torch
from torch.distributions import Bernoulli

from snippets._style import BLUE, GREEN, INK, ORANGE, panels


def curve(say):
    """Log-probabilities and entropy against the logit, and their gradients."""
    x = torch.linspace(-6, 6, 241, dtype=torch.float64).requires_grad_()
    dist = Bernoulli(logits=x)
    one = torch.ones_like(x)
    figure, (left, right) = panels()
    for value, colour, label in (
        (dist.log_prob(one), BLUE, "log_prob(1)"),
        (dist.log_prob(one - 1), ORANGE, "log_prob(0)"),
        (dist.entropy(), GREEN, say("熵", "entropy")),
    ):
        grad = torch.autograd.grad(value.sum(), x, retain_graph=True)[0]
        left.plot(x.detach(), value.detach(), color=colour, label=label)
        right.plot(x.detach(), grad, color=colour)
    left.set(title=say("值", "Value"), xlabel="logit x")
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="logit x")
    left.legend(loc="lower center")
    for ax in (left, right):
        ax.axhline(0, color=INK, lw=0.8)
    return figure


def keywords(say):
    """log_prob(1) far from zero, through logits= and through probs=, in float32."""
    figure, (left, right) = panels()
    for name, colour, line in (("logits", BLUE, "-"), ("probs", ORANGE, "--")):
        x = torch.linspace(-40, 10, 501, requires_grad=True)
        dist = Bernoulli(**{name: x if name == "logits" else x.sigmoid()})
        value = dist.log_prob(torch.ones_like(x))
        value.sum().backward()
        label = "logits=x" if name == "logits" else "probs=sigmoid(x)"
        left.plot(x.detach(), value.detach(), line, color=colour, label=label)
        right.plot(x.detach(), x.grad, line, color=colour)
    left.set(title=say("float32 的 log_prob(1)", "log_prob(1) in float32"), xlabel="logit x")
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="logit x")
    left.legend()
    return figure

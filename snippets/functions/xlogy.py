"""Figures of functions/xlogy."""

import torch

from snippets._style import BLUE, GREEN, INK, ORANGE, PURPLE, panels


def curve(say):
    """-x log x and its gradient, for x from 0 to 2."""
    x = torch.linspace(0, 2, 801, dtype=torch.float64, requires_grad=True)
    y = torch.special.entr(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    figure, (left, right) = panels()
    left.plot(x.detach(), y.detach(), color=BLUE)
    left.plot(1 / torch.e, 1 / torch.e, "o", color=ORANGE)
    left.annotate("(1/e, 1/e)", (1 / torch.e, 1 / torch.e), (0, 7), textcoords="offset points")
    left.set(title=say("entr(x) 的值", "Value of entr(x)"), xlabel="x", ylim=(-1.5, 0.7))
    right.plot(x.detach()[1:], slope[1:], color=BLUE)
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    for ax in (left, right):
        ax.axhline(0, color=INK, lw=0.8)
    return figure


def lines(say):
    """xlogy(x, y) over y for four x, and the gradient with respect to y."""
    y = torch.linspace(0.002, 2, 1000, dtype=torch.float64, requires_grad=True)
    figure, (left, right) = panels()
    for x, colour in ((0.0, BLUE), (0.1, ORANGE), (0.5, GREEN), (1.0, PURPLE)):
        value = torch.xlogy(torch.full_like(y, x), y)
        (slope,) = torch.autograd.grad(value.sum(), y)
        left.plot(y.detach(), value.detach(), color=colour, label=f"x = {x:g}")
        right.plot(y.detach(), slope, color=colour)
    left.set(title=say("xlogy(x, y) 的值", "Value of xlogy(x, y)"), xlabel="y", ylim=(-3, 1))
    title = say("对 y 的梯度", "Gradient with respect to y")
    right.set(title=title, xlabel="y", ylim=(-0.3, 6))
    left.legend(loc="lower right")
    return figure

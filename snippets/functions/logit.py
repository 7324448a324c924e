"""Figures of functions/logit."""

import torch

from snippets._style import BLUE, INK, ORANGE, panels


def curve(say):
    """Logit with and without eps = 0.1, and both derivatives."""
    p = torch.linspace(0.004, 0.996, 497, dtype=torch.float64, requires_grad=True)
    figure, (left, right) = panels()
    for eps, colour, style in ((None, BLUE, "-"), (0.1, ORANGE, "--")):
        y = torch.logit(p, eps)
        (slope,) = torch.autograd.grad(y.sum(), p)
        label = "logit(p)" if eps is None else f"eps={eps}"
        left.plot(p.detach(), y.detach(), color=colour, ls=style, label=label)
        right.plot(p.detach(), slope, color=colour, ls=style, label=label)
    left.axhline(0, color=INK, lw=0.8)
    left.set(title=say("值", "Value"), xlabel="p", ylim=(-5.6, 5.6))
    right.set(title=say("对 p 的梯度", "Gradient with respect to p"), xlabel="p", ylim=(-1, 30))
    left.legend(loc="upper left")
    right.legend(loc="upper center")
    return figure


def steps(say):
    """logit(sigmoid(x)) in bfloat16 and in float32, near the end of each."""
    figure, axes = panels()
    for ax, dtype, low, high in (
        (axes[0], torch.bfloat16, -8, 8),
        (axes[1], torch.float32, 10, 18),
    ):
        x = torch.linspace(low, high, 2001, dtype=torch.float64)
        back = torch.logit(torch.sigmoid(x.to(dtype))).double()
        back[back.isinf()] = torch.nan
        ax.plot(x, x, color=ORANGE, ls="--", lw=1.2, label="x")
        ax.plot(x, back, color=BLUE, label="logit(sigmoid(x))")
        ax.set(title=str(dtype)[6:], xlabel="x")
        ax.legend(loc="upper left")
    return figure

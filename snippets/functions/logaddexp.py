"""Figures of functions/logaddexp."""

import torch

from snippets._style import BLUE, GREEN, INK, ORANGE, panels


def curve(say):
    """logaddexp(a, 0) and its base-2 sibling above the maximum, and both gradients."""
    a = torch.linspace(-6, 6, 241, dtype=torch.float64)
    figure, (left, right) = panels()
    left.plot(a, torch.logaddexp(a, 0 * a), color=BLUE, label="logaddexp(a, 0)")
    left.plot(a, torch.logaddexp2(a, 0 * a), color=GREEN, ls="-.", label="logaddexp2(a, 0)")
    left.plot(a, a.clamp(min=0), color=INK, lw=1, ls="--", label="max(a, 0)")
    left.set(title=say("值", "Value"), xlabel="a")
    left.legend(loc="upper left")
    right.plot(a, torch.sigmoid(a), color=BLUE, label=r"$\partial/\partial a$")
    right.plot(a, torch.sigmoid(-a), color=ORANGE, label=r"$\partial/\partial b$")
    right.set(title=say("logaddexp(a, 0) 的梯度", "Gradient of logaddexp(a, 0)"), xlabel="a")
    right.legend(loc="center right")
    return figure


def digits(say):
    """Where logsumexp of two numbers loses digits and logaddexp does not."""
    figure, (left, right) = panels()
    functions = {
        "logsumexp": (lambda a, b: torch.logsumexp(torch.stack([a, b]), 0), ORANGE, 4),
        "logaddexp": (torch.logaddexp, BLUE, 1.5),
    }
    for name, (f, colour, width) in functions.items():
        d = torch.linspace(0, 40, 401)
        y = f(0 * d, -d)
        left.plot(d, y.where(y > 0, torch.nan), color=colour, lw=width, label=name)
        a = torch.linspace(1, 400, 400, dtype=torch.bfloat16).requires_grad_()
        (grad,) = torch.autograd.grad(f(a, a.detach()).sum(), a)
        right.plot(a.detach().float(), grad.float(), color=colour, lw=width, label=name)
    left.set(title=say("(0, −d) 的值，float32", "Value at (0, −d), float32"), xlabel="d")
    left.set(yscale="log")
    left.legend(loc="lower left")
    title = say("(a, a) 处对 a 的梯度，bfloat16", "Gradient at (a, a), bfloat16")
    right.set(title=title, xlabel="a", ylim=(0, 1.1))
    right.legend(loc="lower right")
    return figure

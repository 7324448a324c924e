"""Figures of functions/log1p."""

import torch

from snippets._style import BLUE, INK, ORANGE, panels


def curve(say):
    """log1p and expm1, mirror images in the line y = x, and their gradients."""
    figure, (left, right) = panels()
    for name, f, low, colour in (
        ("log1p(x)", torch.log1p, -0.998, BLUE),
        ("expm1(x)", torch.expm1, -4, ORANGE),
    ):
        x = torch.linspace(low, 4, 1000, dtype=torch.float64, requires_grad=True)
        y = f(x)
        (slope,) = torch.autograd.grad(y.sum(), x)
        left.plot(x.detach(), y.detach(), color=colour, label=name)
        right.plot(x.detach(), slope, color=colour, label=name)
    left.plot([-4, 4], [-4, 4], color=INK, lw=1, ls="--", label="x")
    left.set(title=say("值", "Value"), xlabel="x", xlim=(-4, 4), ylim=(-4, 4))
    title = say("对 x 的梯度", "Gradient with respect to x")
    right.set(title=title, xlabel="x", xlim=(-4, 4), ylim=(-0.3, 8))
    left.legend(loc="lower right")
    return figure


def digits(say):
    """log(1 + x) in float32 next to 0, and the errors of both forms of log(1 - exp(-a))."""
    figure, (left, right) = panels()
    x = torch.linspace(-4e-7, 4e-7, 2001)
    left.plot(x * 1e7, torch.log(1 + x) * 1e7, color=ORANGE, label="log(1 + x)")
    left.plot(x * 1e7, torch.log1p(x) * 1e7, color=BLUE, label="log1p(x)")
    left.set(title=say("float32，单位 1e-7", "float32, in units of 1e-7"), xlabel="x")

    a = torch.logspace(-8, 1.9, 4000)
    exact, middle = _log1mexp(a.double()), a.view(-1, 50)[:, 25]
    for label, y, colour in (
        ("log(-expm1(-a))", torch.log(-torch.expm1(-a)), ORANGE),
        ("log1p(-exp(-a))", torch.log1p(-torch.exp(-a)), BLUE),
    ):
        error = ((y.double() - exact) / exact).abs().clamp(max=1)
        right.plot(middle, error.view(-1, 50).amax(1), color=colour, label=label)
    right.axvline(0.6931, color=INK, lw=0.8, ls=":")
    title = say("log(1 − e^−a) 的相对误差", "Relative error of log(1 − e^−a)")
    right.set(title=title, xlabel="a", xscale="log", yscale="log")
    left.legend(loc="upper left")
    right.legend(loc=(0.14, 0.76))
    return figure


def _log1mexp(a):
    return torch.where(a < 0.6931, torch.log(-torch.expm1(-a)), torch.log1p(-torch.exp(-a)))

"""Figures of guides/numerical_stability."""

import torch
import torch.nn.functional as F

from snippets import _lab
from snippets._style import BLUE, GREEN, ORANGE, panels

FORMS = {
    "log(softmax)": (lambda x: -F.softmax(x, 1)[:, 0].log(), ORANGE, 6),
    "cross_entropy": (lambda x: -F.log_softmax(x, 1)[:, 0], BLUE, 3),
    "log1p": (lambda x: -F.logsigmoid(x[:, 0] - x[:, 1:].logsumexp(1)), GREEN, 1.3),
}


def curve(say):
    """Three forms of one loss in float32, and their gradients, where they are not 0, inf or nan."""
    figure, (left, right) = panels(height=3.1)
    x = torch.linspace(-130, 60, 1901)
    for name, (form, colour, width) in FORMS.items():
        for ax, y in zip((left, right), _both(form, x), strict=True):
            y = y.abs()
            y[(y == 0) | ~y.isfinite()] = torch.nan
            ax.plot(x, y, color=colour, lw=width, label=name, solid_capstyle="butt")
    left.set(title=say("损失", "Loss"), ylim=(1e-27, 1e4))
    title = say("对 x 的梯度，绝对值", "Gradient with respect to x, size")
    right.set(title=title, ylim=(1e-27, 1e4))
    for ax in (left, right):
        ax.set(xlabel="x", yscale="log")
    right.legend(loc="lower left")
    return figure


def errors(say):
    """Relative errors of the three forms in float32, the largest of each short interval."""
    figure, (left, right) = panels(height=3.1)
    x = torch.linspace(-130, 60, 3801)[:-1]
    exact = _both(FORMS["log1p"][0], x.double())
    middle = x.view(-1, 20)[:, 10]
    for name, (form, colour, width) in FORMS.items():
        for ax, y, e in zip((left, right), _both(form, x), exact, strict=True):
            error = ((y.double() - e) / e).abs().nan_to_num(1.0).clamp(2e-9, 1)
            ax.plot(middle, error.view(-1, 20).amax(1), color=colour, lw=width, label=name)
    left.set_title(say("损失的相对误差", "Relative error of the loss"))
    right.set_title(say("梯度的相对误差", "Relative error of the gradient"))
    for ax in (left, right):
        ax.set(xlabel="x", yscale="log", ylim=(1e-9, 4))
    left.legend(loc=(0.2, 0.5), handlelength=1.3)
    return figure


def broken(say):
    """softmax of the page's raised logits in four dtypes."""
    return _lab.broken(say, [90.0, 89.0, 88.0])


def _both(form, x):
    rows = torch.stack([x, torch.zeros_like(x), torch.zeros_like(x) - 1], 1).requires_grad_()
    y = form(rows)
    (grad,) = torch.autograd.grad(y.sum(), rows)
    return y.detach(), grad[:, 0]

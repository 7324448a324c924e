"""Figures of compare/softmax_vs_sigmoid."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, INK, ORANGE, heat, panels


def curve(say):
    """Outputs and gradients for logits [x, 1, -1]: solid softmax, dashed sigmoid."""
    x = torch.linspace(-6, 6, 241, dtype=torch.float64)
    z = torch.stack([x, 0 * x + 1, 0 * x - 1], 1)
    p, s = F.softmax(z, 1), torch.sigmoid(z)
    figure, (left, right) = panels()
    left.plot(x, p[:, 0], color=BLUE, label="$p_1$")
    left.plot(x, p[:, 1], color=ORANGE, label="$p_2$")
    left.plot(x, s[:, 0], color=BLUE, ls="--", label="$s_1$")
    left.plot(x, s[:, 1], color=ORANGE, ls="--", label="$s_2$")
    left.set(
        title=say("softmax（实线）与 sigmoid（虚线）的值", "Value: softmax solid, sigmoid dashed"),
        xlabel="x",
        ylim=(-0.03, 1.28),
    )
    left.legend(ncols=4, loc="upper center", columnspacing=1, handlelength=1.4)
    right.plot(x, p[:, 0] * (1 - p[:, 0]), color=BLUE)
    right.plot(x, -p[:, 0] * p[:, 1], color=ORANGE)
    right.plot(x, s[:, 0] * (1 - s[:, 0]), color=BLUE, ls="--")
    right.plot(x, 0 * x, color=ORANGE, ls="--")
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    return figure


def jacobian(say):
    """The full matrix of softmax beside the diagonal one of sigmoid."""
    x = torch.tensor([2.0, 1.0, -1.0])
    p, s = F.softmax(x, 0), torch.sigmoid(x)
    figure, (left, right) = panels()
    heat(left, torch.diag(p) - torch.outer(p, p), r"Softmax: $\partial p_i/\partial x_j$", 4)
    heat(right, torch.diag(s * (1 - s)), r"Sigmoid: $\partial s_i/\partial x_j$", 4)
    return figure


def classes(say):
    """First output of logits [2, 0, 0, ...] and its gradient, as classes are appended."""
    count = torch.arange(2, 1001, dtype=torch.float64)
    up = torch.tensor(2.0, dtype=torch.float64).exp()
    p = up / (up + count - 1)
    s = 0 * count + up / (up + 1)
    figure, (left, right) = panels()
    for ax, f in ((left, lambda v: v), (right, lambda v: v * (1 - v))):
        ax.plot(count, f(p), color=BLUE, label="softmax")
        ax.plot(count, f(s), color=ORANGE, ls="--", label="sigmoid")
        ax.axhline(0, color=INK, lw=0.8)
        ax.set(xscale="log", xlabel=say("类别数 C", "number of classes C"))
    left.set_title(say("第一项的值", "Value of the first output"))
    right.set_title(say("对第一个 logit 的梯度", "Gradient with respect to its logit"))
    left.legend(loc="center right")
    return figure

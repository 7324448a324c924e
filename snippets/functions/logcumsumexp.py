"""Figures of functions/logcumsumexp."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, INK, ORANGE, PURPLE, bars, heat, panels


def _bell():
    """Positions and log-probabilities of a discretised bell curve."""
    t = torch.linspace(-4, 4, 41, dtype=torch.float64)
    return t, F.log_softmax(-(t**2) / 2, 0)


def curve(say):
    """Log-probabilities accumulated from both sides, and the gradient of two entries."""
    t, log_p = _bell()
    y = torch.logcumsumexp(log_p, 0)
    figure, (left, right) = panels()
    left.plot(t, log_p, color=INK, lw=1, ls="--", label=r"$\log p$")
    left.plot(t, y, color=BLUE, label=say("从左累加", "from the left"))
    tail = log_p.flip(0).logcumsumexp(0).flip(0)
    left.plot(t, tail, color=ORANGE, label=say("从右累加", "from the right"))
    left.set(title=say("值", "Value"), xlabel="t")
    left.legend(loc="lower center")
    for i, colour in ((10, GREEN), (24, PURPLE)):
        grad = torch.where(torch.arange(41) <= i, (log_p - y[i]).exp(), 0.0)
        at = f"t = {t[i]:.1f}".replace("-", "−")
        label = say(f"{at} 处的结果", f"result at {at}")
        right.plot(t, grad, color=colour, drawstyle="steps-mid", label=label)
    right.set(title=say("梯度", "Gradient"), xlabel="t", ylim=(-0.02, 0.62))
    right.legend(loc="upper right")
    return figure


def jacobian(say):
    """The running values of one row, and their Jacobian."""
    x = torch.tensor([2.0, 1.0, 0.1])
    y = torch.logcumsumexp(x, 0)
    figure, (left, right) = panels(width_ratios=[1.1, 1])
    bars(left, y, say("[2, 1, 0.1] 的 logcumsumexp", "logcumsumexp of [2, 1, 0.1]"), GREEN)
    heat(right, (x - y[:, None]).exp().tril(), r"$\partial y_i/\partial x_j$", 4)
    return figure

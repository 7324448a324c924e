"""Figures of losses/kl_div."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, INK, ORANGE, panels

P = 0.2
TEACHER, STUDENT = (6.0, 2.0, -1.0, -3.0), (1.0, 3.0, 0.0, -2.0)


def curve(say):
    """Two classes with target (0.8, 0.2): both divergences over the logit, and gradients."""
    x = torch.linspace(-8, 8, 321, dtype=torch.float64)
    log_p = torch.tensor([1 - P, P], dtype=torch.float64).log().expand(len(x), 2)
    figure, (left, right) = panels()
    for colour, line, forward in ((BLUE, "-", True), (ORANGE, "--", False)):
        z = x.clone().requires_grad_()
        log_q = F.log_softmax(torch.stack([torch.zeros_like(z), z], 1), 1)
        pair = (log_q, log_p) if forward else (log_p, log_q)
        loss = F.kl_div(*pair, reduction="none", log_target=True).sum(1)
        label = "KL(P‖Q)" if forward else "KL(Q‖P)"
        left.plot(x, loss.detach(), line, color=colour, label=label)
        (gradient,) = torch.autograd.grad(loss.sum(), z)
        right.plot(x, gradient, line, color=colour, label=label)
    left.set(title=say("散度", "Divergence"), xlabel="logit x")
    right.axhline(0, color=INK, lw=0.8)
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="logit x")
    left.legend()
    right.legend()
    return figure


def temperature(say):
    """Distillation of one row: loss and gradient over T, with and without the factor."""
    T = torch.logspace(0, 2, 120, dtype=torch.float64).unsqueeze(1)
    z = torch.tensor(STUDENT, dtype=torch.float64).repeat(len(T), 1).requires_grad_()
    t = torch.tensor(TEACHER, dtype=torch.float64)
    log_q, log_p = F.log_softmax(z / T, 1), F.log_softmax(t / T, 1)
    loss = F.kl_div(log_q, log_p, reduction="none", log_target=True).sum(1)
    (gradient,) = torch.autograd.grad(loss.sum(), z)
    loss, size, T = loss.detach(), gradient.norm(dim=1), T.squeeze(1)
    figure, axes = panels()
    words = (say("损失", "Loss"), say("梯度的范数", "Norm of the gradient"))
    for ax, values, title in zip(axes, (loss, size), words, strict=True):
        ax.plot(T, values * T**2, color=BLUE, label=say("乘以 T²", "times T²"))
        ax.plot(T, values, "--", color=ORANGE, label=say("不乘", "without it"))
        ax.set(title=title, xlabel=say("温度 T", "temperature T"), xscale="log", ylim=(0, None))
        ax.set_xticks([1, 10, 100], ["1", "10", "100"])
    axes[0].legend(loc="center right")
    return figure

"""Figures of losses/focal_loss."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, INK, ORANGE, PURPLE, panels

GAMMAS = {0: BLUE, 1: ORANGE, 2: GREEN, 5: PURPLE}


def _focal(z, gamma):
    """Loss of each log-odds of the right answer, and its gradient."""
    z = z.clone().requires_grad_()
    loss = -(gamma * F.logsigmoid(-z)).exp() * F.logsigmoid(z)
    return loss.detach(), torch.autograd.grad(loss.sum(), z)[0]


def curve(say):
    """Loss over the logit of a positive sample, and its gradient, for four gammas."""
    x = torch.linspace(-6, 6, 241, dtype=torch.float64)
    figure, (left, right) = panels()
    for gamma, colour in GAMMAS.items():
        loss, gradient = _focal(x, gamma)
        left.plot(x, loss, color=colour, label=rf"$\gamma = {gamma}$")
        right.plot(x, gradient, color=colour, label=rf"$\gamma = {gamma}$")
    left.set(title=say("损失（y = 1）", "Loss (y = 1)"), xlabel="logit x")
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="logit x")
    right.axhline(0, color=INK, lw=0.8)
    left.legend()
    right.legend(loc="lower right")
    return figure


def factor(say):
    """Loss and gradient as multiples of those of cross entropy, over the probability."""
    p = torch.linspace(0.001, 0.999, 400, dtype=torch.float64)
    figure, (left, right) = panels()
    for gamma, colour in GAMMAS.items():
        loss, gradient = _focal(p.logit(), gamma)
        left.plot(p, loss / -p.log(), color=colour, label=rf"$\gamma = {gamma}$")
        right.plot(p, gradient / (p - 1), color=colour, label=rf"$\gamma = {gamma}$")
    left.set(title=say("损失 ÷ 交叉熵", "Loss ÷ cross entropy"), ylim=(-0.05, 1.9))
    right.set(title=say("两者的梯度之比", "Ratio of the gradients"), ylim=(-0.05, 1.9))
    for ax in (left, right):
        ax.set(xlabel=say("正确答案的概率 p", "probability p of the right answer"))
    left.legend()
    return figure

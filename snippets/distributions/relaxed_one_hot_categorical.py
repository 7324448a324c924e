"""Figures of distributions/relaxed_one_hot_categorical."""

import torch
from torch.distributions import RelaxedOneHotCategorical

from snippets._style import BLUE, GREEN, INK, ORANGE, panels

LOGITS = torch.tensor([0.5, 0.0], dtype=torch.float64)
PROBS = torch.tensor([0.1, 0.3, 0.6], dtype=torch.float64)


def density(say):
    """Density of the first entry of two, and gradient of its logarithm by the first logit."""
    y = torch.linspace(0.005, 0.995, 397, dtype=torch.float64)
    rows = torch.stack([y, 1 - y], 1)
    figure, (left, right) = panels()
    for tau, colour in ((0.5, ORANGE), (1, BLUE), (2, GREEN)):
        x = LOGITS.expand(len(y), 2).clone().requires_grad_()
        temperature = torch.tensor(tau, dtype=torch.float64)
        log_p = RelaxedOneHotCategorical(temperature, logits=x).log_prob(rows)
        log_p.sum().backward()
        left.plot(y, log_p.exp().detach(), color=colour, label=f"tau = {tau}")
        right.plot(y, x.grad[:, 0], color=colour, label=f"tau = {tau}")
    right.axhline(0, color=INK, lw=0.8)
    left.set(title=say("第一个分量的密度", "Density of the first entry"), ylim=(0, 3.2))
    right.set(
        title=say("对数密度对第一个 logit 的梯度", "Gradient of log density by logit 1"),
        ylim=(-1.1, 1.1),
    )
    right.legend(loc="lower right")
    for ax in (left, right):
        ax.set(xlabel="y")
    return figure


def triangle(say):
    """The same noise at four temperatures, drawn on the triangle of three probabilities."""
    u = torch.quasirandom.SobolEngine(3, scramble=True, seed=0).draw(100, dtype=torch.float64)
    z = PROBS.log() - (-u.log()).log()
    corners = torch.tensor([[0, 0], [1, 0], [0.5, 0.75**0.5]], dtype=torch.float64)
    figure, axes = panels(4, height=1.9)
    for ax, tau in zip(axes, (0.1, 0.5, 1, 5), strict=True):
        points = (z / tau).softmax(1) @ corners
        ax.plot(*corners[[0, 1, 2, 0]].T, color=INK, lw=0.8)
        ax.plot(*points.T, ".", color=BLUE, ms=4, alpha=0.5)
        for k, (x, y) in enumerate(corners.tolist()):
            ax.text(x, y + (0.04 if k == 2 else -0.14), str(k + 1), ha="center")
        ax.set(title=f"tau = {tau}", aspect="equal", xlim=(-0.08, 1.08), ylim=(-0.18, 1.02))
        ax.axis("off")
    return figure

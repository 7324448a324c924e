"""Figures of functions/gumbel_softmax."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, INK, ORANGE, bars, panels

PROBS = torch.tensor([0.1, 0.3, 0.6], dtype=torch.float64)


def _noise(*rows):
    """Gumbel noise from exponential variables that are written down."""
    return -torch.tensor(rows, dtype=torch.float64).log()


def curve(say):
    """First entry for logits [x, 0, 0] under one fixed draw of noise, and its gradient."""
    g = _noise(0.9, 0.5, 1.6)
    x = torch.linspace(-6, 6, 481, dtype=torch.float64)
    rows = torch.stack([x, 0 * x, 0 * x], 1) + g
    figure, (left, right) = panels()
    for tau, colour in ((0.1, ORANGE), (0.5, BLUE), (2, GREEN)):
        y = F.softmax(rows / tau, 1)[:, 0]
        left.plot(x, y, color=colour, label=f"tau = {tau}")
        right.plot(x, y * (1 - y) / tau, color=colour, label=f"tau = {tau}")
    left.set(title=say("噪声固定时的第一项", "First entry, noise fixed"), xlabel="x")
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x")
    for ax in (left, right):
        ax.legend(loc="upper left")
    return figure


def samples(say):
    """Two draws of noise, each at four temperatures."""
    g = _noise((0.9, 0.5, 0.7), (0.08, 0.6, 1.3))
    figure, axes = panels(4, 2, 1.9, sharey=True)
    for row, noise in enumerate(g):
        for column, tau in enumerate((0.1, 0.5, 1, 5)):
            ax = axes[4 * row + column]
            y = F.softmax((PROBS.log() + noise) / tau, 0)
            bars(ax, y, f"tau = {tau}" if row == 0 else "", (BLUE, GREEN)[row], 2)
            ax.set_ylim(0, 1.2)
    axes[0].set_ylabel(say("第一次抽样", "First draw"))
    axes[4].set_ylabel(say("第二次抽样", "Second draw"))
    return figure


def means(say):
    """Mean of the soft sample against tau, and mean and spread of its gradient."""
    u = torch.quasirandom.SobolEngine(3, scramble=True, seed=0).draw(2**15, dtype=torch.float64)
    z = PROBS.log() - (-u.clamp(1e-12, 1 - 1e-12).log()).log()
    taus = torch.logspace(-1, 1, 31, dtype=torch.float64)
    soft = [F.softmax(z / tau, 1) for tau in taus]
    mean = torch.stack([y.mean(0) for y in soft])
    grad = [y[:, 2] * (1 - y[:, 2]) / tau for y, tau in zip(soft, taus, strict=True)]
    figure, (left, right) = panels()
    for k, colour in enumerate((BLUE, ORANGE, GREEN)):
        left.plot(taus, mean[:, k], color=colour, label=say(f"第 {k + 1} 类", f"class {k + 1}"))
        left.axhline(PROBS[k], color=colour, lw=1, ls=":")
    right.plot(taus, [g.mean() for g in grad], color=GREEN, label=say("均值", "mean"))
    right.plot(
        taus, [g.std() for g in grad], color=ORANGE, label=say("标准差", "standard deviation")
    )
    right.axhline(PROBS[2] * (1 - PROBS[2]), color=GREEN, lw=1, ls=":")
    right.axhline(0, color=INK, lw=0.8)
    left.set(title=say("软样本的均值", "Mean of soft samples"), ylim=(0, 0.8))
    right.set(title=say("第 3 类对自身 logit 的梯度", "Gradient of class 3 by its logit"))
    for ax in (left, right):
        ax.set(xscale="log", xlabel="tau")
        ax.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
        ax.minorticks_off()
        ax.legend(loc="upper right")
    left.legend(loc="upper right", ncols=3, columnspacing=1, handlelength=1.2)
    return figure

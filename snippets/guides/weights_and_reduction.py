"""Figures of guides/weights_and_reduction."""

from snippets._style import BLUE, ORANGE, panels


def accumulation(say):
    """The share of each of ten tokens when gradients of parts of 8 and 2 are accumulated."""
    figure, axes = panels(sharey=True)
    titles = (say("均值再取平均", "Mean of means"), say("总和除以总数", "Sum over total"))
    shares = ([1 / 16] * 8 + [1 / 4] * 2, [1 / 10] * 10)
    for ax, title, share in zip(axes, titles, shares, strict=True):
        ax.bar(range(1, 9), share[:8], color=BLUE, label=say("长的一份", "long part"))
        ax.bar((9, 10), share[8:], color=ORANGE, label=say("短的一份", "short part"))
        ax.set(title=title, xlabel=say("token", "token"), xticks=range(1, 11))
        ax.grid(axis="x", visible=False)
    axes[0].set_ylabel(say("占梯度的份额", "share of the gradient"))
    axes[0].legend(loc="upper left")
    return figure

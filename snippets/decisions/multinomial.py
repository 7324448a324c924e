"""Figures of decisions/multinomial."""

import torch

from snippets._style import BLUE, GREEN, ORANGE, PURPLE, bars, panels

Y_LOGITS = torch.tensor([0.0, 1.0, 2.0, 3.0], dtype=torch.float64)


def weights(say):
    """Logits taken for weights, beside their softmax."""
    x = torch.tensor([1.0, 2.0, 7.0])
    figure, (left, right) = panels(sharey=True)
    bars(left, x / x.sum(), "multinomial(y_logits)", ORANGE, labels=range(3))
    bars(right, x.softmax(0), "multinomial(softmax(y_logits))", BLUE, labels=range(3))
    for ax in (left, right):
        ax.set(xlabel=say("类别", "class"), ylim=(0, 1.15))
    left.set_ylabel(say("抽中的概率", "probability of a draw"))
    return figure


def temperature(say):
    """Probabilities of four classes against the temperature, all of them and the best two."""
    t = torch.logspace(-1, 1, 121, dtype=torch.float64)
    rows = Y_LOGITS / t[:, None]
    best = rows.masked_fill(Y_LOGITS < 2, float("-inf"))
    figure, (left, right) = panels(sharey=True)
    for ax, z in ((left, rows), (right, best)):
        p = z.softmax(1)
        for k, colour in enumerate((PURPLE, GREEN, ORANGE, BLUE)):
            ax.plot(t, p[:, k], color=colour, label=f"logit {k}")
        ax.set(xscale="log", xlabel="T", ylim=(-0.03, 1.05))
        ax.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
        ax.minorticks_off()
    left.set_title(say("四个类别的概率", "Probability of four classes"))
    right.set_title(say("只留前两名（k = 2）", "The best two only (k = 2)"))
    left.legend(loc="upper right")
    return figure

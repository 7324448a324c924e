"""Figures of decisions/argmax."""

import torch

from snippets._style import BLUE, GREEN, INK, ORANGE, PURPLE, panels

Y_PROBS = torch.tensor([0.95, 0.85, 0.7, 0.6, 0.4, 0.35, 0.3, 0.2, 0.15, 0.05])
Y = torch.tensor([1, 1, 0, 1, 1, 0, 0, 1, 0, 0])


def step(say):
    """Label and probability of class 1 for logits [0, x], and their gradients."""
    x = torch.linspace(-6, 6, 241, dtype=torch.float64)
    p = torch.sigmoid(x)
    figure, (left, right) = panels()
    left.step(x, (x > 0).double(), color=ORANGE, label="argmax")
    left.plot(x, p, color=BLUE, label=say("第 1 类的概率", "probability of class 1"))
    left.set(title=say("logits [0, x] 的预测", "Prediction for logits [0, x]"), xlabel="x")
    right.plot(x, 0 * x, color=ORANGE, label="argmax")
    right.plot(x, p * (1 - p), color=BLUE, label=say("概率", "probability"))
    right.set(title=say("对 x 的梯度", "Gradient with respect to x"), xlabel="x", ylim=(-0.02, 0.3))
    for ax in (left, right):
        ax.legend(loc="upper left")
    left.set_ylim(-0.05, 1.5)
    return figure


def threshold(say):
    """A threshold on the probability is one on the logit; precision, recall, F1 against it."""
    x = torch.linspace(-6, 6, 241, dtype=torch.float64)
    figure, (left, right) = panels()
    left.plot(x, torch.sigmoid(x), color=BLUE)
    for t, colour in ((0.1, GREEN), (0.5, INK), (0.9, ORANGE)):
        logit = torch.logit(torch.tensor(t)).item()
        left.plot([-6, logit, logit], [t, t, 0], color=colour, lw=1.2, ls="--")
        left.text(-5.8, t + 0.025, f"t = {t}", color=colour)
    left.set(
        title=say("概率的阈值与 logit 的阈值", "Threshold on probability and on logit"),
        xlabel="x",
        ylim=(0, 1.05),
        xlim=(-6, 6),
    )
    t = torch.linspace(0.01, 0.94, 400)
    y_pred = t[:, None] <= Y_PROBS
    hits = (y_pred & (Y == 1)).sum(1)
    scores = {
        say("精确率", "precision"): (hits / y_pred.sum(1), GREEN),
        say("召回率", "recall"): (hits / Y.sum(), PURPLE),
        "F1": (2 * hits / (y_pred.sum(1) + Y.sum()), ORANGE),
    }
    for name, (values, colour) in scores.items():
        right.step(t, values, color=colour, label=name)
    right.set(title=say("阈值 t 的取舍", "What the threshold t trades"), xlabel="t", ylim=(0, 1.05))
    right.legend(loc="lower left")
    return figure

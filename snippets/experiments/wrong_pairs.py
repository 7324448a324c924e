"""What each wrong pair of last layer and loss does to training, against the right pairs."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, ORANGE, PURPLE, RED, panels
from snippets.experiments import _results
from snippets.experiments._training import accuracy, digits, fit, gradient_norm, vgg

FULL = {
    "seeds": 10,
    "train": None,
    "at": [0, 1, 2, 3, 5, 7, 10, 15, 20],
    "optimisers": {"Adam": {"lr": 1e-3}, "SGD": {"lr": 0.05, "momentum": 0.9}},
}
RIGHT = "logits -> CrossEntropyLoss"
PAIRS = {
    RIGHT: F.cross_entropy,
    "LogSoftmax -> NLLLoss": lambda z, y: F.nll_loss(z.log_softmax(1), y),
    "Softmax -> NLLLoss": lambda z, y: F.nll_loss(z.softmax(1), y),
    "Softmax -> CrossEntropyLoss": lambda z, y: F.cross_entropy(z.softmax(1), y),
    "LogSigmoid -> NLLLoss": lambda z, y: F.nll_loss(F.logsigmoid(z), y),
}


def run(seed: int, train: int | None, at: list[int], optimisers: dict) -> dict:
    """Every pair with every optimiser, looked at before training and after the epochs of `at`."""
    data = digits(seed, train)
    return {
        name: {
            pair: fit(
                vgg(seed),
                data["train"],
                loss,
                seed,
                at,
                lambda net, loss=loss: _look(net, data, loss),
                getattr(torch.optim, name),
                **options,
            )
            for pair, loss in PAIRS.items()
        }
        for name, options in optimisers.items()
    }


def _look(net, data, loss) -> dict:
    """Loss and gradient on up to 256 training images; accuracy and missing classes on the test."""
    part = tuple(tensor[:256] for tensor in data["train"])
    x, y = data["test"]
    with torch.no_grad():
        logits = net(x)
        value = loss(net(part[0]), part[1]).item()
    return {
        "loss": value,
        "gradient": gradient_norm(net, part, loss),
        "accuracy": accuracy(logits, y),
        "missing": logits.shape[1] - logits.argmax(1).unique().numel(),
    }


# -- reading the stored results --------------------------------------------------------------

REDUCED = {  # what the tests and the notebook repeat from scratch
    "seeds": 2,
    "train": 128,
    "at": [0, 20],
    "optimisers": {"Adam": {"lr": 3e-3}},
}

COLOURS = dict(zip(PAIRS, (BLUE, GREEN, ORANGE, PURPLE, RED), strict=True))
STYLES = dict(zip(PAIRS, ("-", "--", "-", "--", "-."), strict=True))
WRONG = [pair for pair in PAIRS if "Log" not in pair and pair != RIGHT] + ["LogSigmoid -> NLLLoss"]


def start(results: dict) -> str:
    """Before the first step: the loss, the gradient, and how many times smaller it is."""
    right = _results.pick(results, "Adam", RIGHT, 0, "gradient")
    rows = []
    for pair in PAIRS:
        norm = _results.pick(results, "Adam", pair, 0, "gradient")
        loss = _results.pick(results, "Adam", pair, 0, "loss")
        cells = [_results.spread(loss), _results.spread(norm), f"{(right / norm).mean():.1f}"]
        rows.append([pair, *cells])
    return _results.table(["pair", "loss", "gradient norm", "times smaller"], rows)


def finish(results: dict, optimiser: str) -> str:
    """After the last epoch: accuracy, its paired difference from the right one, missing classes."""
    right = _results.pick(results, optimiser, RIGHT, -1, "accuracy")
    rows = []
    for pair in PAIRS:
        end = {
            name: _results.pick(results, optimiser, pair, -1, name)
            for name in ("accuracy", "loss", "missing")
        }
        less = "" if pair == RIGHT else _results.paired(end["accuracy"], right, 3)
        missing = f"{end['missing'].mean():.1f} ({end['missing'].max():.0f})"
        cells = [_results.spread(end["accuracy"], 3), less, f"{end['loss'].mean():+.3f}", missing]
        rows.append([pair, *cells])
    head = [optimiser, "accuracy", "minus the right pair, 95%", "loss", "missing (most)"]
    return _results.table(head, rows)


def claims(results: dict) -> dict[str, bool]:
    """What is concluded, and whether these results say so: on each seed and optimiser."""

    def all_of(test) -> bool:
        return all(test(lambda *path, o=o: _results.pick(results, o, *path)) for o in optimisers)

    optimisers = results["runs"][0]
    softmax = ["Softmax -> NLLLoss", "Softmax -> CrossEntropyLoss"]
    return {
        "softmax before the loss: a gradient 5 times smaller, or more, at the start": all_of(
            lambda at: all(
                (5 * at(pair, 0, "gradient") < at(RIGHT, 0, "gradient")).all() for pair in softmax
            )
        ),
        "each wrong pair ends behind the right pair in accuracy": all_of(
            lambda at: all(
                (at(pair, -1, "accuracy") < at(RIGHT, -1, "accuracy")).all() for pair in WRONG
            )
        ),
        "LogSoftmax with NLLLoss ends where the right pair ends": all_of(
            lambda at: (
                abs(at("LogSoftmax -> NLLLoss", -1, "accuracy") - at(RIGHT, -1, "accuracy")).mean()
                < 0.01
            )
        ),
        "LogSigmoid with NLLLoss: a smaller loss than the right pair's, accuracy below 0.2": all_of(
            lambda at: (
                (at("LogSigmoid -> NLLLoss", -1, "loss") < at(RIGHT, -1, "loss"))
                & (at("LogSigmoid -> NLLLoss", -1, "accuracy") < 0.2)
            ).all()
        ),
    }


def _over_epochs(say, measure: str, title: tuple[str, str], log: bool = False):
    """One measure of every pair over the epochs, a panel an optimiser."""
    results = _results.stored("wrong_pairs")
    figure, axes = panels(2, height=3.4, sharey=True)
    for ax, optimiser in zip(axes, results["settings"]["optimisers"], strict=True):
        for pair in PAIRS:
            runs = _results.pick(results, optimiser, pair)
            runs = [[look[measure] for look in seed] for seed in runs]
            _results.band(
                ax, results["settings"]["at"], runs, COLOURS[pair], pair, STYLES[pair], log
            )
        heading = say(f"{title[0]}，", f"{title[1]}, ") + optimiser
        ax.set(title=heading, xlabel=say("轮", "epoch"))
        ax.set_yscale("log" if log else "linear")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def accuracy_curves(say):
    return _over_epochs(say, "accuracy", ("测试准确率", "test accuracy"))


def gradient_curves(say):
    figure = _over_epochs(say, "gradient", ("梯度的范数", "gradient norm"), log=True)
    figure.axes[0].set_ylim(1e-5, 10)
    return figure


def missing_curves(say):
    return _over_epochs(say, "missing", ("从未预测的类别数", "classes never predicted"))

"""Does LogSigmoid cure vanishing gradients: between layers, and as a term of the loss?"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from snippets._style import BLUE, GREEN, ORANGE, PURPLE, RED, panels
from snippets.experiments import _results
from snippets.experiments._training import accuracy, digits, fit, one_vs_rest, vgg

FULL = {
    "seeds": 8,
    "train": None,
    "depth": 12,
    "at": [0, 2, 5, 10, 15, 20],
    "optimisers": {"SGD": {"lr": 0.01, "momentum": 0.9}, "Adam": {"lr": 1e-3}},
    "wrong": {"epochs": 5, "levels": [5, 20, 60], "again": [0, 1, 2, 3, 4, 6]},
}
ACTIVATIONS = {
    "Sigmoid": nn.Sigmoid,
    "LogSigmoid": nn.LogSigmoid,
    "Tanh": nn.Tanh,
    "ReLU": nn.ReLU,
}
STARTS = ("default", "He")  # torch's own initial weights; normal with variance 2 / fan-in
WIDTH = 64


def by_hand(z, t):
    p = torch.sigmoid(z)
    return -(t * torch.log(p) + (1 - t) * torch.log(1 - p)).mean()


def with_epsilon(z, t):
    p = torch.sigmoid(z)
    return -(t * torch.log(p + 1e-8) + (1 - t) * torch.log(1 - p + 1e-8)).mean()


def with_logsigmoid(z, t):
    return -(t * F.logsigmoid(z) + (1 - t) * F.logsigmoid(-z)).mean()


BINARY = {
    "log(sigmoid(x))": by_hand,
    "log(sigmoid(x) + 1e-8)": with_epsilon,
    "BCELoss": lambda z, t: F.binary_cross_entropy(torch.sigmoid(z), t),
    "logsigmoid(x)": with_logsigmoid,
}


def run(seed: int, train, depth: int, at: list[int], optimisers: dict, wrong: dict) -> dict:
    """Deep stacks with each activation, and confidently wrong nets trained with each loss."""
    data = digits(seed, train)
    stacks = {
        start: {
            name: {
                optimiser: fit(
                    stack(seed, depth, activation, start),
                    data["train"],
                    F.cross_entropy,
                    seed,
                    at,
                    lambda net: _look(net, data, F.cross_entropy),
                    getattr(torch.optim, optimiser),
                    **options,
                )
                for optimiser, options in optimisers.items()
            }
            for name, activation in ACTIVATIONS.items()
        }
        for start in STARTS
    }
    untrained = {
        start: _look(stack(seed, depth, nn.Sigmoid, start), data, one_vs_rest) for start in STARTS
    }
    return {"stacks": stacks, "one-vs-rest": untrained, "wrong": _wrong(seed, data, **wrong)}


def stack(seed: int, depth: int, activation, start: str) -> nn.Sequential:
    """`depth` layers of 64 units, each with the activation, and a linear layer to ten logits."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = [nn.Flatten()]
        for _ in range(depth):
            layers += [nn.Linear(WIDTH, WIDTH), activation()]
        net = nn.Sequential(*layers, nn.Linear(WIDTH, 10))
        if start == "He":
            for layer in linear(net):
                nn.init.kaiming_normal_(layer.weight)
                nn.init.zeros_(layer.bias)
    return net


def linear(net) -> list[nn.Linear]:
    return [layer for layer in net if isinstance(layer, nn.Linear)]


def _look(net, data, loss) -> dict:
    """The gradient of the loss on up to 256 training images, by layer; test accuracy.

    Beside them the root mean square of the slopes of all hidden units, and the smallest output.
    """
    x, y = (tensor[:256] for tensor in data["train"])
    hidden, slopes, lowest = x, [], 0.0
    for layer in net[:-1]:
        before = hidden.detach().requires_grad_()
        hidden = layer(before)
        if not isinstance(layer, nn.Linear | nn.Flatten):
            (slope,) = torch.autograd.grad(hidden.sum(), before)
            slopes.append(slope.square().mean())
            lowest = min(lowest, hidden.min().item())
    weights = [layer.weight for layer in linear(net)]
    gradients = torch.autograd.grad(loss(net(x), y), weights)
    with torch.no_grad():
        right = accuracy(net(data["test"][0]), data["test"][1])
    return {
        "gradient": [g.norm().item() for g in gradients],
        "slope": torch.stack(slopes).mean().sqrt().item(),
        "lowest": lowest,
        "accuracy": right,
    }


def _wrong(seed: int, data, epochs: int, levels: list[int], again: list[int]) -> dict:
    """Nets that are sure of the opposite, by the median size of their logits; then each loss.

    The question is whether a digit is even. A net learns the opposite; its last layer is scaled
    until the median size of its logits is the level; then it is trained on the right answer.
    """
    parts = {name: (x, (y % 2 == 0).float()[:, None]) for name, (x, y) in data.items()}
    x, t = parts["train"]
    liar = vgg(seed, 1)
    fit(liar, (x, 1 - t), with_logsigmoid, seed, [epochs], lambda net: None, lr=3e-3)
    learnt = {name: value.clone() for name, value in liar.state_dict().items()}
    with torch.no_grad():
        size = liar(x).abs().median()
    found = {}
    for level in levels:
        found[str(level)] = {}
        for name, loss in BINARY.items():
            liar.load_state_dict(learnt)
            with torch.no_grad():
                for value in (liar[-1].weight, liar[-1].bias):
                    value *= level / size
            found[str(level)][name] = fit(
                liar,
                parts["train"],
                loss,
                seed,
                again,
                lambda net, loss=loss: _answers(net, parts, loss),
                lr=3e-3,
            )
    return found


def _answers(net, parts, loss) -> dict:
    """The gradient with respect to the logits of the training part; accuracy on the test part.

    `gradient` is the mean size over the images whose gradient is a number, relative to one image's
    share of the loss; `nan` and `zero` are the shares of images with such a gradient. A net
    with a weight that is nan answers nothing: accuracy 0.
    """
    x, t = parts["train"]
    z = net(x).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(z, t), z)
    bad = gradient.isnan()
    size = (gradient * len(t))[~bad].abs()
    x, t = parts["test"]
    with torch.no_grad():
        z = net(x)
    right = torch.where(t == 1, z > 0, z < 0)
    return {
        "gradient": size.mean().item() if len(size) else None,
        "nan": bad.double().mean().item(),
        "zero": (gradient == 0).double().mean().item(),
        "accuracy": right.double().mean().item(),
    }


# -- reading the stored results --------------------------------------------------------------

REDUCED = {  # what the tests and the notebook repeat from scratch
    "seeds": 2,
    "train": 128,
    "depth": 8,
    "at": [0, 25],
    "optimisers": {"Adam": {"lr": 3e-3}},
    "wrong": {"epochs": 20, "levels": [60], "again": [0, 15]},
}
# how each is drawn: colour, line
LINES = dict(
    zip(ACTIVATIONS, ((ORANGE, "-"), (PURPLE, "--"), (GREEN, "-."), (BLUE, "-")), strict=True)
)
LOSSES = dict(zip(BINARY, ((RED, "-"), (ORANGE, "--"), (BLUE, "-."), (PURPLE, "-")), strict=True))


def begin(results: dict) -> str:
    """Before training: what is left of the gradient at the first layer, slopes, outputs.

    `log10 first/last` compares the weights of the first and of the last layer; `a layer` is the
    factor that each hidden layer contributes, a geometric mean.
    """
    rows = []
    for start in STARTS:
        cases = {f"{start}, {name}": ("stacks", start, name, "SGD", 0) for name in ACTIVATIONS}
        cases[f"{start}, Sigmoid, one-vs-rest"] = ("one-vs-rest", start)
        for case, path in cases.items():
            left = _left(results, *path)
            cells = [
                _results.spread(np.log10(left), 2),
                f"{np.exp(np.log(left).mean() / results['settings']['depth']):.2f}",
                _results.spread(_results.pick(results, *path, "slope"), 3),
                f"{_results.pick(results, *path, 'lowest').min():.1f}",
            ]
            rows.append([case, *cells])
    head = ["before training", "log10 first/last", "a layer", "slope", "lowest output"]
    return _results.table(head, rows)


def finish(results: dict, optimiser: str) -> str:
    """After the last epoch: accuracy, LogSigmoid's lead, the gradient, the lowest output."""
    rows = []
    for start in STARTS:
        ours = _end(results, start, "LogSigmoid", optimiser, "accuracy")
        for name in ACTIVATIONS:
            right = _end(results, start, name, optimiser, "accuracy")
            left = np.log10(_left(results, "stacks", start, name, optimiser, -1))
            lowest = _end(results, start, name, optimiser, "lowest").min()
            lead = "" if name == "LogSigmoid" else _results.paired(ours, right, 3)
            cells = [_results.spread(right, 3), lead, _results.spread(left, 2), f"{lowest:.1f}"]
            rows.append([f"{start}, {name}", *cells])
    head = [optimiser, "accuracy", "LogSigmoid minus it, 95%", "log10 first/last", "lowest"]
    return _results.table(head, rows)


def repaired(results: dict, level: int) -> str:
    """Nets sure of the opposite: the gradient of each loss at the start, accuracy at the end."""
    path = ("wrong", str(level))
    best = _results.pick(results, *path, "logsigmoid(x)", -1, "accuracy")
    rows = []
    for name in BINARY:
        first = {
            key: _results.pick(results, *path, name, 0, key) for key in ("gradient", "nan", "zero")
        }
        right = _results.pick(results, *path, name, -1, "accuracy")
        lead = "" if name == "logsigmoid(x)" else _results.paired(best, right, 3)
        cells = [*(f"{v.mean():.3f}" for v in first.values()), _results.spread(right, 3), lead]
        rows.append([name, *cells])
    head = [f"|x| near {level}", "gradient", "nan", "zero", "accuracy", "logsigmoid's lead, 95%"]
    return _results.table(head, rows)


def claims(results: dict) -> dict[str, bool]:
    """What is concluded, and whether these results say so: on each seed and start."""
    optimiser = list(results["settings"]["optimisers"])[-1]
    level = str(results["settings"]["wrong"]["levels"][-1])
    left = {
        start: {name: _left(results, "stacks", start, name, optimiser, 0) for name in ACTIVATIONS}
        for start in STARTS
    }
    other = [_left(results, "one-vs-rest", start) for start in STARTS]

    def loss(name: str, at: int, measure: str):
        return _results.pick(results, "wrong", level, name, at, measure)

    ours, theirs = "logsigmoid(x)", ("log(sigmoid(x) + 1e-8)", "BCELoss")
    return {
        "before training, LogSigmoid keeps more of the gradient than Sigmoid": all(
            (at["LogSigmoid"] > 10 * at["Sigmoid"]).all() for at in left.values()
        ),
        "before training, LogSigmoid keeps less of the gradient than ReLU and Tanh": all(
            (2 * at["LogSigmoid"] < at[name]).all()
            for at in left.values()
            for name in ("ReLU", "Tanh")
        ),
        "default start: LogSigmoid leaves the first layer less than 1e-3 of the gradient": bool(
            (left["default"]["LogSigmoid"] < 1e-3).all()
        ),
        "a loss made of LogSigmoid leaves the gradient of a Sigmoid stack as small": all(
            (values < 1e-3).all() for values in other
        ),
        "He start, trained: LogSigmoid is behind Tanh in accuracy": bool(
            (
                _end(results, "He", "LogSigmoid", optimiser, "accuracy")
                < _end(results, "He", "Tanh", optimiser, "accuracy")
            ).all()
        ),
        "sure of the opposite: gradient above 0.9 with logsigmoid, else nan or below 0.3": bool(
            (loss(ours, 0, "gradient") > 0.9).all()
            and all((loss(name, 0, "gradient") < 0.3).all() for name in theirs)
            and (loss("log(sigmoid(x))", 0, "nan") > 0.1).all()
        ),
        "sure of the opposite: logsigmoid learns better than each other loss": all(
            (loss(ours, -1, "accuracy") > loss(name, -1, "accuracy") + 0.05).all()
            for name in BINARY
            if name != ours
        ),
    }


def _left(results: dict, *path):
    """The gradient of the first layer's weights over that of the last, by seed."""
    gradients = _results.pick(results, *path, "gradient")
    return gradients[:, 0] / gradients[:, -1]


def _end(results: dict, start: str, name: str, optimiser: str, measure: str):
    return _results.pick(results, "stacks", start, name, optimiser, -1, measure)


def layers(say):
    """The gradient by layer, before training and after training with Adam, for both starts."""
    results = _results.stored("vanishing")
    figure, axes = panels(2, 2, height=2.6, sharex=True, sharey=True)
    times = ((0, say("训练之前", "before training")), (-1, say("Adam 训练之后", "after Adam")))
    cases = [(at, time, start) for at, time in times for start in STARTS]
    for ax, (at, time, start) in zip(axes, cases, strict=True):
        for name, (colour, style) in LINES.items():
            runs = _results.pick(results, "stacks", start, name, "Adam", at, "gradient")
            numbers = range(1, runs.shape[1] + 1)
            _results.band(ax, numbers, np.log10(runs), colour, name, style)
        start = (
            say("默认初始化", "default start") if start == "default" else f"He{say('', ' start')}"
        )
        ax.set(title=say(f"{start}，{time}", f"{start}, {time}"), xticks=(1, 4, 7, 10, 13))
    for ax in axes[2:]:
        ax.set_xlabel(say("层", "layer"))
    for ax in axes[::2]:
        ax.set_ylabel(say("log₁₀ 梯度范数", "log₁₀ gradient norm"))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def learning(say):
    """Test accuracy over the epochs with Adam, for both starts."""
    results = _results.stored("vanishing")
    figure, axes = panels(2, height=3.0, sharey=True)
    titles = (say("默认初始化", "default start"), say("He 初始化", "He start"))
    for ax, start, title in zip(axes, STARTS, titles, strict=True):
        for name, (colour, style) in LINES.items():
            looks = _results.pick(results, "stacks", start, name, "Adam")
            runs = [[look["accuracy"] for look in seed] for seed in looks]
            _results.band(ax, results["settings"]["at"], runs, colour, name, style)
        ax.set(title=title, xlabel=say("轮", "epoch"), ylim=(0, 1))
    axes[0].set_ylabel(say("测试准确率", "test accuracy"))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def repair(say):
    """Nets sure of the opposite: test accuracy over the epochs, a panel for each size of logits."""
    results = _results.stored("vanishing")
    settings = results["settings"]["wrong"]
    figure, axes = panels(len(settings["levels"]), height=3.2, sharey=True)
    for ax, level in zip(axes, settings["levels"], strict=True):
        for name, (colour, style) in LOSSES.items():
            looks = _results.pick(results, "wrong", str(level), name)
            runs = [[look["accuracy"] for look in seed] for seed in looks]
            _results.band(ax, settings["again"], runs, colour, name, style)
        ax.set(title=f"|x| ≈ {level}", xlabel=say("轮", "epoch"), ylim=(-0.02, 1))
    axes[0].set_ylabel(say("测试准确率", "test accuracy"))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure

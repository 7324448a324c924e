"""Distillation: what the temperature and the factor T squared do, and what the teacher adds."""

from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from snippets._style import BLUE, GREEN, INK, ORANGE, PURPLE, panels
from snippets.experiments import _results
from snippets.experiments._training import Part, accuracy, digits, fit, gradient_norm, vgg

FULL = {
    "seeds": 8,
    "train": None,
    "few": 50,
    "epochs": 12,
    "steps": 600,
    "temperatures": [1, 2, 4, 8, 16],
}
NONE = -100  # the label of an image that has none
STUDENTS = {  # the images a taught student sees, and the power of T before the soft term
    "same images, T^2": ("same", 2),
    "all images, T^2": ("all", 2),
    "all images, without": ("all", 0),
}


def run(seed: int, train, few: int, epochs: int, steps: int, temperatures: list[int]) -> dict:
    """A teacher of all labels; students of few labels, alone and with it, at each temperature.

    A student sees the few labelled images (`same`), or beside them all training images without
    their labels (`all`); for as many steps in both cases.
    """
    data = digits(seed, train)
    labelled = digits(seed, few)["train"]
    teacher = vgg(seed)
    fit(teacher, data["train"], F.cross_entropy, seed, [epochs], lambda net: None, lr=3e-3)
    unlabelled = (data["train"][0], torch.full_like(data["train"][1], NONE))
    both = tuple(torch.cat(pair) for pair in zip(labelled, unlabelled, strict=True))
    parts = {"same": taught(teacher, labelled), "all": taught(teacher, both)}
    x, y = data["test"]

    def learn(part: Part, loss) -> float:
        net, rounds = student(seed), round(steps / len(part[1].split(64)))
        fit(net, part, loss, seed, [rounds], lambda net: None, lr=3e-3)
        return _right(net, x, y)

    answers = (both[0], taught(teacher, (both[0], both[1]))[1][:, 1:].argmax(1))
    return {
        "teacher": _right(teacher, x, y),
        "labels": learn(parts["same"], hard),
        "answers": learn(answers, F.cross_entropy),
        "taught": {
            name: [learn(parts[images], partial(mixed, t=t, power=power)) for t in temperatures]
            for name, (images, power) in STUDENTS.items()
        },
        "norms": _norms(seed, parts["same"], temperatures),
    }


def student(seed: int) -> nn.Sequential:
    """One hidden layer of 32 units: logits (N, 10)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))


def taught(teacher, part: Part) -> Part:
    """The part with rows for labels: the label, or NONE, and the teacher's ten logits, (N, 11)."""
    x, y = part
    with torch.no_grad():
        return x, torch.cat([y[:, None], teacher(x)], dim=1)


def hard(z: Tensor, rows: Tensor) -> Tensor:
    """Cross entropy, a mean over the rows of the batch that have a label; 0 if none has."""
    y = rows[:, 0].long()
    total = F.cross_entropy(z, y, ignore_index=NONE, reduction="sum")
    return total / (y != NONE).sum().clamp(min=1)


def soft(z: Tensor, rows: Tensor, t: float) -> Tensor:
    """The divergence of the student from the teacher, both at temperature `t`."""
    target = F.softmax(rows[:, 1:] / t, dim=1)
    return F.kl_div(F.log_softmax(z / t, dim=1), target, reduction="batchmean")


def mixed(z: Tensor, rows: Tensor, t: float, power: int) -> Tensor:
    return hard(z, rows) + t**power * soft(z, rows, t)


def _norms(seed: int, part: Part, temperatures: list[int]) -> dict:
    """The length of the gradient of both terms, before training and after 10 epochs of labels."""
    net, found = student(seed), {}
    for when in ("untrained", "trained"):
        if when == "trained":
            fit(net, part, hard, seed, [10], lambda net: None, lr=3e-3)
        found[when] = {
            "hard": gradient_norm(net, part, hard),
            "soft": [gradient_norm(net, part, partial(soft, t=t)) for t in temperatures],
        }
    return found


def _right(net, x: Tensor, y: Tensor) -> float:
    with torch.no_grad():
        return accuracy(net(x), y)


# -- reading the stored results --------------------------------------------------------------

REDUCED = {  # what the tests and the notebook repeat from scratch
    "seeds": 2,
    "train": 600,
    "few": 30,
    "epochs": 8,
    "steps": 250,
    "temperatures": [1, 4, 16],
}


def norms(results: dict, when: str) -> str:
    """The gradient of the soft term by temperature, and its ratio to that of the hard term."""
    hard_norm = _results.pick(results, "norms", when, "hard")
    rows = []
    for k, t in enumerate(results["settings"]["temperatures"]):
        plain = _results.pick(results, "norms", when, "soft", k)
        cells = [_results.spread(plain), _results.spread(t**2 * plain, 3)]
        cells += [_results.spread(factor * plain / hard_norm, 3) for factor in (1, t**2)]
        rows.append([f"T = {t}", *cells])
    head = [when, "soft", "T^2 soft", "soft / hard", "T^2 soft / hard"]
    return _results.table(head, rows)


def students(results: dict) -> str:
    """Test accuracy of the teacher and of every student, and its lead over labels alone."""
    alone = _results.pick(results, "labels")
    rows = [
        ["teacher", _results.spread(_results.pick(results, "teacher"), 3), ""],
        ["labels only", _results.spread(alone, 3), ""],
    ]
    others = {"teacher's answers, all images": _results.pick(results, "answers")}
    for name in STUDENTS:
        for k, t in enumerate(results["settings"]["temperatures"]):
            others[f"{name}, T = {t}"] = _results.pick(results, "taught", name, k)
    for name, right in others.items():
        rows.append([name, _results.spread(right, 3), _results.paired(right, alone, 3)])
    return _results.table(["student", "accuracy", "minus labels only, 95%"], rows)


def factor(results: dict) -> str:
    """All images: what the factor adds at each temperature, and the lead over the answers."""
    answers = _results.pick(results, "answers")
    rows = []
    for k, t in enumerate(results["settings"]["temperatures"]):
        with_it, without = (
            _results.pick(results, "taught", f"all images, {name}", k)
            for name in ("T^2", "without")
        )
        pairs = ((with_it, without), (with_it, answers))
        rows.append([f"T = {t}", *(_results.paired(*pair, 3) for pair in pairs)])
    head = ["all images", "T^2 minus without, 95%", "T^2 minus teacher's answers, 95%"]
    return _results.table(head, rows)


def claims(results: dict) -> dict[str, bool]:
    """What is concluded, and whether these results say so: on each seed."""
    temperatures = results["settings"]["temperatures"]
    warm, hot = temperatures.index(4), temperatures.index(16)
    soft_norm = np.stack(
        [_results.pick(results, "norms", when, "soft") for when in ("untrained", "trained")]
    )
    alone = _results.pick(results, "labels")
    with_it, without = (
        _results.pick(results, "taught", f"all images, {name}") for name in ("T^2", "without")
    )
    return {
        "from T = 1 to 16 the soft gradient falls to less than a twentieth": bool(
            (20 * soft_norm[..., hot] < soft_norm[..., 0]).all()
        ),
        "from T = 4 to 16 it falls by more than 6, with T^2 it changes by less than 2.5": bool(
            (6 * soft_norm[..., hot] < soft_norm[..., warm]).all()
            and (16 * soft_norm[..., hot] < 2.5 * soft_norm[..., warm]).all()
            and (16 * soft_norm[..., hot] > soft_norm[..., warm] / 2.5).all()
        ),
        "all images, T = 1: the taught student is ahead of labels only": bool(
            (with_it[:, 0] > alone).all()
        ),
        "all images, T = 4: students with T^2 are ahead of those without, on average": bool(
            with_it[:, warm].mean() > without[:, warm].mean()
        ),
    }


def gradients(say):
    """The gradient of the soft term over the temperature, with and without the factor."""
    results = _results.stored("distillation")
    figure, axes = panels(2, height=3.0, sharey=True)
    temperatures = np.array(results["settings"]["temperatures"])
    titles = {
        "untrained": say("训练之前", "before training"),
        "trained": say("按标签训练 10 轮之后", "after 10 epochs of labels"),
    }
    for ax, (when, title) in zip(axes, titles.items(), strict=True):
        plain = _results.pick(results, "norms", when, "soft")
        hard_norm = _results.pick(results, "norms", when, "hard")[:, None]
        lines = (
            (plain * temperatures**2, BLUE, say("软项，乘 T²", "soft term, with T²"), "-"),
            (plain, ORANGE, say("软项，不乘", "soft term, without"), "--"),
            (hard_norm + 0 * plain, INK, say("硬项", "hard term"), ":"),
        )
        for runs, colour, label, style in lines:
            _results.band(ax, temperatures, runs, colour, label, style, log=True)
        ax.set(xscale="log", yscale="log", title=title, xlabel=say("温度 T", "temperature T"))
        ax.set_xticks(temperatures, temperatures)
        ax.minorticks_off()
    axes[0].set_ylabel(say("梯度范数", "gradient norm"))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def learned(say):
    """Test accuracy of the students over the temperature."""
    results = _results.stored("distillation")
    figure, (ax,) = panels(1, height=3.6)
    temperatures = results["settings"]["temperatures"]
    ones = np.ones(len(temperatures))
    labels = (
        say("50 张图，乘 T²", "50 images, with T²"),
        say("全部图，乘 T²", "all images, with T²"),
        say("全部图，不乘", "all images, without"),
    )
    drawn = ((GREEN, "-."), (BLUE, "-"), (ORANGE, "--"))
    for name, label, (colour, style) in zip(STUDENTS, labels, drawn, strict=True):
        runs = _results.pick(results, "taught", name)
        _results.band(ax, temperatures, runs, colour, label, style)
    for path, label, colour in (
        ("answers", say("全部图，教师的答案", "all images, teacher's answers"), PURPLE),
        ("labels", say("只用标签", "labels only"), INK),
    ):
        runs = _results.pick(results, path)[:, None] * ones
        _results.band(ax, temperatures, runs, colour, label, ":")
    ax.set(xscale="log", xlabel=say("温度 T", "temperature T"))
    ax.set_ylabel(say("测试准确率", "test accuracy"))
    ax.set_xticks(temperatures, temperatures)
    ax.minorticks_off()
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure

"""Do softmax scores crowd together, and is one-vs-rest sigmoid the better classifier?"""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, ORANGE, PURPLE, panels
from snippets.experiments import _results
from snippets.experiments._training import (
    accuracy,
    digits,
    ece,
    fit,
    log_loss,
    one_vs_rest,
    vgg,
)

FULL = {
    "seeds": 10,
    "classes": [2, 4, 10, 100, 1000],
    "sets": {
        "clean": {"train": None, "noise": 0.0, "at": [0, 2, 5, 10, 20, 40, 60]},
        "hard": {"train": 200, "noise": 0.35, "at": [0, 5, 20, 50, 100]},
    },
}
LOSSES = {"cross entropy": F.cross_entropy, "one-vs-rest": one_vs_rest}
READ = {"softmax": lambda z: z.softmax(1), "sigmoid": torch.sigmoid}


def run(seed: int, classes: list[int], sets: dict) -> dict:
    """Gaps of untrained nets by number of classes; both losses on each set, read in both ways."""
    x, _ = digits(seed)["test"]
    found = {"untrained": {}, "sets": {}}
    for count in classes:
        with torch.no_grad():
            logits = vgg(seed, count)(x).double()
        found["untrained"][str(count)] = {
            name: _gap(read(logits)).median().item() for name, read in READ.items()
        }
    for name, settings in sets.items():
        options = {key: settings[key] for key in settings.keys() & {"lr"}}
        data = digits(seed, settings["train"], settings["noise"])
        found["sets"][name] = {
            trained: fit(
                vgg(seed),
                data["train"],
                loss,
                seed,
                settings["at"],
                lambda net, part=data["test"]: _look(net, part),
                **options,
            )
            for trained, loss in LOSSES.items()
        }
    return found


def _look(net, part) -> dict:
    """Both read-outs of a network on the test part."""
    x, y = part
    with torch.no_grad():
        logits = net(x).double()
    found = {}
    for name, read in READ.items():
        scores = read(logits)
        gap, over = _gap(scores), (scores > 0.5).sum(1)
        found[name] = {
            "accuracy": accuracy(scores, y),
            "gap": gap.mean().item(),
            "ece": ece(scores, y),
            "log-loss": log_loss(scores, y),
            "none": (over == 0).double().mean().item(),
            "several": (over > 1).double().mean().item(),
            "histogram": torch.histc(gap, 10, 0, 1).int().tolist(),
        }
    return found


def _gap(scores):
    """The largest score minus the second, by row."""
    top = scores.topk(2, dim=1).values
    return top[:, 0] - top[:, 1]


# -- reading the stored results --------------------------------------------------------------

REDUCED = {  # what the tests and the notebook repeat from scratch
    "seeds": 2,
    "classes": [2, 10, 100],
    "sets": {"clean": {"train": 128, "noise": 0.0, "at": [0, 30], "lr": 3e-3}},
}

# how each is drawn: trained with, read by, colour, line
LINES = {
    "cross entropy, softmax": ("cross entropy", "softmax", BLUE, "-"),
    "one-vs-rest, sigmoid": ("one-vs-rest", "sigmoid", GREEN, "--"),
    "cross entropy, sigmoid": ("cross entropy", "sigmoid", ORANGE, "-."),
    "one-vs-rest, softmax": ("one-vs-rest", "softmax", PURPLE, ":"),
}


def untrained(results: dict) -> str:
    """The median gap before training by number of classes, and the paired difference."""
    rows = []
    for count in results["runs"][0]["untrained"]:
        soft, each = (_results.pick(results, "untrained", count, name) for name in READ)
        ratio = f"{(soft / each).mean():.4f}"
        cells = [_results.spread(soft), _results.spread(each), _results.paired(soft, each), ratio]
        rows.append([count, *cells])
    return _results.table(["C", "softmax gap", "sigmoid gap", "difference, 95%", "ratio"], rows)


def trained(results: dict, name: str) -> str:
    """After the last epoch on a set: each loss read in both ways."""
    measures = ["accuracy", "gap", "ece", "log-loss"]
    rows = [
        [line, *(_results.spread(_end(results, name, loss, read, m), 3) for m in measures)]
        for line, (loss, read, _, _) in LINES.items()
    ]
    return _results.table([f"{name}: trained, read by", *measures], rows)


def differences(results: dict, name: str, epochs: list[int]) -> str:
    """Cross entropy by softmax minus one-vs-rest by sigmoid, paired by seed, after these epochs."""
    at = results["settings"]["sets"][name]["at"]
    rows = []
    for measure in ("accuracy", "gap", "ece", "log-loss"):
        cells = []
        for epoch in epochs:
            pair = (
                _results.pick(results, "sets", name, loss, at.index(epoch), read, measure)
                for loss, read in (("cross entropy", "softmax"), ("one-vs-rest", "sigmoid"))
            )
            cells.append(_results.paired(*pair, 3))
        rows.append([measure, *cells])
    return _results.table([name, *(f"epoch {epoch}" for epoch in epochs)], rows)


def over_half(results: dict) -> str:
    """Read by sigmoid: the share of images with no score above one half, and with several."""
    rows = []
    for name in results["settings"]["sets"]:
        for loss in LOSSES:
            shares = (_end(results, name, loss, "sigmoid", m) for m in ("none", "several"))
            rows.append([f"{name}, {loss}", *map(_results.spread, shares)])
    return _results.table(["sigmoid read-out", "no score > 1/2", "several > 1/2"], rows)


def claims(results: dict) -> dict[str, bool]:
    """What is concluded, and whether these results say so: on each seed and set."""
    sets = results["settings"]["sets"]

    def before(count: int):
        return (_results.pick(results, "untrained", str(count), name) for name in READ)

    def after(measure: str, loss: str, read: str):
        return [_end(results, name, loss, read, measure) for name in sets]

    (soft2, each2), (soft100, each100) = before(2), before(100)
    soft = after("gap", "cross entropy", "softmax")
    lead = [
        (a - b).mean()
        for a, b in zip(
            after("accuracy", "one-vs-rest", "sigmoid"),
            after("accuracy", "cross entropy", "softmax"),
            strict=True,
        )
    ]
    return {
        "untrained, 2 classes: softmax scores are further apart": bool((soft2 > each2).all()),
        "untrained, 100 classes: softmax scores are closer": bool((soft100 < each100).all()),
        "trained, each with its own read-out: softmax scores are further apart": all(
            (a > b).all() for a, b in zip(soft, after("gap", "one-vs-rest", "sigmoid"), strict=True)
        ),
        "one-vs-rest leads in accuracy on no set": max(lead) <= 0,
        "cross entropy read by sigmoid: most images have several scores above 1/2": all(
            (share > 0.5).all() for share in after("several", "cross entropy", "sigmoid")
        ),
    }


def _end(results: dict, name: str, loss: str, read: str, measure: str):
    """A measure after the last epoch on a set, by seed."""
    return _results.pick(results, "sets", name, loss, -1, read, measure)


def _curves(ax, results: dict, name: str, measure: str, lines: list[str]) -> None:
    """A measure over the epochs of a set."""
    for line in lines:
        loss, read, colour, style = LINES[line]
        looks = _results.pick(results, "sets", name, loss)
        runs = [[look[read][measure] for look in seed] for seed in looks]
        _results.band(ax, results["settings"]["sets"][name]["at"], runs, colour, line, style)


def gaps(say):
    """The gap before training by number of classes, and over the epochs."""
    results = _results.stored("scores")
    figure, (left, right) = panels(2, height=3.3)
    counts = list(results["runs"][0]["untrained"])
    for name, colour, style in (("softmax", BLUE, "-"), ("sigmoid", GREEN, "--")):
        runs = [[run["untrained"][c][name] for c in counts] for run in results["runs"]]
        _results.band(left, [int(c) for c in counts], runs, colour, name, style, log=True)
    left.set(xscale="log", yscale="log", xlabel=say("类别数 C", "number of classes C"))
    left.set_title(say("未训练：间隔的中位数", "untrained: median gap"))
    left.legend()
    _curves(right, results, "clean", "gap", list(LINES)[:3])
    right.set(xlabel=say("轮", "epoch"), title=say("训练中：平均间隔", "in training: mean gap"))
    right.legend(loc=(0.33, 0.2))
    return figure


def learning(say):
    """Accuracy over the epochs on both sets."""
    results = _results.stored("scores")
    figure, axes = panels(2, height=3.0, sharey=True)
    titles = {"clean": say("干净数据", "clean set"), "hard": say("困难数据", "hard set")}
    for ax, (name, title) in zip(axes, titles.items(), strict=True):
        _curves(ax, results, name, "accuracy", list(LINES)[:2])
        heading = say("测试准确率，", "test accuracy, ") + title
        ax.set(xlabel=say("轮", "epoch"), title=heading, ylim=(0, 1))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def histogram(say):
    """How the gaps of the test images are distributed after the last epoch on the clean set."""
    results = _results.stored("scores")
    figure, axes = panels(3, height=2.4, sharey=True)
    for ax, line in zip(axes, list(LINES)[:3], strict=True):
        loss, read, colour, _ = LINES[line]
        counts = _end(results, "clean", loss, read, "histogram").sum(0)
        width = 1 / len(counts)
        middles = [(k + 0.5) * width for k in range(len(counts))]
        ax.bar(middles, counts / counts.sum(), 0.9 * width, color=colour)
        ax.set(title=line, xlabel=say("间隔", "gap"), ylim=(0, 1), xticks=(0, 0.5, 1))
        ax.grid(axis="x", visible=False)
    axes[0].set_ylabel(say("图像占比", "share of images"))
    return figure

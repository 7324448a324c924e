"""Temperature scaling against label smoothing: reliability, log-loss, accuracy."""

from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import minimize_scalar

from snippets._style import BLUE, GREEN, GRID, INK, ORANGE, PURPLE, panels
from snippets.experiments import _results
from snippets.experiments._training import accuracy, digits, ece, fit, log_loss, vgg

FULL = {
    "seeds": 8,
    "sets": {
        "clean": {"train": None, "noise": 0.0, "epochs": 15},
        "hard": {"train": 300, "noise": 0.35, "epochs": 60},
    },
    "smoothing": [0.0, 0.05, 0.1, 0.2],
    "temperatures": [0.25, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 8.0],
}
BINS = 10  # of the reliability diagrams; the calibration error itself takes 15


def run(seed: int, sets: dict, smoothing: list[float], temperatures: list[float]) -> dict:
    """Nets with each strength of label smoothing on each set, read at several temperatures."""
    found = {}
    for name, settings in sets.items():
        data = digits(seed, settings["train"], settings["noise"], validation=0.5)
        found[name] = {}
        for strength in smoothing:
            net = vgg(seed)
            options = {key: settings[key] for key in settings.keys() & {"lr"}}
            loss = partial(F.cross_entropy, label_smoothing=strength)
            fit(net, data["train"], loss, seed, [settings["epochs"]], lambda net: None, **options)
            with torch.no_grad():
                logits = {part: net(x).double() for part, (x, _) in data.items()}
            labels = {part: y for part, (_, y) in data.items()}
            found[name][str(strength)] = _read(logits, labels, temperatures, seed)
    return found


def _read(logits: dict, labels: dict, temperatures: list[float], seed: int) -> dict:
    """The test part as it is and at the temperatures fitted on two other parts."""
    z, y = logits["test"], labels["test"]
    fitted = {part: fit_temperature(logits[part], labels[part]) for part in ("validation", "train")}
    found = {"before": _measures(z, y), "fitted": fitted}
    for part, temperature in fitted.items():
        found[part] = _measures(z / temperature, y)
    found["changed"] = int((z.argmax(1) != (z / fitted["validation"]).argmax(1)).sum())
    found["floor"] = _floor((z / fitted["validation"]).softmax(1), seed)
    found["grid"] = {
        measure: [function((z / t).softmax(1), y) for t in temperatures]
        for measure, function in (("ece", ece), ("log-loss", log_loss))
    }
    return found


def fit_temperature(logits, y) -> float:
    """The temperature between 1/20 and 20 that gives the smallest log-loss."""

    def loss(log_t: float) -> float:
        return log_loss((logits / np.exp(log_t)).softmax(1), y)

    bound = np.log(20)
    return float(np.exp(minimize_scalar(loss, bounds=(-bound, bound), method="bounded").x))


def _measures(z, y) -> dict:
    """Accuracy, calibration error, log-loss, confidence; by bin: images, confidence, right."""
    probs = z.softmax(1)
    top, label = probs.max(1)
    bin_of = (top * BINS).long().clamp(max=BINS - 1)
    sums = [
        torch.zeros(BINS, dtype=top.dtype).scatter_add_(0, bin_of, values).tolist()
        for values in (torch.ones_like(top), top, (label == y).to(top))
    ]
    return {
        "accuracy": accuracy(probs, y),
        "ece": ece(probs, y),
        "log-loss": log_loss(probs, y),
        "confidence": top.mean().item(),
        "bins": sums,
    }


def _floor(probs, seed: int, draws: int = 50) -> float:
    """The calibration error that the scores would have if they were the probabilities.

    The labels are drawn from the scores themselves; what is left is the noise of so few images.
    """
    chance = torch.Generator().manual_seed(seed)
    drawn = torch.multinomial(probs, draws, replacement=True, generator=chance)
    return sum(ece(probs, drawn[:, k]) for k in range(draws)) / draws


# -- reading the stored results --------------------------------------------------------------

REDUCED = {  # what the tests and the notebook repeat from scratch
    "seeds": 2,
    "sets": {"hard": {"train": 64, "noise": 0.35, "epochs": 60, "lr": 3e-3}},
    "smoothing": [0.0, 0.2],
    "temperatures": [1.0],
}
MEASURES = ("ece", "log-loss")


def scaled(results: dict, name: str) -> str:
    """Each strength of smoothing on a set, before and after temperature scaling."""
    rows = []
    for strength in results["settings"]["smoothing"]:
        at = partial(_at, results, name, strength)
        cells = [_results.spread(at("before", "accuracy"), 3)]
        cells.append(_results.spread(at("fitted", "validation"), 2))
        cells += [_results.spread(at(when, "ece"), 3) for when in ("before", "validation")]
        rows.append([str(strength), *cells, f"{at('floor').mean():.3f}"])
    head = [f"{name}, eps", "accuracy", "T", "ece", "ece, scaled", "floor"]
    return _results.table(head, rows)


def gains(results: dict, name: str) -> str:
    """What temperature scaling changes: after minus before, paired by seed; changed labels."""
    rows = []
    for strength in results["settings"]["smoothing"]:
        at = partial(_at, results, name, strength)
        cells = [_results.paired(at("validation", m), at("before", m), 3) for m in MEASURES]
        rows.append([str(strength), *cells, f"{at('changed').sum()}"])
    head = [f"{name}, eps", "ece, 95%", "log-loss, 95%", "labels changed"]
    return _results.table(head, rows)


def against(results: dict, name: str) -> str:
    """Smoothing in training against a temperature afterwards: the difference, paired by seed."""
    rows = []
    for strength in results["settings"]["smoothing"][1:]:
        for when, text in (("before", ""), ("validation", " and T")):
            cells = [
                _results.paired(
                    _at(results, name, strength, when, measure),
                    _at(results, name, 0.0, "validation", measure),
                    3,
                )
                for measure in ("accuracy", *MEASURES)
            ]
            rows.append([f"{strength}{text}", *cells])
    head = [f"{name}, eps", "accuracy, 95%", "ece, 95%", "log-loss, 95%"]
    return _results.table(head, rows)


def fitted_on(results: dict) -> str:
    """Without smoothing: the temperature and the log-loss by the part that it was fitted on."""
    rows = []
    for name in results["settings"]["sets"]:
        at = partial(_at, results, name, 0.0)
        before = at("before", "log-loss")
        for part in ("validation", "train"):
            after = at(part, "log-loss")
            cells = [_results.spread(at("fitted", part), 2), _results.spread(after, 3)]
            rows.append([f"{name}, {part}", *cells, _results.paired(after, before, 3)])
    return _results.table(["fitted on", "T", "log-loss", "minus unscaled, 95%"], rows)


def claims(results: dict) -> dict[str, bool]:
    """What is concluded, and whether these results say so: on each seed."""
    sets, strengths = results["settings"]["sets"], results["settings"]["smoothing"]
    plain, most = partial(_at, results, "hard", 0.0), strengths[-1]
    return {
        "a temperature changes no label": all(
            (_at(results, name, strength, "changed") == 0).all()
            for name in sets
            for strength in strengths
        ),
        "hard set, no smoothing: confidence is above accuracy, T above 1": bool(
            (plain("before", "confidence") > plain("before", "accuracy")).all()
            and (plain("fitted", "validation") > 1.2).all()
        ),
        "hard set, no smoothing: scaling lowers the calibration error and the log-loss": all(
            (plain("validation", measure) < plain("before", measure)).all() for measure in MEASURES
        ),
        "a temperature fitted on the training part makes the hard set's log-loss larger": bool(
            (plain("train", "log-loss") > plain("before", "log-loss")).all()
        ),
        f"smoothing {most} gives less confidence than none, and asks for a smaller T": all(
            (
                (
                    _at(results, name, most, "before", "confidence")
                    < _at(results, name, 0.0, "before", "confidence")
                )
                & (
                    _at(results, name, most, "fitted", "validation")
                    < _at(results, name, 0.0, "fitted", "validation")
                )
            ).all()
            for name in sets
        ),
    }


def _at(results: dict, name: str, strength: float, *path):
    """A value on a set with a strength of smoothing, by seed."""
    return _results.pick(results, name, str(strength), *path)


def reliability(say):
    """Accuracy by confidence on the hard set, all seeds together, before and after scaling."""
    results = _results.stored("calibration")
    figure, axes = panels(4, 2, height=2.15, sharex=True, sharey=True)
    strengths = results["settings"]["smoothing"]
    words = {"before": say("缩放前", "unscaled"), "validation": say("缩放后", "scaled")}
    cases = [(when, strength) for when in words for strength in strengths]
    for ax, (when, strength) in zip(axes, cases, strict=True):
        count, confidence, right = _at(results, "hard", strength, when, "bins").sum(0)
        shown = count >= 20  # of fewer images the share says little
        width = 1 / len(count)
        middles = (np.arange(len(count)) + 0.5) * width
        ax.bar(middles, count / count.sum(), 0.9 * width, color=GRID)
        ax.plot((0, 1), (0, 1), "--", color=INK, lw=1)
        colour = ORANGE if when == "before" else BLUE
        ax.plot(
            confidence[shown] / count[shown], right[shown] / count[shown], "o-", color=colour, ms=4
        )
        ax.set(
            title=say(f"ε = {strength:g}，{words[when]}", f"ε = {strength:g}, {words[when]}"),
            xlim=(0, 1),
            ylim=(0, 1),
        )
        ax.set(xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
    for ax in axes[4:]:
        ax.set_xlabel(say("置信度", "confidence"))
    for ax in axes[::4]:
        ax.set_ylabel(say("准确率", "accuracy"))
    return figure


def curves(say):
    """Log-loss and calibration error over the temperature on the hard set."""
    results = _results.stored("calibration")
    figure, axes = panels(2, height=3.0)
    titles = {"log-loss": say("测试 log-loss", "test log-loss"), "ece": say("测试 ECE", "test ECE")}
    strengths = results["settings"]["smoothing"]
    lines = zip(strengths, ((ORANGE, "-"), (GREEN, "--"), (BLUE, "-."), (PURPLE, ":")), strict=True)
    for strength, (colour, style) in lines:
        for ax, measure in zip(axes, titles, strict=True):
            runs = _at(results, "hard", strength, "grid", measure)
            _results.band(
                ax, results["settings"]["temperatures"], runs, colour, f"ε = {strength:g}", style
            )
    for ax, title in zip(axes, titles.values(), strict=True):
        ax.set(xscale="log", xlabel=say("温度 T", "temperature T"), title=title)
        ax.set_xticks((0.25, 0.5, 1, 2, 4, 8), ("¼", "½", "1", "2", "4", "8"))
        ax.minorticks_off()
    axes[0].set_ylim(0.5, 3)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure

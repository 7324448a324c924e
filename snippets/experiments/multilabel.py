"""Softmax or sigmoid where a sample has any number of labels, from none to many?"""

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    f1_score,
    label_ranking_average_precision_score,
    roc_auc_score,
)
from torch import nn

from snippets._style import BLUE, GREEN, INK, panels
from snippets.experiments import _results
from snippets.experiments._training import fit

FULL = {
    "seeds": 20,
    "samples": 4000,
    "classes": 10,
    "epochs": 20,
    "cuts": [0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
}
LABELS = 2  # of a sample, on average
MOST = 4  # samples with so many labels and more are counted together


def softmax_loss(logits, y):
    """Cross entropy with the target y / sum(y), mean over the batch; 0 for a row without label."""
    return F.cross_entropy(logits, y / y.sum(1, keepdim=True).clamp_min(1))


def sigmoid_loss(logits, y):
    """BCEWithLogitsLoss, summed over the labels, mean over the batch."""
    return F.binary_cross_entropy_with_logits(logits, y, reduction="sum") / len(y)


HEADS = {
    "softmax": (softmax_loss, lambda z: z.softmax(1)),
    "sigmoid": (sigmoid_loss, torch.sigmoid),
}


def data(seed: int, samples: int, classes: int) -> dict:
    """A new set: half to train, a quarter to tune, a quarter to test; x (N, 40), y (N, classes).

    The features are word counts, standardised with the mean and deviation of the training part.
    """
    x, y = make_multilabel_classification(
        samples, 40, n_classes=classes, n_labels=LABELS, length=40, random_state=seed
    )
    half = samples // 2
    x = (x - x[:half].mean(0)) / x[:half].std(0)
    cuts = [half, half + samples // 4]
    parts = zip(np.split(x, cuts), np.split(y, cuts), strict=True)
    names = ("train", "validation", "test")
    return {
        name: (torch.tensor(a, dtype=torch.float32), torch.tensor(b, dtype=torch.float32))
        for name, (a, b) in zip(names, parts, strict=True)
    }


def network(seed: int, classes: int) -> nn.Module:
    """One hidden layer of 64: logits (N, classes)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(40, 64), nn.ReLU(), nn.Linear(64, classes))


def run(seed: int, samples: int, classes: int, epochs: int, cuts: list[float]) -> dict:
    """Both heads, trained on the same set from the same weights, under every rule."""
    parts = data(seed, samples, classes)
    counts = parts["test"][1].sum(1).clamp(max=MOST).long().bincount(minlength=MOST + 1)
    found = {"counts": counts.tolist()}
    for name, (loss, read) in HEADS.items():
        (found[name],) = fit(
            network(seed, classes),
            parts["train"],
            loss,
            seed,
            [epochs],
            lambda net, read=read: _look(net, read, parts, cuts),
        )
    return found


def _look(net, read, parts: dict, cuts: list) -> dict:
    """Every rule and ranking on the test part; thresholds are tuned on the validation part."""
    with torch.no_grad():
        tuning, scores = (read(net(parts[part][0]).double()) for part in ("validation", "test"))
    y = parts["test"][1]
    rules = {
        "threshold 1/2": scores > 0.5,
        "tuned": scores >= tuned_thresholds(tuning, parts["validation"][1]),
        "top 2": _top(scores, torch.full((len(y),), LABELS)),
        "top k, k known": _top(scores, y.sum(1)),
    }
    none, several = y.sum(1) == 0, y.sum(1) > 1
    met = y.any(0)
    return {
        "rules": {rule: _measure(found, y.bool()) for rule, found in rules.items()},
        "within a sample": label_ranking_average_precision_score(y[~none], scores[~none]),
        "within a label": average_precision_score(y[:, met], scores[:, met], average="macro"),
        "none or several": roc_auc_score(
            several[none | several], scores.max(1).values[none | several]
        ),
        "by cut": [
            {
                "micro": f1_score(y, scores > cut, average="micro", zero_division=0),
                "exact": accuracy_score(y, scores > cut),
            }
            for cut in cuts
        ],
    }


def tuned_thresholds(scores, y):
    """For each label the score (C,) from which on "yes" gives the largest F1; scores, y (N, C)."""
    order = scores.argsort(0, descending=True)
    hits = y.gather(0, order).cumsum(0)
    said = torch.arange(1, len(y) + 1).unsqueeze(1)
    best = (2 * hits / (said + y.sum(0))).argmax(0, keepdim=True)
    return scores.gather(0, order.gather(0, best)).squeeze(0)


def _top(scores, k):
    """The k best labels of each row, k (N,)."""
    rank = scores.argsort(1, descending=True).argsort(1)
    return rank < k.unsqueeze(1)


def _measure(found, y) -> dict:
    """F-scores, exact matches, and what happens by the number of true labels; both (N, C).

    A sample without label that gets none counts as F = 1; a label of no sample is left out.
    """
    met = y.any(0)
    scores = {
        "micro": f1_score(y, found, average="micro", zero_division=0),
        "macro": f1_score(y[:, met], found[:, met], average="macro", zero_division=0),
        "samples": f1_score(y, found, average="samples", zero_division=1),
    }
    groups = [y.sum(1).clamp(max=MOST) == count for count in range(MOST + 1)]
    given = found.sum(1).double()
    return scores | {
        "exact": accuracy_score(y, found),
        "given": [given[group].mean().item() for group in groups],
        "empty": [(given[group] == 0).double().mean().item() for group in groups],
        "right": [(found == y).all(1)[group].double().mean().item() for group in groups],
    }


# -- reading the stored results --------------------------------------------------------------

REDUCED = {"seeds": 2, "samples": 1600, "classes": 10, "epochs": 30, "cuts": [0.2, 0.5]}

# how the two heads are drawn
LOOKS = {"softmax": (BLUE, "-"), "sigmoid": (GREEN, "--")}
SCORES = ("micro", "macro", "samples", "exact")
RANKINGS = ("within a sample", "within a label", "none or several")


def rules(results: dict) -> str:
    """Both heads under every rule: F-scores and exact matches."""
    rows = []
    for head in HEADS:
        for rule in _rules(results):
            cells = (_results.spread(_score(results, head, rule, m), 3) for m in SCORES)
            rows.append([f"{head}, {rule}", *cells])
    return _results.table(["head, rule", *SCORES], rows)


def differences(results: dict) -> str:
    """Sigmoid minus softmax under every rule, paired by seed."""
    rows = []
    for rule in _rules(results):
        pairs = ([_score(results, h, rule, m) for h in ("sigmoid", "softmax")] for m in SCORES)
        rows.append([rule, *(_results.paired(*pair, 3) for pair in pairs)])
    return _results.table(["sigmoid - softmax", *SCORES], rows)


def ranking(results: dict) -> str:
    """What the order of the scores is worth, and sigmoid minus softmax, paired by seed."""
    rows = []
    for name in RANKINGS:
        each = {head: _results.pick(results, head, name) for head in HEADS}
        cells = [_results.spread(values, 3) for values in each.values()]
        rows.append([name, *cells, _results.paired(each["sigmoid"], each["softmax"], 3)])
    return _results.table(["ranking", *HEADS, "sigmoid - softmax, 95%"], rows)


def by_count(results: dict, measure: str) -> str:
    """A measure by the number of true labels, threshold 1/2 and tuned, softmax and sigmoid."""
    columns = [(head, rule) for rule in ("threshold 1/2", "tuned") for head in HEADS]
    rows = []
    for k in range(MOST + 1):
        cells = (_by_count(results, head, rule, measure)[:, k] for head, rule in columns)
        rows.append([_count(k), *(_results.spread(values, 2) for values in cells)])
    return _results.table([measure, *(f"{h}, {r.split()[-1]}" for h, r in columns)], rows)


def claims(results: dict) -> dict[str, bool]:
    """What is concluded, and whether these results say so."""

    def lead(rule: str, measure: str):
        sigmoid, softmax = (_score(results, h, rule, measure) for h in ("sigmoid", "softmax"))
        return sigmoid - softmax

    def order(name: str):
        sigmoid, softmax = (_results.pick(results, head, name) for head in ("sigmoid", "softmax"))
        return (sigmoid - softmax).mean()

    half = _by_count(results, "softmax", "threshold 1/2", "empty")
    unlabelled = {h: _by_count(results, h, "tuned", "given")[:, 0].mean() for h in HEADS}
    return {
        "at 1/2: sigmoid leads in micro, macro and samples F on every seed": all(
            (lead("threshold 1/2", measure) > 0.05).all() for measure in SCORES[:3]
        ),
        "at 1/2: sigmoid does not lead in exact matches": lead("threshold 1/2", "exact").mean() < 0,
        "at 1/2: softmax leaves most samples with two or more labels empty": bool(
            (half[:, 2:].mean(0) > 0.5).all()
        ),
        "tuned: the mean micro and macro F of the two are within 0.03": all(
            abs(lead("tuned", measure).mean()) < 0.03 for measure in ("micro", "macro")
        ),
        "tuned: softmax gives a sample without label more than one, and more than sigmoid": bool(
            unlabelled["softmax"] > max(1, unlabelled["sigmoid"])
        ),
        "ranked within a sample and within a label, the means are within 0.03": (
            max(abs(order(name)) for name in RANKINGS[:2]) < 0.03
        ),
        "by the largest score sigmoid tells none from several better": order(RANKINGS[2]) > 0.01,
    }


def _rules(results: dict) -> list[str]:
    return list(results["runs"][0]["softmax"]["rules"])


def _score(results: dict, head: str, rule: str, measure: str):
    return _results.pick(results, head, "rules", rule, measure)


def _by_count(results: dict, head: str, rule: str, measure: str):
    """A measure by the number of true labels: (seeds, MOST + 1)."""
    return _score(results, head, rule, measure)


def _count(k: int) -> str:
    return f"{k}" if k < MOST else f"{k}+"


def cut(say):
    """Micro F and exact matches over one threshold for all labels."""
    results = _results.stored("multilabel")
    figure, axes = panels(2, height=2.9)
    titles = {"micro": say("micro F", "micro F"), "exact": say("完全匹配", "exact match")}
    for ax, (measure, title) in zip(axes, titles.items(), strict=True):
        for head, (colour, style) in LOOKS.items():
            looks = _results.pick(results, head, "by cut")
            runs = [[look[measure] for look in seed] for seed in looks]
            _results.band(ax, results["settings"]["cuts"], runs, colour, head, style)
        ax.axvline(0.5, color=INK, lw=0.8, ls=":")
        ax.set(xlabel=say("阈值", "threshold"), title=title, ylim=(0, None))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def counts(say):
    """How many labels a sample gets, by how many it has."""
    results = _results.stored("multilabel")
    figure, axes = panels(2, height=2.9, sharey=True)
    titles = {"threshold 1/2": say("阈值 1/2", "threshold 1/2"), "tuned": say("调优阈值", "tuned")}
    ticks = range(MOST + 1)
    for ax, (rule, title) in zip(axes, titles.items(), strict=True):
        for head, (colour, style) in LOOKS.items():
            _results.band(ax, ticks, _by_count(results, head, rule, "given"), colour, head, style)
        ax.plot(ticks, ticks, ":", color=INK, lw=1, label=say("与真实相等", "as many as true"))
        ax.set_xticks(ticks, map(_count, ticks))
        ax.set(xlabel=say("真实标签数", "true labels"), title=title)
    axes[0].set_ylabel(say("给出的标签数", "labels given"))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure

"""What the gradients of Gumbel-softmax samples cost: bias and variance against the exact one."""

import numpy as np
import torch
import torch.nn.functional as F

from snippets._style import BLUE, GREEN, INK, ORANGE, PURPLE, RED, panels
from snippets.experiments import _results

FULL = {
    "seeds": 20,
    "classes": 8,
    "draws": 100_000,
    "taus": [0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0],
}
# for costs c (C,): functions of rows z (N, C) that are c[i] at the i-th one-hot row
FUNCTIONS = {
    "linear": lambda z, c: z @ c,
    "square": lambda z, c: z.square() @ c,
    "log": lambda z, c: (z @ c.exp()).log(),
}
SAMPLES = {"straight-through": True, "soft": False}


def problem(seed: int, classes: int):
    """Random logits and costs, (C,) each, in float64."""
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(2, classes, generator=draw, dtype=torch.float64).unbind()


def exact(x, c):
    """The gradient of E[f(z)] = sum_i p_i c_i with respect to the logits x: (C,)."""
    x = x.detach().requires_grad_()
    return torch.autograd.grad(F.softmax(x, 0) @ c, x)[0]


def estimates(x, c, function, tau: float, hard: bool, draws: int, seed: int):
    """One gradient per draw, (draws, C), through F.gumbel_softmax; equal seeds give equal noise."""
    rows = x.detach().repeat(draws, 1).requires_grad_()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        z = F.gumbel_softmax(rows, tau, hard)
    return torch.autograd.grad(function(z, c).sum(), rows)[0]


def reinforce(x, c, baseline, draws: int, seed: int):
    """(f(z) - baseline) times the gradient of log p(z), one per one-hot draw: (draws, C)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        z = F.gumbel_softmax(x.repeat(draws, 1), hard=True)
    return (z @ c - baseline).unsqueeze(1) * (z - F.softmax(x, 0))


def run(seed: int, classes: int, draws: int, taus: list[float]) -> dict:
    """Bias and deviation of every estimate on a random problem, in units of the exact gradient."""
    x, c = problem(seed, classes)
    truth = exact(x, c)
    found = {
        name: {
            kind: [
                _against(truth, estimates(x, c, function, tau, hard, draws, seed)) for tau in taus
            ]
            for kind, hard in SAMPLES.items()
        }
        for name, function in FUNCTIONS.items()
    }
    baselines = {"no baseline": 0.0, "baseline E[f]": F.softmax(x, 0) @ c}
    found["reinforce"] = {
        name: _against(truth, reinforce(x, c, baseline, draws, seed))
        for name, baseline in baselines.items()
    }
    return found


def _against(truth, gradients) -> dict:
    """Squared bias and variance of one gradient, divided by the squared length of the exact one.

    The squared distance of the mean from the exact gradient holds the variance of that mean,
    which is subtracted: the estimate is unbiased, and below 0 where there is no bias to see.
    """
    mean, variance = gradients.mean(0), gradients.var(0).sum()
    square = (mean - truth).square().sum() - variance / len(gradients)
    size = truth.square().sum()
    return {
        "bias2": (square / size).item(),
        "variance": (variance / size).item(),
        "along": (mean @ truth / size).item(),
    }


# -- reading the stored results --------------------------------------------------------------

REDUCED = {"seeds": 3, "classes": 8, "draws": 20_000, "taus": [0.1, 1.0, 5.0]}

# how each estimate is drawn: function, sample (hard is straight-through), colour, line
LINES = {
    "linear, both": ("linear", "soft", INK, "-"),
    "square, hard": ("square", "straight-through", ORANGE, "--"),
    "square, soft": ("square", "soft", PURPLE, ":"),
    "log, hard": ("log", "straight-through", RED, "-."),
    "log, soft": ("log", "soft", BLUE, "-"),
}
BASELINE = "baseline E[f]"


def biases(results: dict) -> str:
    """The length of the bias, in units of the length of the exact gradient, by tau."""
    return _by_tau(results, _bias)


def deviations(results: dict) -> str:
    """The standard deviation of one gradient, in the same units, by tau."""
    return _by_tau(results, _deviation)


def along(results: dict) -> str:
    """The part of the mean gradient along the exact one; 1 is right."""
    return _by_tau(results, lambda results, *path: _results.pick(results, *path, "along"))


def reference(results: dict) -> str:
    """REINFORCE: bias, deviation and the part along the exact gradient."""
    rows = []
    for name in results["runs"][0]["reinforce"]:
        path = ("reinforce", name)
        values = _bias(results, *path), _deviation(results, *path)
        values += (_results.pick(results, *path, "along"),)
        rows.append([name, *(_results.spread(value, 3) for value in values)])
    return _results.table(["REINFORCE", "bias", "deviation", "along"], rows)


def differences(results: dict) -> str:
    """Straight-through minus soft: bias and deviation, paired by problem."""
    rows = []
    for k, tau in enumerate(_taus(results)):
        cells = [
            _results.paired(*(read(results, name, kind, k) for kind in SAMPLES), 3)
            for name in ("square", "log")
            for read in (_bias, _deviation)
        ]
        rows.append([f"{tau:g}", *cells])
    head = ["tau", "square: bias", "square: deviation", "log: bias", "log: deviation"]
    return _results.table(head, rows)


def best(results: dict, draws: list[int]) -> str:
    """The tau with the smallest mean error of an average of so many gradients, and that error."""
    rows = []
    for label, (name, kind, _, _) in LINES.items():
        cells = []
        for n in draws:
            errors = _errors(results, name, kind, n)
            k = errors.mean(0).argmin()
            cells.append(f"{_taus(results)[k]:g}: {errors[:, k].mean():.3f}")
        rows.append([label, *cells])
    cells = (f"{_error(results, n, 'reinforce', BASELINE).mean():.3f}" for n in draws)
    rows.append([f"REINFORCE, {BASELINE}", *cells])
    return _results.table(["best tau: error", *(f"n = {n}" for n in draws)], rows)


def lead(results: dict, draws: list[int]) -> str:
    """The same errors minus those of REINFORCE, paired by problem."""
    rows = []
    for label, (name, kind, _, _) in LINES.items():
        cells = []
        for n in draws:
            errors = _errors(results, name, kind, n)
            least = errors[:, errors.mean(0).argmin()]
            cells.append(_results.paired(least, _error(results, n, "reinforce", BASELINE), 3))
        rows.append([label, *cells])
    return _results.table(["best tau - REINFORCE", *(f"n = {n}" for n in draws)], rows)


def limit(results: dict) -> str:
    """The bias of straight-through on log: at the smallest tau, and computed for tau to 0."""
    measured, computed = _bias(results, "log", "straight-through", 0), _limit(results)
    cells = [_results.spread(computed, 3), _results.spread(measured, 3)]
    cells.append(_results.paired(measured, computed, 3))
    head = ["log, straight-through", "limit", f"tau {_taus(results)[0]:g}", "difference, 95%"]
    return _results.table(head, [["bias", *cells]])


def _limit(results: dict):
    """sum_j p_i p_j sinh(c_i - c_j) in place of sum_j p_i p_j (c_i - c_j), by seed."""
    found = []
    for seed in range(len(results["runs"])):
        x, c = problem(seed, results["settings"]["classes"])
        p, d = F.softmax(x, 0), c.unsqueeze(1) - c
        truth, wrong = ((p.outer(p) * each).sum(1) for each in (d, d.sinh()))
        found.append(((wrong - truth).norm() / truth.norm()).item())
    return np.array(found)


def claims(results: dict) -> dict[str, bool]:
    """What is concluded, and whether these results say so."""
    taus = _taus(results)
    one = taus.index(1.0)

    def ends(read, name: str, kind: str):
        return read(results, name, kind, 0), read(results, name, kind, one)

    tilted = [
        (low < high).all() and (wide > narrow).all()
        for low, high, wide, narrow in (
            (*ends(_bias, name, "soft"), *ends(_deviation, name, "soft")) for name in FUNCTIONS
        )
    ]
    linear = [
        np.ptp([_results.pick(results, "linear", kind, k, "along") for kind in SAMPLES], 0).max()
        for k in range(len(taus))
    ]
    kept, gone = (_bias(results, "log", kind, 0).mean() for kind in SAMPLES)

    def right(tau: int, n: int):
        return _errors(results, "log", "soft", n)[:, tau].mean()

    def least(n: int):
        return _errors(results, "log", "soft", n).mean(0).min()

    def hold(n: int):
        return _error(results, n, "reinforce", BASELINE).mean()

    return {
        "linear: straight-through and soft samples give the same gradient": max(linear) < 1e-3,
        "soft: the smallest tau has less bias and more deviation than tau 1, every problem": all(
            tilted
        ),
        "log: at the smallest tau straight-through keeps over 3 times the bias of soft": (
            kept > 3 * gone
        ),
        "log: the bias of straight-through at the smallest tau is near its limit, every problem": (
            bool(
                abs(_bias(results, "log", "straight-through", 0) / _limit(results) - 1).max() < 0.2
            )
        ),
        "REINFORCE has a mean bias below 0.05": (
            _bias(results, "reinforce", BASELINE).mean() < 0.05
        ),
        "log, soft: tau 1 beats the smallest tau for one draw and loses for a thousand": bool(
            right(one, 1) < right(0, 1) and right(one, 1000) > right(0, 1000)
        ),
        "log, soft: its best tau beats REINFORCE for one draw and loses for a thousand": bool(
            least(1) < hold(1) and least(1000) > hold(1000)
        ),
    }


def _taus(results: dict) -> list[float]:
    return results["settings"]["taus"]


def _bias(results: dict, *path):
    """By seed; what is below the noise of the mean counts as 0."""
    return np.sqrt(np.maximum(_results.pick(results, *path, "bias2"), 0))


def _deviation(results: dict, *path):
    return np.sqrt(_results.pick(results, *path, "variance"))


def _error(results: dict, n: int, *path):
    """The root mean square distance of the mean of n gradients from the exact one, by seed."""
    return np.hypot(_bias(results, *path), _deviation(results, *path) / n**0.5)


def _errors(results: dict, name: str, kind: str, n: int):
    """The same for every tau: (seeds, taus)."""
    return np.stack([_error(results, n, name, kind, k) for k in range(len(_taus(results)))], 1)


def _by_tau(results: dict, read) -> str:
    rows = [
        [
            f"{tau:g}",
            *(_results.spread(read(results, f, kind, k), 3) for f, kind, _, _ in LINES.values()),
        ]
        for k, tau in enumerate(_taus(results))
    ]
    return _results.table(["tau", *LINES], rows)


def _tau_axis(ax) -> None:
    ticks = (0.05, 0.2, 1, 5)
    ax.set(xscale="log", xlabel="tau")
    ax.set_xticks(ticks, [f"{tau:g}" for tau in ticks])
    ax.minorticks_off()


def tradeoff(say):
    """Bias and deviation over tau, for every function and sample."""
    results = _results.stored("gumbel")
    figure, (left, right) = panels(2, height=3.7)
    for label, (name, kind, colour, style) in LINES.items():
        for ax, read in ((left, _bias), (right, _deviation)):
            runs = np.stack([read(results, name, kind, k) for k in range(len(_taus(results)))], 1)
            _results.band(ax, _taus(results), runs, colour, label, style, log=ax is right)
    level = _deviation(results, "reinforce", BASELINE).mean()
    right.axhline(level, color=GREEN, lw=1.2, ls="--", label="REINFORCE")
    left.axhline(0, color=GREEN, lw=1.2, ls="--")
    for ax in (left, right):
        _tau_axis(ax)
    left.set(title=say("偏差", "bias"))
    right.set(title=say("标准差", "standard deviation"), yscale="log")
    figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def errors(say):
    """The error of a mean of n gradients of the log function over tau."""
    results = _results.stored("gumbel")
    figure, axes = panels(2, height=3.2, sharey=True)
    titles = {
        "straight-through": say("log，直通", "log, straight-through"),
        "soft": say("log，软样本", "log, soft"),
    }
    looks = ((1, BLUE, "-"), (10, ORANGE, "--"), (100, GREEN, "-."), (1000, PURPLE, ":"))
    for ax, (kind, title) in zip(axes, titles.items(), strict=True):
        for n, colour, style in looks:
            runs = _errors(results, "log", kind, n)
            _results.band(ax, _taus(results), runs, colour, f"n = {n}", style, log=True)
        _tau_axis(ax)
        ax.set(yscale="log", title=title)
    axes[0].set_ylabel(say("n 个梯度均值的误差", "error of a mean of n"))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure

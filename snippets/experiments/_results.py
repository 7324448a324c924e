"""Stored results of the experiments: whose they are, and how tables and figures read them.

A results file holds the settings, what `run` returned for each seed, where it was computed, and a
key: a hash of the code that computes, of the data and of the versions. What stands below the line
`# -- reading` of an experiment is no part of the key, so that a label can change without training
again. Trained numbers differ in their last digits between CPUs:
files are compared by key, and reduced cases by their claims.
"""

from __future__ import annotations

import ast
import hashlib
import json
import platform
import time
from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from scipy import stats
from sklearn.datasets import load_digits

FOLDER = Path(__file__).resolve().parent
READING = "\n# -- reading "  # the line of an experiment below which nothing is computed
_TRAINING = "snippets.experiments._training"


def names() -> list[str]:
    """Every experiment."""
    return sorted(path.stem for path in FOLDER.glob("[!_]*.py"))


def measure(name: str, seeds: int, **settings) -> dict:
    """An experiment's results, trained here and now: `{"settings": ..., "runs": [one a seed]}`."""
    return {"settings": settings, "runs": [alone(name, seed, settings) for seed in range(seeds)]}


def alone(name: str, seed: int, settings: dict) -> dict:
    """One seed on one thread, so that no other number of threads changes an order of additions."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _short(import_module(f"snippets.experiments.{name}").run(seed, **settings))
    finally:
        torch.set_num_threads(threads)


def _short(thing):
    """Five significant digits of every float; keys as JSON has them."""
    if isinstance(thing, dict):
        return {str(key): _short(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [_short(value) for value in thing]
    return float(f"{thing:.5g}") if isinstance(thing, float) else thing


# -- files -----------------------------------------------------------------------------------


def versions() -> dict[str, str]:
    """What the numbers depend on beside code and data."""
    return {name: version(name).partition("+")[0] for name in ("torch", "scikit-learn")}


def key(name: str, versions: dict[str, str]) -> str:
    """The hash of an experiment's code and data with these versions."""
    code = [_computing(FOLDER / file) for file in ("_training.py", f"{name}.py")]
    images, labels = load_digits(return_X_y=True)
    whole = hashlib.sha256("\0".join([*code, json.dumps(versions, sort_keys=True)]).encode())
    whole.update(images.astype("uint8").tobytes() + labels.astype("uint8").tobytes())
    return whole.hexdigest()


def _computing(path: Path) -> str:
    """The source above the line READING, without the docstring and imports for drawing."""
    source = path.read_text("utf-8").partition(READING)[0]
    kept = []
    for node in ast.parse(source).body:
        draws = isinstance(node, ast.ImportFrom) and node.module != _TRAINING
        draws = draws and node.module.startswith("snippets")
        if not (draws or isinstance(node, ast.Expr)):
            kept.append(ast.get_source_segment(source, node))
    return "\n".join(kept)


def store(name: str, settings: dict, runs: list[dict], start: float) -> Path:
    """Write a results file; `start` is the time.time() at which the work began."""
    now = versions()
    head = {
        "key": key(name, now),
        "versions": now,
        "machine": f"{platform.machine()}, {torch.backends.cpu.get_cpu_capability()}",
        "seconds": round(time.time() - start),
        "settings": settings,
    }
    lines = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in head.items()]
    lines.append('"runs": [\n' + ",\n".join(json.dumps(run) for run in runs) + "\n]")
    path = FOLDER / f"{name}.json"
    part = path.with_suffix(".part")
    part.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    part.replace(path)
    return path


def stored(name: str) -> dict:
    """The results of an experiment; raises RuntimeError where they are not those of its code."""
    path = FOLDER / f"{name}.json"
    where = f"snippets/experiments/{name}"
    mend = f"run `make experiments NAMES={name}` (or `python -m snippets.experiments {name}`)"
    try:
        results = json.loads(path.read_text("utf-8"))
        known, made_with = results["key"], results["versions"]
    except FileNotFoundError:
        raise RuntimeError(f"{where}.json does not exist: {mend}") from None
    except (ValueError, KeyError) as error:
        raise RuntimeError(f"{where}.json is no results file ({error!r}): {mend}") from None
    if known != key(name, made_with):
        raise RuntimeError(
            f"{where}.json was made by other code or data than {where}.py and _training.py hold "
            f"now: {mend}"
        )
    return results


def origin(results: dict) -> str:
    """Where stored results were computed, in a line."""
    made_with = ", ".join(f"{name} {number}" for name, number in results["versions"].items())
    return f"{len(results['runs'])} seeds, {made_with}, {results['machine']}"


# -- statistics ------------------------------------------------------------------------------


def pick(results: dict, *path) -> np.ndarray:
    """The value at a path of keys and indices, for each seed: (seeds,) or (seeds, ...)."""
    found = []
    for value in results["runs"]:
        for step in path:
            value = value[step]
        found.append(value)
    return np.array(found)


def interval(differences: Iterable[float]) -> tuple[float, float, float]:
    """Mean and 95% t interval of differences that are paired by seed.

    The seeds draw splits of one data set, so that they are not independent and the interval is
    somewhat too narrow. Needs two seeds; differences that are all equal have no width.
    """
    values = np.asarray(differences, float)
    if np.ptp(values) == 0:
        return values[0], values[0], values[0]
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    return values.mean(), low, high


# -- text ------------------------------------------------------------------------------------


def spread(values: Iterable[float], digits: int = 4) -> str:
    """Mean and sample standard deviation over the seeds."""
    values = np.asarray(values, float)
    return f"{values.mean():.{digits}f} +- {values.std(ddof=1):.{digits}f}"


def paired(a, b, digits: int = 4) -> str:
    """The mean of a - b with its 95% interval, paired by seed."""
    mean, low, high = interval(np.asarray(a, float) - np.asarray(b, float))
    return f"{mean:+.{digits}f} [{low:+.{digits}f}, {high:+.{digits}f}]"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Columns as wide as they need be, the first to the left, the others to the right."""
    widths = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
    lines = []
    for row in [head, *rows]:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def listed(claims: dict[str, bool]) -> str:
    """Claims, a line each, with whether they hold."""
    return "\n".join(f"{holds!s:5} {claim}" for claim, holds in claims.items())


# -- figures ---------------------------------------------------------------------------------


def band(ax, x, runs, colour: str, label: str, style: str = "-", log: bool = False) -> None:
    """A curve: the mean over the seeds, and one standard deviation around it; runs (seeds, x).

    With `log` mean and deviation are those of the logarithms, for a logarithmic axis; what is
    below 1e-9 counts as 1e-9.
    """
    values = np.log(np.maximum(runs, 1e-9)) if log else np.array(runs)
    mean, deviation = values.mean(0), values.std(0, ddof=1)
    low, middle, high = (
        np.exp(curve) if log else curve for curve in (mean - deviation, mean, mean + deviation)
    )
    ax.fill_between(x, low, high, color=colour, alpha=0.15, lw=0)
    ax.plot(x, middle, style, color=colour, label=label)

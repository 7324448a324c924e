"""What the functions cost: measures time into cost.json, and draws it (figures of guides/cost).

python -m snippets.guides.cost        measure everything anew, in one run of minutes

Time is the CPU time of one thread, and only ratios of two calls are kept: in each round the two
run one after the other in alternating order, each as the least of three readings, all pairs take
turns, and a ratio is the median of its rounds, with their 10th and 90th percentile. `cost.json`
names the machine and holds a hash of the measuring code, so that tests/test_cost.py notices when
the two no longer belong together.
"""

import ast
import hashlib
import json
import os
import platform
import statistics
import sys
import time
from datetime import date
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from snippets._style import BLUE, INK, ORANGE, SERIES, panels

RESULTS = Path(__file__).with_suffix(".json")
ROUNDS = 60
BURST = 7e-4  # seconds of CPU time for one reading, so that the clock's own cost vanishes
MODES = ("forward", "both")  # the call alone; the call and its backward pass


# -- what is compared: section -> name -> (call, the call it is divided by, input) -------------


def _pairs(scale: int = 1) -> dict[str, dict[str, tuple]]:
    """Every comparison. `scale` divides the sizes, for a quick trial."""
    g = torch.Generator().manual_seed(0)

    def randn(*shape, dtype=torch.float32):
        return torch.randn(*(max(2, n // scale) for n in shape), generator=g).to(dtype)

    x = randn(256, 1000)
    tall, middle = x.t().contiguous(), randn(128, 1000, 2)
    return {
        "units": {name: (f, _softmax, x) for name, f in _UNITS.items()},
        "ways": _ways(x, g) | _vocabulary(randn, g),
        "decisions": _decisions(x),
        "samples": _samples(x),
        "layout": {
            "dim=0 of (1000, 256)": (lambda v: F.softmax(v, 0), _softmax, tall, x),
            "dim=1 of (128, 1000, 2)": (_softmax, _softmax, middle, x),
            "dim=1 of (1000, 256).t()": (lambda v: F.softmax(v.t(), 1), _softmax, tall, x),
        },
        "dtype": {
            f"{name}, {str(dtype)[6:]}": (f, f, x.to(dtype), x)
            for name, f in {"softmax": _softmax, "log_softmax": _log_softmax}.items()
            for dtype in (torch.float64, torch.bfloat16, torch.float16)
        },
        "size": {
            f"{name} | {rows} x {columns}": _ways(randn(rows, columns), g)[name]
            for rows, columns in ((4, 10), (32, 100), (256, 1000), (256, 10000))
            for name in _SIZED
        },
    }


_SIZED = (
    "log(softmax) : log_softmax",
    "log_softmax + nll_loss : cross_entropy",
    "sigmoid + BCELoss : BCEWithLogits",
)


def _softmax(x):
    return F.softmax(x, 1)


def _log_softmax(x):
    return F.log_softmax(x, 1)


_UNITS = {
    "argmax": lambda x: x.argmax(1),
    "logsumexp": lambda x: torch.logsumexp(x, 1),
    "log_softmax": _log_softmax,
    "exp": torch.exp,
    "sigmoid": torch.sigmoid,
    "logsigmoid": F.logsigmoid,
    "softplus": F.softplus,
    "tanh": torch.tanh,
    "topk(5)": lambda x: x.topk(5, 1).indices,
    "gumbel_softmax": lambda x: F.gumbel_softmax(x, dim=1),
}


def _ways(x, g) -> dict[str, tuple]:
    """The same number in two ways: (the other way, the function made for it, logits)."""
    n, c = x.shape
    y = torch.randint(c, (n,), generator=g)
    t = torch.rand(n, c, generator=g)
    hot = F.one_hot(y, c).float()

    def cross_entropy(v):
        return F.cross_entropy(v, y)

    def with_logits(v):
        return F.binary_cross_entropy_with_logits(v, t)

    def logsumexp(v):
        return torch.logsumexp(v, 1)

    pairs = {
        "log(softmax) : log_softmax": (lambda v: _softmax(v).log(), _log_softmax),
        "x - logsumexp : log_softmax": (
            lambda v: v - torch.logsumexp(v, 1, keepdim=True),
            _log_softmax,
        ),
        "exp(log_softmax) : softmax": (lambda v: _log_softmax(v).exp(), _softmax),
        "log(sum(exp)) : logsumexp": (lambda v: v.exp().sum(1).log(), logsumexp),
        "log(sigmoid) : logsigmoid": (lambda v: torch.sigmoid(v).log(), F.logsigmoid),
        "log_softmax + nll_loss : cross_entropy": (
            lambda v: F.nll_loss(_log_softmax(v), y),
            cross_entropy,
        ),
        "log(softmax) + nll_loss : cross_entropy": (
            lambda v: F.nll_loss(_softmax(v).log(), y),
            cross_entropy,
        ),
        "logsumexp - gather : cross_entropy": (
            lambda v: (torch.logsumexp(v, 1) - v.gather(1, y[:, None])[:, 0]).mean(),
            cross_entropy,
        ),
        "one-hot target : index target": (lambda v: F.cross_entropy(v, hot), cross_entropy),
        "sigmoid + BCELoss : BCEWithLogits": (
            lambda v: F.binary_cross_entropy(torch.sigmoid(v), t),
            with_logits,
        ),
        "softplus(x) - t x : BCEWithLogits": (
            lambda v: (F.softplus(v) - t * v).mean(),
            with_logits,
        ),
    }
    return {name: (*calls, x) for name, calls in pairs.items()}


def _vocabulary(randn, g) -> dict[str, tuple]:
    """The last layer and its loss over a vocabulary, in chunks against whole."""
    h, weight = randn(512, 64), randn(16384, 64)
    weight.requires_grad_()
    y = torch.randint(len(weight), (len(h),), generator=g)
    chunks = nn.LinearCrossEntropyOptions()

    def in_chunks(v):
        return F.linear_cross_entropy(v, weight, y, options=chunks)

    def whole(v):
        return F.cross_entropy(F.linear(v, weight), y)

    return {"linear_cross_entropy, chunks : whole": (in_chunks, whole, h)}


def _decisions(x) -> dict[str, tuple]:
    """The same labels with and without probabilities."""
    return {
        "softmax, argmax : argmax": (lambda v: _softmax(v).argmax(1), _UNITS["argmax"], x),
        "softmax, topk(5) : topk(5)": (
            lambda v: _softmax(v).topk(5, 1).indices,
            _UNITS["topk(5)"],
            x,
        ),
        "sigmoid > 0.5 : x > 0": (lambda v: torch.sigmoid(v) > 0.5, lambda v: v > 0, x),
    }


def _samples(x) -> dict[str, tuple]:
    """Other ways to draw one class a row: each against softmax and multinomial."""

    def draw(v):
        return torch.multinomial(_softmax(v), 1)

    def gumbel(v):
        return (v - torch.empty_like(v).exponential_().log()).argmax(1)

    def categorical(v):
        return torch.distributions.Categorical(logits=v).sample()

    def hard(v):
        return F.gumbel_softmax(v, hard=True, dim=1).argmax(1)

    return {
        "logits + Gumbel noise, argmax": (gumbel, draw, x),
        "Categorical(logits).sample()": (categorical, draw, x),
        "gumbel_softmax(hard=True), argmax": (hard, draw, x),
    }


# -- how it is measured ------------------------------------------------------------------------


def _task(call, x, mode: str):
    """The call on its input, or the call with its backward pass; None where it has none."""
    if mode == "forward":

        def forward():
            with torch.no_grad():
                call(x)

        return forward
    leaf = x.clone().requires_grad_()
    out = call(leaf)
    if not out.requires_grad:
        return None
    ones = torch.ones_like(out)

    def both():
        leaf.grad = None
        call(leaf).backward(ones)

    return both


def _seconds(task, times: int) -> float:
    """CPU seconds of this thread for one of `times` runs, the least of three readings."""
    least = float("inf")
    for _ in range(3):
        start = time.thread_time()
        for _ in range(times):
            task()
        least = min(least, time.thread_time() - start)
    return least / times


def _measure(pairs: dict, rounds: int = ROUNDS, burst: float = BURST) -> dict:
    """section -> mode -> name -> [10th percentile, median, 90th percentile] of the ratios."""
    tasks = {}
    for section, named in pairs.items():
        for name, (call, base, x, *other) in named.items():
            for mode in MODES:
                two = _task(call, x, mode), _task(base, other[0] if other else x, mode)
                if all(two):
                    runs = [max(1, round(burst / _warm(task))) for task in two]
                    tasks[section, mode, name] = list(zip(two, runs, strict=True))
    ratios = {key: [] for key in tasks}
    for k in range(rounds):
        for key, two in tasks.items():
            order = (0, 1) if k % 2 else (1, 0)
            taken = {side: _seconds(*two[side]) for side in order}
            ratios[key].append(taken[0] / taken[1])
        print(f"\rround {k + 1} of {rounds}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    results: dict = {}
    for (section, mode, name), found in ratios.items():
        tenths = statistics.quantiles(found, n=10, method="inclusive")
        three = [round(v, 3) for v in (tenths[0], statistics.median(found), tenths[-1])]
        results.setdefault(section, {}).setdefault(mode, {})[name] = three
    return results


def _warm(task) -> float:
    """Seconds of one run, after a run that pays for what only the first one needs."""
    task()
    return max(_seconds(task, 1), 1e-6)


def _machine() -> dict:
    """What the numbers belong to."""
    info = Path("/proc/cpuinfo")
    names = info.read_text().split("model name\t: ")[1:] if info.exists() else []
    return {
        "cpu": names[0].partition("\n")[0] if names else platform.processor(),
        "kernels": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "threads": 1,
        "torch": torch.__version__.partition("+")[0],
        "date": date.today().isoformat(),
    }


def _code() -> str:
    """A hash of the measuring code: every statement of this file but those that draw."""
    tree = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    kept = [ast.dump(node) for node in tree.body[1:] if not _draws(node)]
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()


def _draws(node: ast.stmt) -> bool:
    """Whether a statement belongs to the figures: it takes `say`, or imports the style."""
    if isinstance(node, ast.ImportFrom):
        return node.module == "snippets._style"
    return isinstance(node, ast.FunctionDef) and "say" in [a.arg for a in node.args.args]


def _main() -> None:
    """Measure everything and write it beside this file."""
    torch.set_num_threads(1)  # the clock is that of one thread
    torch.manual_seed(0)
    results = {"code": _code(), "machine": _machine(), "rounds": ROUNDS} | _measure(_pairs())
    text = json.dumps(results, indent=1)
    text = text.replace("[\n    ", "[").replace(",\n    ", ", ").replace("\n   ]", "]")
    RESULTS.write_text(text + "\n", encoding="utf-8")
    print(f"wrote {RESULTS.name}; the pages' numbers: python -m tests.update guides/cost")


# -- figures -------------------------------------------------------------------------------------


def units(say):
    """Each function in units of softmax."""
    return _chart(["units"], say, 3.6)


def ways(say):
    """The same number in two ways."""
    return _chart(["ways"], say, 4.4)


def decisions(say):
    """Labels with and without probabilities, and ways to draw a sample."""
    return _chart(["decisions", "samples"], say, 2.6)


def layout(say):
    """Softmax over other axes and in other dtypes, against the last axis in float32."""
    return _chart(["layout", "dtype"], say, 3.6)


def size(say):
    """Three of the ratios over the number of logits."""
    measured = _results(say)["size"]
    figure, axes = panels(sharey=True, height=3.1)
    for ax, mode in zip(axes, MODES, strict=True):
        for k, name in enumerate(_SIZED):
            found = {key: v for key, v in measured[mode].items() if key.startswith(f"{name} |")}
            shapes = [key.partition(" | ")[2].split(" x ") for key in found]
            counts = [int(rows) * int(columns) for rows, columns in shapes]
            low, middle, high = zip(*found.values(), strict=True)
            ax.fill_between(counts, low, high, color=SERIES[k], alpha=0.2, lw=0)
            ax.plot(counts, middle, "o-", color=SERIES[k], ms=4, label=name)
        ax.set(xscale="log", title=_modes(say)[mode], xlabel=say("logits 个数", "number of logits"))
        ax.set(ylim=(0, None))
        ax.axhline(1, color=INK, lw=0.8)
    axes[0].set_ylabel(say("时间之比", "ratio of times"))
    named = axes[0].get_legend_handles_labels()
    figure.legend(
        *named, loc="outside lower center", fontsize=9, title=_where(say), title_fontsize=9
    )
    return figure


def _results(say) -> dict:
    """What was measured; `say` marks this as part of the drawing."""
    return json.loads(RESULTS.read_text(encoding="utf-8"))


def _where(say) -> str:
    """The machine and the day that the numbers belong to."""
    at = _results(say)["machine"]
    return f"{at['cpu']} · {at['kernels']} · torch {at['torch']} · {at['date']}"


def _modes(say) -> dict[str, str]:
    return {"forward": say("前向", "forward"), "both": say("前向与反向", "forward and backward")}


def _chart(sections: list[str], say, height: float):
    """One row a pair: dots at the medians on a logarithmic axis, lines from 10th to 90th
    percentile, the medians in figures at the right."""
    stored = _results(say)
    rows = [(section, name) for section in sections for name in stored[section]["forward"]]
    figure, (ax,) = panels(1, height=height)
    for k, (mode, colour) in enumerate(zip(MODES, (BLUE, ORANGE), strict=True)):
        for row, (section, name) in enumerate(rows):
            if name in stored[section].get(mode, {}):
                low, middle, high = stored[section][mode][name]
                at = row + (0.16 if k else -0.16)
                ax.hlines(at, low, high, color=colour, lw=1.5)
                ax.plot(middle, at, "o", color=colour, ms=4.5)
                ax.text(
                    1.02 + 0.075 * k,
                    row,
                    f"{middle:.1f}",
                    color=colour,
                    va="center",
                    transform=ax.get_yaxis_transform(),
                )
        ax.plot([], [], "o-", color=colour, ms=4.5, label=_modes(say)[mode])
    ax.axvline(1, color=INK, lw=0.8)
    ax.set(xscale="log", ylim=(len(rows) - 0.5, -0.5))
    top = max(v[2] for s in sections for m in stored[s].values() for v in m.values())
    low = min(v[0] for s in sections for m in stored[s].values() for v in m.values())
    ticks = [t for t in (0.25, 0.5, 1, 2, 4, 8, 16, 32) if low / 2 < t < 2 * top]
    ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
    ax.minorticks_off()
    ax.set_yticks(range(len(rows)), [name for _, name in rows])
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel(f"{say('时间之比', 'ratio of times')} · {_where(say)}", fontsize=9)
    figure.legend(loc="outside upper right", ncols=2, fontsize=9)
    return figure


if __name__ == "__main__":
    _main()

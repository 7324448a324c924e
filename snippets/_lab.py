"""What the lab shows without JavaScript: one function an element, called by the pages' scripts."""

import itertools
import math
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GRID, INK, ORANGE, SERIES, heat, panels

FUNCTIONS = {
    "softmax": F.softmax,
    "log_softmax": F.log_softmax,
    "sigmoid": lambda x, dim: torch.sigmoid(x),
    "logsigmoid": lambda x, dim: F.logsigmoid(x),
}


def compare(say, rows: list[list[float]], dim: int = 1):
    """A matrix of logits and four functions of it, a bar a value; one colour a slice of `dim`."""
    x = torch.tensor(rows, dtype=torch.float64)
    names = [f"[{i}, {j}]" for i in range(x.size(0)) for j in range(x.size(1))]
    slices = [(i, j)[1 - dim] for i in range(x.size(0)) for j in range(x.size(1))]
    colours = [SERIES[k % len(SERIES)] for k in slices]
    height = 0.28 * len(names) + 0.7
    figure, axes = panels(5, height=height, sharey=True)
    columns = {say("logits", "logits"): x} | {n: f(x, dim) for n, f in FUNCTIONS.items()}
    best = (x == x.amax(dim, keepdim=True)).flatten()
    for ax, (name, values) in zip(axes, columns.items(), strict=True):
        flat = values.flatten().tolist()
        drawn = ax.barh(range(len(flat)), flat, color=colours, height=0.55)
        shown = [f"{v:.4f}".replace("-", "−") for v in flat]
        texts = ax.bar_label(drawn, shown, padding=2, fontsize=8)
        for text, largest in zip(texts, best, strict=True):
            text.set_fontweight("bold" if largest else "normal")
        ax.set_title(name, fontsize=9)
        ax.set_yticks(range(len(flat)), names, fontsize=8)
        ax.set_xticks([])
        ax.grid(False)
        ax.spines[["bottom", "left"]].set_visible(False)
        ax.tick_params(length=0)
        low, high = min(0, *flat), max(0, *flat)
        room = (1.0 if ax is axes[0] else 0.75) * (high - low)  # for the printed values
        ax.set_xlim(low - room * (low < 0), high + room * (high > 0))
        ax.axvline(0, color=GRID, lw=0.8, zorder=0)
    axes[0].invert_yaxis()
    return figure


def jacobian(say, row: list[float], name: str = "softmax"):
    """The Jacobian of softmax or log_softmax of one row, its row sums beside it."""
    x = torch.tensor(row, dtype=torch.float64)
    J = torch.autograd.functional.jacobian(lambda v: FUNCTIONS[name](v, 0), x)
    figure, (left, right) = panels(
        height=0.55 * len(row) + 0.7, gridspec_kw={"width_ratios": [len(row), 1]}
    )
    heat(left, J, say(f"{name} 的雅可比矩阵", f"Jacobian of {name}"), digits=4)
    left.set_aspect("auto")
    left.set_yticks(range(len(row)), [f"y[{i}]" for i in range(len(row))])
    left.set_xticks(range(len(row)), [f"x[{i}] = {v:g}" for i, v in enumerate(row)])
    heat(right, J.sum(1, keepdim=True).round(decimals=4) + 0.0, say("行和", "row sum"), digits=4)
    right.set_aspect("auto")
    right.set_xticks([])
    right.set_yticks([])
    rank = torch.linalg.matrix_rank(J)
    figure.suptitle(
        say(f"秩 {rank}（共 {len(row)} 行）", f"rank {rank} of {len(row)}"), fontsize=10
    )
    return figure


def uniforms(state: int) -> Iterator[float]:
    """Numbers in (0, 1) by mulberry32, the same as random() of lab/math.js."""
    while True:
        state = (state + 0x6D2B79F5) % 2**32
        t = (state ^ state >> 15) * (1 | state) % 2**32
        t = ((t + (t ^ t >> 7) * (61 | t)) ^ t) % 2**32
        yield ((t ^ t >> 14) + 0.5) / 2**32


def draws(row: list[float], temperature: float, seed: int, n: int) -> tuple[torch.Tensor, ...]:
    """Probabilities (C,) at a temperature, and counts (C,) of n draws by Gumbel noise."""
    x = torch.tensor(row, dtype=torch.float64) / temperature
    noise = [-math.log(-math.log(u)) for u in itertools.islice(uniforms(seed), n * len(row))]
    picks = (x + torch.tensor(noise, dtype=torch.float64).reshape(n, len(row))).argmax(1)
    return F.softmax(x, 0), picks.bincount(minlength=len(row))


def sample(say, row: list[float], temperature: float, seed: int, n: int):
    """The probabilities and the shares of n draws; then both of the limits of the temperature."""
    p, counts = draws(row, temperature, seed, n)
    figure, (left, right) = panels(height=2.4)
    places = torch.arange(len(row))
    left.bar(places, counts / n, width=0.5, color=BLUE, label=say("抽中的比例", "share of draws"))
    spread = 2 * (p * (1 - p) / n).sqrt()
    left.errorbar(
        places, p, spread, fmt="_", ms=22, capsize=5, color=ORANGE, label=say("概率", "probability")
    )
    for k, (count, v) in enumerate(zip(counts.tolist(), p.tolist(), strict=True)):
        left.annotate(f"{count}\n{v:.4f}", (k + 0.3, v + 0.02), fontsize=8)
    left.set_title(
        say(
            f"种子 {seed}，抽 {n} 次，T = {temperature:g}",
            f"Seed {seed}, {n} draws, T = {temperature:g}",
        )
    )
    left.set_xlim(-0.6, len(row) - 0.1)
    left.set_xticks(places, [f"[{k}]" for k in places.tolist()])
    left.legend()
    t = torch.logspace(-2, 1, 200, dtype=torch.float64)
    x = torch.tensor(row, dtype=torch.float64)
    for k, v in enumerate(F.softmax(x / t[:, None], 1).T):
        right.plot(t, v, color=SERIES[k % len(SERIES)], label=f"x[{k}] = {row[k]:g}")
    right.set_xscale("log")
    right.set_xticks([0.01, 0.1, 1, 10], ["0.01", "0.1", "1", "10"])
    right.minorticks_off()
    right.set(title=say("各个温度下的概率", "Probabilities over T"), xlabel="T")
    right.legend()
    return figure


def curve(
    say,
    name: str,
    f: Callable[[torch.Tensor], torch.Tensor],
    at: float = 1.0,
    ends: tuple[float, float] = (-6, 6),
):
    """A function of one number and its gradient, read off at `at`."""
    x = torch.linspace(*ends, 401, dtype=torch.float64)
    x = torch.cat([x, torch.tensor([at], dtype=torch.float64)]).requires_grad_()
    y = f(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    x, y = x.detach(), y.detach()
    figure, axes = panels()
    titles = (f"{name}(x)", say("梯度", "Gradient"))
    for ax, values, colour, title in zip(axes, (y, slope), (BLUE, ORANGE), titles, strict=True):
        ax.plot(x[:-1], values[:-1], color=colour)
        ax.axvline(at, color=INK, lw=0.8, ls="--")
        ax.plot([at], [values[-1]], "o", color=colour)
        shown = f"{values[-1]:.4f}".replace("-", "−")
        ax.set(title=f"{title}: {shown}", xlabel=f"x = {at:g}".replace("-", "−"))
    return figure

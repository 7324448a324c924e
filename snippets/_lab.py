"""What the lab shows without JavaScript: one function an element, called by the pages' scripts."""

import itertools
import math
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GRID, INK, ORANGE, RED, SERIES, heat, panels

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
        room = (1.7 if ax is axes[0] else 0.75) * (high - low)  # for the printed values
        ax.set_xlim(low - room * (low < 0), high + room * (high > 0))
        ax.axvline(0, color=GRID, lw=0.8, zorder=0)
    axes[0].invert_yaxis()
    return figure


# -- Break it, and Loss surface --------------------------------------------------------------


def digits(got: float, exact: float) -> int:
    """Correct digits of `got`: k where the relative error is below half of 10**-k, at most 16."""
    if got == exact:
        return 16
    return sum(abs(got / exact - 1) < 0.5 * 10.0**-k for k in range(1, 17))


def broken(say, logits: list[float]):
    """softmax naive and stable in four dtypes, rounded after every operation, digits in words."""
    figure, (ax,) = panels(1, height=3.1)
    ax.axis("off")
    columns = {
        "naive": (0.17, say("朴素写法", "naive")),
        "stable": (0.6, say("稳定写法", "stable")),
    }
    for at, words in columns.values():
        ax.text(at, 1, words, fontweight="bold")
    x64 = torch.tensor(logits, dtype=torch.float64)
    exact = F.softmax(x64, 0).tolist()
    for k, dtype in enumerate((torch.float64, torch.float32, torch.float16, torch.bfloat16)):
        y = 0.83 - 0.24 * k
        ax.axhline(y + 0.1, color=GRID, lw=0.8)
        ax.text(0, y - 0.03, str(dtype)[6:])
        for form, (at, _) in columns.items():
            got = _rounded_softmax(x64, dtype, form == "stable")
            left = min(digits(a, b) for a, b in zip(got, exact, strict=True))
            nans = sum(v != v for v in got)
            words = say(f"剩 {left} 位有效数字", f"{left} digits left")
            if left == 16:
                words = say("一位不差", "all digits")
            if nans:
                words = say(f"{len(got)} 个里有 {nans} 个是 nan", f"{nans} of {len(got)} are nan")
            if (dtype, form) == (torch.float64, "stable"):
                words = say("以这一格为准", "the reference")
            ax.text(at, y, words, color=RED if nans else INK)
            ax.text(at, y - 0.08, "  ".join(f"{v:.4f}" for v in got), family="monospace")
    ax.set(xlim=(0, 1), ylim=(-0.05, 1.08))
    return figure


def _rounded_softmax(x, dtype, stable: bool) -> list[float]:
    def r(t):
        return t.to(dtype).double()

    x = r(x)
    e = r(r(x - x.max() if stable else x).exp())
    total = e[0]
    for v in e[1:]:
        total = r(total + v)
    return r(e / total).tolist()


def loss(say, x: float, y: float):
    """BCEWithLogits and sigmoid + BCELoss in float32: curves, and their values at the logit x."""
    forms = {
        "BCEWithLogits": (F.binary_cross_entropy_with_logits, BLUE, "-"),
        "sigmoid + BCELoss": (
            lambda t, y, **how: F.binary_cross_entropy(torch.sigmoid(t), y, **how),
            ORANGE,
            "--",
        ),
    }
    figure, axes = panels(height=3.1)
    t = torch.linspace(-30, 30, 6001)
    slopes = {}
    for name, (form, colour, line) in forms.items():
        for ax, values in zip(axes, _with_slope(form, t, y), strict=True):
            slopes[name] = values
            ax.plot(t, values, line, color=colour)
        at = [v.item() for v in _with_slope(form, torch.tensor([x]), y)]
        for ax, value in zip(axes, at, strict=True):
            ax.plot(x, value, "o", color=colour, label=f"{name}  {value:.4f}")
    exact, by_hand = slopes.values()
    dead = t[(exact.abs() > 1e-3) & ~((by_hand - exact).abs() <= exact.abs() / 2)]
    for ax, title in zip(
        axes, (say("损失", "loss"), say("对 x 的梯度", "gradient of x")), strict=True
    ):
        ax.axvspan(dead.min(), dead.max(), color=RED, alpha=0.14, lw=0)
        ax.set(title=title, xlabel="logit x")
        ax.legend(loc="upper left", fontsize=8)
        ax.margins(y=0.3)
    axes[1].text(dead.min() - 1, 0.3, f"x = {dead.min():.2f}", color=RED, ha="right")
    return figure


def _with_slope(form, t, y: float):
    t = t.clone().requires_grad_()
    values = form(t, torch.full_like(t, y), reduction="none")
    return values.detach(), torch.autograd.grad(values.sum(), t)[0]


# -- Jacobian, Sample and Curve --------------------------------------------------------------


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

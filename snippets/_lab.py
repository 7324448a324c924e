"""What the lab shows without JavaScript: one function an element, called by the pages' scripts."""

import torch
import torch.nn.functional as F

from snippets._style import BLUE, GRID, INK, ORANGE, RED, SERIES, panels

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

"""What the lab shows without JavaScript: one function an element, called by the pages' scripts."""

import torch
import torch.nn.functional as F

from snippets._style import GRID, SERIES, panels

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

"""The one place for the size, colours and determinism of figures.

A figure script holds public functions that take `say` and return a Matplotlib Figure;
`say(zh, en)` picks the words of the page's language. Colours are the constants below: in the
SVG each becomes a CSS variable, so that an inlined figure follows the page's colour scheme.
"""

import io
import re
import warnings
from collections.abc import Callable

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Say = Callable[[str, str], str]

INK = "#1f2328"  # text and axes: currentColor
GRID = "#d8dee4"
BLUE, ORANGE, GREEN, PURPLE, RED = SERIES = (
    "#2563eb",
    "#c2410c",
    "#0f766e",
    "#7e22ce",
    "#be123c",
)
CSS = {INK: "currentColor", GRID: f"var(--fig-grid,{GRID})"} | {
    colour: f"var(--fig-{k},{colour})" for k, colour in enumerate(SERIES, 1)
}

SAID_ONCE = 'font-family="DejaVu Sans,Verdana,sans-serif" stroke-linejoin="round"'
WIDTH = 7.2  # inches; the page scales the figure to its column, so this sets the text's size

plt.rcParams.update(
    {
        "svg.fonttype": "none",  # text stays text: the browser has the Chinese glyphs
        "font.size": 10,
        "axes.titlesize": 10.5,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.prop_cycle": plt.cycler(color=SERIES),
        "axes.unicode_minus": True,
        "grid.color": GRID,
        "grid.linewidth": 0.7,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "lines.linewidth": 2,
        "legend.frameon": False,
        "figure.constrained_layout.use": True,
        "figure.facecolor": "none",  # the page's own background shows, in either scheme
        "axes.facecolor": "none",
    }
)


def panels(columns: int = 2, rows: int = 1, height: float = 2.7, **kwargs) -> tuple[Figure, list]:
    """A row-major list of `rows * columns` axes on one figure of the page's width.

    `height` is in inches for one row; `kwargs` go to `plt.subplots`.
    """
    figure, axes = plt.subplots(rows, columns, figsize=(WIDTH, height * rows), **kwargs)
    return figure, list(axes.flat) if rows * columns > 1 else [axes]


def heat(ax: Axes, matrix, title: str = "", digits: int = 2, row="i", column="j") -> None:
    """Draw a matrix as squares: blue above zero, orange below, opacity by size, value printed."""
    top = max(abs(float(v)) for line in matrix for v in line) or 1.0
    rows, columns = len(matrix), len(matrix[0])
    for i, line in enumerate(matrix):
        for j, v in enumerate(line):
            v = float(v)
            colour = BLUE if v > 0 else ORANGE
            ax.add_patch(
                plt.Rectangle(
                    (j - 0.48, i - 0.48), 0.96, 0.96, color=colour, alpha=0.6 * abs(v) / top, lw=0
                )
            )
            ax.text(j, i, f"{v:.{digits}f}".replace("-", "−"), ha="center", va="center")
    ax.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), aspect="equal", title=title)
    ax.set_xticks(range(columns), [f"{column}={j + 1}" for j in range(columns)])
    ax.set_yticks(range(rows), [f"{row}={i + 1}" for i in range(rows)])
    ax.grid(False)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)


def bars(ax: Axes, values, title: str = "", colour: str = BLUE, digits: int = 4, labels=None):
    """Draw one bar per value, the value printed at its end."""
    values = [float(v) for v in values]
    drawn = ax.bar(range(1, len(values) + 1), values, color=colour, width=0.7)
    ax.bar_label(drawn, [f"{v:.{digits}f}".replace("-", "−") for v in values], padding=2)
    ax.set_xticks(range(1, len(values) + 1), labels or range(1, len(values) + 1))
    ax.set_title(title)
    ax.margins(y=0.18)
    ax.grid(axis="x", visible=False)
    if min(values) < 0:
        ax.axhline(0, color=INK, lw=0.8)


def svg(figure: Figure, prefix: str) -> str:
    """The figure as one SVG element to inline: same bytes for the same figure and prefix.

    `prefix` keeps the ids of several figures on one page apart.
    """
    out = io.StringIO()
    # fonttype none asks the browser for glyphs; Matplotlib still warns that its own font has none
    with warnings.catch_warnings(), plt.rc_context({"svg.hashsalt": prefix}):
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        # the same bytes as savefig, which lays out and draws everything twice
        figure.canvas.print_svg(out, metadata={"Date": None})
    plt.close(figure)
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.S)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.S)
    text = re.sub(r'(<g) id="[^"]*"', r"\1", text)  # only referenced ids are kept, prefixed
    text = re.sub(r'( id="|url\(#|href="#)', rf"\1{prefix}-", text)
    text = re.sub(r' (width|height)="[\d.]+pt"', "", text, count=2)
    # said once, and for this figure alone: the page's sheet then names a font of its own
    text = re.sub(r"<defs>\s*<style.*?</defs>\s*", "", text, count=1, flags=re.S)
    text = re.sub(r"font-family: [^;\"]*sans-serif; ", "", text)
    text = text.replace("<svg ", f"<svg {SAID_ONCE} ", 1)
    for colour, variable in CSS.items():
        text = text.replace(colour, variable)
    return re.sub(r"\n\s*", "\n", text).strip()

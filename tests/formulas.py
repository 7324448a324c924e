r"""Check the display formulas of a page against PyTorch, numerically.

A formula is trusted only if every member of every relation in it evaluates, in float64, to the
same numbers as the others at many random points.  The marker above a formula says what its names
mean; its parts are separated by ``;``:

    p = F.softmax(x, 0)       a value, as a torch expression over the other names
    \sigma(x) = torch...      a function; a value ``\operatorname{f} = ...`` is one of its leaves
    x ~ randn(N, C)           a leaf, drawn by randn, rand, uniform, randint or simplex; without
                              one, x ~ randn(C); C, N, K and D are sizes, drawn as well
    H = 3                     a size that is not drawn
    where i != j              the points for which the formula is claimed
    unchecked WHY             nothing is evaluated

Brackets are grouped first, then a parser by recursive descent turns each member into a function
of an `Env`.  Every index letter owns one leading tensor dimension, so that one evaluation covers
all index combinations; derivatives come from autograd.  Anything that is not understood, or that
readers could understand in two ways, is an error: nothing in a formula is skipped.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, partial, reduce
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

TRIALS, EXTREME_TRIALS, TIGHT = 20, 8, 1e-4
# relative; the absolute part only covers rounding next to zero
TOLERANCE, ROUNDING = 1e-10, 1e-12
GLOBALS = {"F": F, "nn": nn, "torch": torch, "math": math}
SIZES = ("C", "N", "K", "D")


class FormulaError(ValueError):
    """The formula is wrong, or holds something that cannot be evaluated."""


class UnknownSize(FormulaError):
    """An index letter was needed before any tensor told how far it runs."""


def demand(holds: object, message: str) -> None:
    if not holds:
        raise FormulaError(message)


@dataclass(frozen=True)
class Result:
    """Outcome of a check; ``members`` counts the members that were compared."""

    status: str
    reason: str = ""
    members: int = 0


# --- Values: tensors whose first dimensions belong to the index letters ---------------------


@dataclass(slots=True)
class Val:
    """A tensor with index dimensions first and ``rank`` (0, 1 or 2) dimensions of its own."""

    t: Tensor
    rank: int = 0

    @property
    def shape(self) -> torch.Size:
        return self.t.shape[self.t.dim() - self.rank :]

    def of(self, rank: int) -> Tensor:
        demand(self.rank == rank, f"a value of rank {self.rank} where {rank} is needed")
        return self.t


Eval = Callable[["Env"], Val]


def real(v: Val) -> Val:
    """Integers become float64: torch would turn them into float32 in ``exp`` or a quotient."""
    return v if v.t.dtype == torch.float64 else Val(v.t.double(), v.rank)


def align(a: Val, b: Val) -> tuple[Tensor, Tensor, int]:
    """Give scalars the rank of the other operand; two different shapes are an error."""
    if a.rank == b.rank == 0:
        return a.t, b.t, 0
    if a.rank and b.rank and a.shape != b.shape:
        raise FormulaError(f"shapes {tuple(a.shape)} and {tuple(b.shape)} differ")
    rank = max(a.rank, b.rank)
    x, y = (v.t.reshape(v.t.shape + (1,) * (rank - v.rank)) for v in (a, b))
    return x, y, rank


def elementwise(function: Callable[[Tensor, Tensor], Tensor], a: Val, b: Val) -> Val:
    x, y, rank = align(a, b)
    return Val(function(x, y), rank)


def multiply(a: Val, b: Val) -> Val:
    r"""Scalar multiple or matrix product; vectors are columns, ``p^\top`` is a 1-row matrix."""
    if not (a.rank and b.rank):
        return elementwise(torch.mul, a, b)
    demand(a.rank + b.rank > 2, r"product of two vectors: write indices, ^\top or \odot")
    x, y = (v.t.unsqueeze(-1) if v.rank == 1 else v.t for v in (a, b))
    out = x @ y
    if b.rank == 2:
        return Val(out, 2)
    return Val(out[..., 0], 1) if out.shape[-2] > 1 else Val(out[..., 0, 0])


def power(a: Val, b: Val) -> Val:
    demand(2 not in (a.rank, b.rank), "power of a matrix, or quotient by one")
    return elementwise(torch.pow, a, b)


def transpose(v: Val) -> Val:
    demand(v.rank, "transpose of a scalar")
    return Val(v.t.unsqueeze(-2) if v.rank == 1 else v.t.mT, 2)


def concatenate(*values: Val) -> Val:
    pieces = [v.t if v.rank else v.t.unsqueeze(-1) for v in values]
    lead = torch.broadcast_shapes(*[p.shape[:-1] for p in pieces])
    return Val(torch.cat([p.expand(*lead, p.shape[-1]) for p in pieces], -1), 1)


def compare(name: str, a: Val, b: Val) -> Val:
    return Val(COMPARE[name](a.of(0), b.of(0)).double())


def gather(v: Val, index: list[Index], env: Env) -> Val:
    """``v`` at positions on its own first dimensions; index dimensions keep their place."""
    demand(len(index) <= v.rank, f"{len(index)} indices on a value with {v.rank} dimensions")
    keep = [torch.arange(n).view(along(env.dims, k)) for k, n in enumerate(v.t.shape[: env.dims])]
    picks = [f(env, size) for f, size in zip(index, v.shape, strict=False)]
    return Val(v.t[(*keep, *picks)], v.rank - len(index))


def along(dims: int, slot: int) -> list[int]:
    return [-1 if k == slot else 1 for k in range(dims)]


def differentiable(t: Tensor) -> Tensor:
    """A node of its own in the autograd graph (an outer derivative may be under way)."""
    demand(t.is_floating_point(), "derivative with respect to integers")
    return t.clone() if t.requires_grad else t.detach().clone().requires_grad_()


def jacobian(v: Val, x: Tensor) -> Val:
    """All derivatives of ``v`` with respect to the tensor ``x``, by autograd."""
    grad = partial(torch.autograd.grad, create_graph=True, materialize_grads=True)
    flat = v.t.reshape(-1)
    rows = [grad(e, x)[0] if flat.requires_grad else torch.zeros_like(x) for e in flat]
    return Val(torch.stack(rows).reshape(v.t.shape + x.shape), v.rank + x.dim())


def evaluated(parts: list[Eval], env: Env) -> list[Val]:
    """Evaluate all; one that needs the range of an index letter waits for the others."""
    out: dict[int, Val] = {}
    while len(out) < len(parts):
        before, late = len(out), None
        for k, part in enumerate(parts):
            try:
                out[k] = out[k] if k in out else part(env)
            except UnknownSize as error:
                late = error
        if len(out) == before:
            raise late
    return [out[k] for k in range(len(parts))]


def lazy(function: Callable[..., Val], *parts: Eval) -> Eval:
    return lambda env: function(*map(real, evaluated(parts, env)))


def fold(function: Callable[[Val, Val], Val], parts: list[Eval]) -> Eval:
    return lazy(lambda *values: reduce(function, values), *parts) if parts[1:] else parts[0]


def apply(function: Callable[[Tensor], Tensor], part: Eval) -> Eval:
    return lazy(lambda v: Val(function(v.t), v.rank), part)


def constant(value: float) -> Eval:
    tensor = torch.tensor(value, dtype=torch.float64)
    return lambda env: env.lift(tensor)


def quotient(above: Eval, below: Eval) -> Eval:
    return fold(multiply, [above, fold(power, [below, constant(-1.0)])])


# --- Tokens, and the brackets that group them -------------------------------------------------

ACCENT = r"\\(hat|bar|tilde|vec|widehat)"
TOKEN = re.compile(
    r"\\(?:begin|end)\{\w+\*?\}|\\text\s*\{[^{}]*\}"
    r"|\\(?:operatorname\*?|mathrm|mathbf|mathcal|mathbb|mathsf|mathit|boldsymbol|bm)\s*\{[^{}]*\}"
    r"|\\(?:hat|bar|tilde|vec|widehat)\b\s*(?:\{[^{}]*\}|[A-Za-z]|\\[A-Za-z]+)"
    r"|\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\S"
)
SPACE = re.compile(
    r"\\(?:[,;:! ]|left|right|middle|[bB]ig+[lrm]?|displaystyle|textstyle|limits|nolimits)$|~$"
)
BARS = {"|", r"\|"}
BRACKETS = {"(": ")", "[": "]", "{": "}", r"\{": r"\}"}
RELATIONS = {
    "=": "=", r"\ne": "!=", r"\neq": "!=", "<": "<", r"\lt": "<", ">": ">", r"\gt": ">",
    r"\le": "<=", r"\leq": "<=", r"\ge": ">=", r"\geq": ">=", r"\approx": "~", r"\in": "in",
}  # fmt: skip
COMPARE = {
    "=": torch.eq, "!=": torch.ne, "<": torch.lt, ">": torch.gt, "<=": torch.le, ">=": torch.ge,
}  # fmt: skip
SEPARATORS = {r"\quad", r"\qquad"}
TIMES = {r"\cdot", r"\times", "*", "/", r"\odot"}
CONDITION_WORDS = {"if", "for", "when", "若", "当", "如果"}
JOINING_WORDS = {"and", "where", "with", "且", "和", "其中"}
OTHERWISE = (["otherwise"], ["else"], ["否则"], ["其他"])


@dataclass(eq=False)
class Group:
    r"""Brackets, or ``\begin`` and ``\end``, with what stands between."""

    open: str
    items: list[Item] = field(default_factory=list)
    close: str = ""


Item = str | Group


def tokenize(latex: str) -> list[str]:
    tokens = []
    latex = re.sub(r"\\\\\s*\[[\d.]+\s*[a-z]+\]", r"\\\\", latex)  # a row's extra space
    latex = re.sub(r"\\[lr]Vert(?![A-Za-z])", r"\\|", latex)
    latex = re.sub(r"\\[lr]vert(?![A-Za-z])", "|", latex)
    for token in TOKEN.findall(latex):
        if not SPACE.match(token):
            token = token.replace(r"\operatorname*", r"\operatorname")
            token = re.sub(rf"^({ACCENT})\s*(\\[A-Za-z]+|[A-Za-z])$", r"\1{\3}", token)
            tokens.append(token if token.startswith(r"\text") else re.sub(r"\s+", "", token))
    return tokens


def grouped(latex: str) -> list[Item]:
    """The tokens of a formula, with brackets as groups; an interval may mix ( and [."""
    stack = [Group("")]
    for token in tokenize(latex):
        if token in BRACKETS or token.startswith(r"\begin{"):
            stack.append(Group(token))
        elif token in BRACKETS.values() or token.startswith(r"\end{"):
            top = stack.pop()
            demand(stack, f"{token!r} closes nothing")
            wanted = BRACKETS.get(top.open, top.open.replace("begin", "end"))
            mixed = top.open in "([" and token in ")]"
            demand(token == wanted or mixed, f"{top.open!r} is not closed before {token!r}")
            top.close = token
            stack[-1].items.append(top)
        else:
            stack[-1].items.append(token)
    demand(len(stack) == 1, f"{stack[-1].open!r} is not closed")
    return stack[0].items


def flat(items: list[Item]) -> Iterator[str]:
    for item in items:
        yield from (item.open, *flat(item.items), item.close) if word(item) is None else (item,)


def shown(items: list[Item]) -> str:
    return " ".join(flat(items))


def word(item: Item) -> str | None:
    if isinstance(item, Group):
        return None
    return item[item.index("{") + 1 : -1].strip() if item.startswith(r"\text") else item


def is_letter(item: Item) -> bool:
    return isinstance(item, str) and re.fullmatch("[a-z]", item) is not None


def split(items: list[Item], separators: set[str] | dict[str, str]) -> list[list[Item]]:
    parts: list[list[Item]] = [[]]
    for item in items:
        if item in separators:
            parts.append([])
        else:
            parts[-1].append(item)
    return parts


def relations_of(items: list[Item]) -> tuple[list[list[Item]], list[str]]:
    return split(items, RELATIONS), [RELATIONS[t] for t in items if t in RELATIONS]


def without_punctuation(items: list[Item]) -> list[Item]:
    while items and items[-1] in {".", ",", ";", *SEPARATORS}:
        items = items[:-1]
    return items


class Stream:
    """Items read from left to right."""

    def __init__(self, items: list[Item]) -> None:
        self.items, self.at = items, 0

    @property
    def peek(self) -> Item | None:
        return self.items[self.at] if self.at < len(self.items) else None

    def next(self) -> Item:
        demand(self.peek is not None, f"an operand is missing in {shown(self.items)!r}")
        self.at += 1
        return self.items[self.at - 1]

    def take(self, *tokens: str) -> Item | None:
        return self.next() if self.peek in tokens else None

    def group(self, *opens: str) -> Group | None:
        return self.next() if getattr(self.peek, "open", None) in opens else None

    def until(self, bar: str) -> list[Item]:
        rest = self.items[self.at :]
        demand(bar in rest, f"{bar!r} is not closed")
        self.at += rest.index(bar) + 1
        return rest[: rest.index(bar)]

    def script(self, mark: str = "") -> list[Item]:
        """The argument of a command, or of ``mark`` if that is next: a group or one token."""
        if mark and not self.take(mark):
            return []
        item = self.next()
        if isinstance(item, Group) and item.open == "{":
            return item.items
        single = isinstance(item, str) and not re.fullmatch(r"\d.+", item)
        demand(single, f"put braces around {shown([item])!r}")
        return [item]

    def term(self) -> list[Item]:
        r"""The operand of ``\sum`` or a derivative: all up to the next + or - outside bars."""
        start, bars = self.at, 0
        while self.peek is not None and (bars % 2 or self.peek not in ("+", "-")):
            bars += self.next() in BARS
        demand(self.at > start, "an operand is missing (write a sign inside parentheses)")
        return self.items[start : self.at]


# --- Marker: what the names mean ------------------------------------------------------------


@dataclass
class Definition:
    """A torch expression and the names it needs; ``params`` belong to a function."""

    head: str
    code: object
    needs: set[str]
    params: tuple[str, ...] = ()


def canonical(source: str) -> str:
    """One spelling for a name: no spaces, subscripts in braces."""
    joined = "".join(tokenize(source))
    return re.sub(r"_(\\[A-Za-z]+(?:\{[^{}]*\})?|[^{\\])", r"_{\1}", joined)


def python_name(head: str) -> str:
    r"""``\operatorname{softmax}`` -> softmax, ``\hat{p}`` -> p_hat, ``\lambda`` -> lambda_."""
    if accent := re.fullmatch(ACCENT + r"\{(.*)\}", head):
        return f"{python_name(accent[2])}_{accent[1]}"
    bare = re.sub(r"\\(operatorname|math[a-z]+|boldsymbol|bm|text)\b", "", head)
    name = re.sub(r"\W+", "", bare.replace("-", "_"))
    return name + "_" if name == "lambda" else name


class Marker:
    """The parsed comment: leaves, definitions, fixed sizes and the condition on the points."""

    def __init__(self, text: str) -> None:
        self.leaves: dict[str, str] = {}  # python name -> sampler source
        self.heads: dict[str, str] = {}  # LaTeX head -> python name
        self.functions: dict[tuple[str, int], Definition] = {}  # by python name and arguments
        self.values: dict[str, Definition] = {}
        self.fixed: dict[str, int] = {}
        self.where: Definition | None = None
        self.needed: set[str] = set()  # by any definition
        for part in filter(None, map(str.strip, text.split(";"))):
            try:
                self._read(part)
            except (SyntaxError, FormulaError) as error:
                raise FormulaError(f"marker part {part!r}: {error}") from None
        if "x" not in self.heads.values():
            self.leaves["x"], self.heads["x"] = "randn(C)", "x"
            self.needed.add("x")
        self.points = cache(self._points)

    def _read(self, part: str) -> None:
        if part.startswith("where "):
            self.where = self._definition("where", "where", part[6:])
        elif size := re.fullmatch(r"([A-Z])\s*=\s*(\d+)", part):
            self.fixed[size[1]] = int(size[2])
        elif leaf := re.fullmatch(r"([^=~]+)~(.+)", part):
            for head in leaf[1].split(","):
                self.leaves[self._declare(head)] = leaf[2].strip()
        elif call := re.fullmatch(r"([^=]*?)\(([^()=]*)\)\s*=(?!=)(.+)", part):
            params = tuple(python_name(p.strip()) for p in call[2].split(","))
            name = self.heads.get(canonical(call[1])) or self._declare(call[1])
            self.functions[name, len(params)] = self._definition(call[1], name, call[3], params)
        elif value := re.fullmatch(r"([^=]+)=(?!=)(.+)", part):
            name = self._declare(value[1])
            self.values[name] = self._definition(value[1], name, value[2])
        else:
            raise FormulaError("expected 'NAME = expression' or 'NAME ~ sampler'")

    def _declare(self, source: str) -> str:
        head = canonical(source)
        name = python_name(head)
        demand(name.isidentifier(), f"{head!r} gives no Python name")
        demand(name not in GLOBALS, f"{name!r} is taken by torch's module; use another letter")
        demand(name not in self.heads.values(), f"the name {name!r} is declared twice")
        self.heads[head] = name
        return name

    def _definition(self, head: str, name: str, source: str, params=()) -> Definition:
        tree = ast.parse(source.strip(), mode="eval")
        needs = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        demand(name not in needs, f"{head} is defined by itself")
        self.needed |= needs
        return Definition(head.strip(), compile(tree, "<formula marker>", "eval"), needs, params)

    def function(self, head: str, count: int) -> Definition | None:
        """The function of ``count`` arguments; an operator's value is one of its first leaves."""
        name = self.heads.get(head, "")
        if name in self.values and head.startswith(r"\operatorname{"):
            value = self.values[name]
            leaves = [leaf for leaf in self.leaves if leaf in value.needs]
            return replace(value, params=tuple(leaves[:count]))
        return self.functions.get((name, count))

    def _points(self, extreme: bool) -> list[Env]:
        """Random points; the extreme ones show whether an inequality is tight."""
        scales = [1e-6, 20.0] * EXTREME_TRIALS if extreme else [2.0] * TRIALS
        return [self._point(1000 + seed, scale) for seed, scale in enumerate(scales)]

    def _point(self, seed: int, scale: float) -> Env:
        gen = torch.Generator().manual_seed(seed)
        drawn = (torch.randperm(6, generator=gen)[: len(SIZES)] + 2).tolist()
        sizes = {**dict(zip(SIZES, drawn, strict=True)), **self.fixed}

        def randn(*shape: int) -> Tensor:
            return scale * torch.randn(shape, generator=gen, dtype=torch.float64)

        def uniform(low: float, high: float, *shape: int) -> Tensor:
            return low + (high - low) * torch.sigmoid(randn(*shape))

        samplers = {
            "randn": randn,
            "uniform": uniform,
            "rand": partial(uniform, 0, 1),
            "randint": lambda high, *shape: torch.randint(high, shape, generator=gen),
            "simplex": lambda *shape: torch.softmax(randn(*shape), -1),
        }
        values: dict[str, Tensor] = {}
        for name, source in self.leaves.items():
            try:
                values[name] = eval(source, {**GLOBALS, **samplers, **sizes, **values})
            except Exception as error:
                raise FormulaError(f"sampler {source!r} of {name}: {error}") from None
        return Env(self, sizes, values, dict(values))


@dataclass
class Env:
    """Values of all names at one point, and how far the index letters run."""

    marker: Marker
    sizes: dict[str, int]
    held: dict[str, Tensor]  # the leaves, and names that a derivative or a call holds
    values: dict[str, Tensor]  # those and the marker's values so far; all checks share them
    local: dict[str, Part] = field(default_factory=dict)  # names that the formula defines
    local_values: dict[str, Tensor] = field(default_factory=dict)
    shift: dict[str, Callable[[Tensor], Tensor]] = field(default_factory=dict)
    dims: int = 0
    ranges: dict[int, tuple[int, int, bool]] = field(default_factory=dict)

    def holding(self, overrides: dict[str, Tensor]) -> Env:
        """The same point with some names held at other values."""
        held = {**self.held, **overrides}
        return replace(self, held=held, values=dict(held), local_values={})

    def get(self, name: str) -> Tensor:
        if name not in self.values and name in self.marker.values:
            self.values[name] = self.run(self.marker.values[name])
        if name in self.values:
            return self.values[name]
        demand(name in self.local, f"{name!r} is a function, or not defined in the marker")
        if name not in self.local_values:
            value = self.local[name].defined(self)
            self.local_values[name] = self.shift.get(name, lambda t: t)(value)
        return self.local_values[name]

    def run(self, definition: Definition, extra: dict[str, Tensor] | None = None) -> Tensor:
        names = {**GLOBALS, **self.sizes}
        functions = self.marker.functions
        for name in definition.needs:
            if any(name == known for known, _ in functions):
                names[name] = lambda *args, f=name: self.call(functions[f, len(args)], args)
            elif name in self.values or name in self.marker.values:
                names[name] = self.get(name)
        try:
            out = eval(definition.code, {**names, **(extra or {})})
        except Exception as error:
            raise FormulaError(f"marker definition of {definition.head}: {error}") from None
        out = out if torch.is_tensor(out) else torch.as_tensor(out, dtype=torch.float64)
        return out.double() if out.dtype == torch.bool else out

    def call(self, function: Definition, args: tuple[Tensor, ...]) -> Tensor:
        count = len(function.params)
        demand(len(args) == count, f"{function.head} takes {count} arguments, not {len(args)}")
        return self.holding(dict(zip(function.params, args, strict=True))).run(function)

    def lift(self, t: Tensor) -> Val:
        return Val(t.reshape((1,) * self.dims + t.shape), t.dim())

    def letter(self, slot: int, size: int | None = None) -> Tensor:
        """Positions (from 0) of an index letter, along the letter's own dimension."""
        if slot not in self.ranges:
            if size is None:
                raise UnknownSize("an index letter is used, but indexes nothing")
            self.ranges[slot] = (0, size, False)
        start, count, bounded = self.ranges[slot]
        if size is not None:
            fits = start >= 0 and start + count <= size
            demand(fits, f"an index runs {start + 1}..{start + count} on an axis of {size}")
            demand(bounded or count == size, f"one letter runs over axes of {count} and {size}")
        return torch.arange(start, start + count).view(along(self.dims, slot))


# --- Parser ----------------------------------------------------------------------------------

FUNCTIONS = {
    rf"\{name}": getattr(torch, name)
    for name in ("log", "exp", "tanh", "sinh", "cosh", "sin", "cos")
} | {r"\ln": torch.log}
REDUCE = {  # along one dimension, and what a masked entry becomes
    r"\sum": (torch.sum, 0.0),
    r"\prod": (torch.prod, 1.0),
    r"\max": (torch.amax, -math.inf),
    r"\min": (torch.amin, math.inf),
    # class numbers start at 0, as torch.argmax gives them
    r"\arg\max": (torch.argmax, -math.inf),
    r"\arg\min": (torch.argmin, math.inf),
}
EXTREMA = {r"\max": torch.maximum, r"\min": torch.minimum}
NORMS = {"": 2.0, "1": 1.0, "2": 2.0, r"\infty": math.inf}
TRANSPOSE = (r"\top", r"\intercal", r"\mathsf{T}", r"\mathrm{T}", "T")
NUMBERS = {"e": math.e, r"\mathrm{e}": math.e, r"\pi": math.pi, r"\infty": math.inf}
CONSTANT_TENSORS = {r"\mathbf{1}": torch.ones, "I": torch.eye, r"\mathbf{I}": torch.eye}

# positions from 0, on an axis of a size (None: in a comparison of positions)
Index = Callable[["Env", "int | None"], Tensor]


def on_axis(at: Tensor, size: int | None) -> Tensor:
    fits = size is None or (at.min() >= 0 and at.max() < size)
    demand(fits, f"a position outside an axis of {size}")
    return at


def fixed(number: str, env: Env, size: int | None) -> Tensor:
    return on_axis(torch.tensor(env.sizes.get(number) or int(number)) - 1, size)


def integer(name: str, inner: list[Index], env: Env, size: int | None) -> Tensor:
    v = gather(env.lift(env.get(name)), inner, env)
    demand(not v.t.is_floating_point(), f"{name} is used as an index, but is no integer")
    return on_axis(v.of(0), size)


def position(index: Index) -> Eval:
    return lambda env: Val(index(env, None))


def indexed(part: Eval, index: list[Index]) -> Eval:
    return (lambda env: gather(part(env), index, env)) if index else part


class Parser:
    """Turns the items of one part of a formula into functions of an `Env`."""

    def __init__(self, marker: Marker, local: set[str]) -> None:
        self.marker, self.local = marker, local
        self.used: set[str] = set()
        self.free: dict[str, int] = {}  # index letter -> its dimension
        self.bound: dict[str, int] = {}  # those of the sums around
        self.dims = 0

    def slot(self) -> int:
        self.dims += 1
        return self.dims - 1

    # arithmetic

    def expr(self, items: list[Item]) -> Eval:
        s, terms = Stream(items), []
        while s.peek is not None or not terms:
            sign = s.take("+", "-")
            term = self.product(s)
            terms.append(apply(torch.neg, term) if sign == "-" else term)
        return fold(partial(elementwise, torch.add), terms)

    def product(self, s: Stream) -> Eval:
        """Factors up to a sign; where readers could group in two ways, parentheses are demanded.

        A factor is a number, ends in a function's bare argument (``\\log x``), or is plain.
        """
        value, kind = self.factor(s)
        factors, operator = [value], None
        while s.peek not in (None, "+", "-"):
            divided, operator = operator == "/", s.take(*TIMES)
            where = f"in {shown(s.items)!r}"
            loose = kind == "bare" and (operator or s.peek not in FUNCTIONS)
            demand(not loose, f"put the function's argument {where} in ( )")
            demand(operator or not divided, f"put parentheses around the divisor {where}")
            demand(s.peek not in ("+", "-", *TIMES), f"{s.peek!r} at the wrong place {where}")
            before, (value, kind) = kind, self.factor(s)
            numbers = before == kind == "number" and not operator
            demand(not numbers, f"two numbers side by side {where}")
            if operator == "/":
                factors = [quotient(fold(multiply, factors), value)]
            elif operator == r"\odot":
                both = lazy(lambda a, b: Val(a.of(1) * b.of(1), 1), factors.pop(), value)
                factors.append(both)
            else:
                factors.append(value)
        return fold(multiply, factors)

    def factor(self, s: Stream) -> tuple[Eval, str]:
        """One factor with its subscripts and powers, and what kind it is."""
        value, kind = self.base(s)
        while mark := s.take("_", "^"):
            arg = s.script()
            if mark == "_":
                value = indexed(value, self.indices(arg))
            elif len(arg) == 1 and arg[0] in TRANSPOSE and arg[0] not in self.marker.heads:
                value = lazy(transpose, value)
            else:
                demand(kind in ("plain", "number"), "ambiguous power: use parentheses")
                value, kind = fold(power, [value, self.expr(arg)]), "power"
        return value, kind if kind in ("bare", "number") else "plain"

    def base(self, s: Stream) -> tuple[Eval, str]:
        """One factor without what may follow it."""
        item = s.next()
        wrong = item in ("+", "-", *TIMES)
        demand(not wrong, f"{item!r} at the wrong place in {shown(s.items)!r}")
        if isinstance(item, Group):
            return self.group(item), "plain"
        if item[0].isdigit():
            return constant(float(item)), "number"
        if item in FUNCTIONS:
            return self.function(item, s)
        if item in ("e", r"\mathrm{e}") and item not in self.marker.heads and s.take("^"):
            return apply(torch.exp, self.expr(s.script())), "power"
        return self.construct(item, s), "plain"

    def function(self, name: str, s: Stream) -> tuple[Eval, str]:
        r"""``\log``, ``\exp``, ...: with a base, or a power as in ``\tanh^2 x``."""
        scripts: dict[str, Eval] = {}
        while mark := s.take("_", "^"):
            arg = s.script()
            known = "".join(flat(arg)).isdigit() and (mark == "^" or name == r"\log")
            demand(known, f"script on {name} is not understood: {shown(arg)}")
            scripts[mark] = self.expr(arg)
        group = s.group("(")
        value = self.group(group) if group else self.factor(s)[0]
        value = apply(FUNCTIONS[name], value)
        if "_" in scripts:
            value = quotient(value, apply(torch.log, scripts["_"]))
        if "^" in scripts:
            value = fold(power, [value, scripts["^"]])
        return value, "function" if group else "bare"

    # constructs of their own

    def construct(self, item: str, s: Stream) -> Eval:
        if item == r"\frac":
            top, bottom = s.script(), s.script()
            if top[:1] == bottom[:1] and top[:1] in (["\\partial"], ["d"], [r"\mathrm{d}"]):
                return self.derivative(top, bottom, s)
            return quotient(self.expr(top), self.expr(bottom))
        if item == r"\sqrt":
            return apply(torch.sqrt, self.expr(s.script()))
        if item in REDUCE or item == r"\arg":
            return self.big(item, s)
        if item == r"\nabla" and s.peek == "_":
            variables = [(s.script("_"), [])]
            return self.gradient(self.expr(s.term()), variables)
        if item == r"\operatorname{diag}" and (group := s.group("(")):
            return lazy(lambda v: Val(torch.diag_embed(v.of(1)), 2), self.expr(group.items))
        if item == "|":
            return apply(torch.abs, self.expr(s.until("|")))
        if item == r"\|":
            items, order = s.until(item), shown(s.script("_"))
            demand(order in NORMS, f"norm {order} is not supported: 1, 2 or \\infty")
            norm = partial(torch.linalg.vector_norm, ord=NORMS[order], dim=-1)
            return lazy(lambda v: Val(norm(v.of(1))), self.expr(items))
        return self.name(item, s)

    def group(self, group: Group) -> Eval:
        items, pair = group.items, group.open + group.close
        if pair in ("()", "{}", r"\{\}"):
            return self.expr(items)
        if group.open == r"\begin{cases}":
            return self.cases(items)
        if re.fullmatch(r"\\begin\{[pb]?matrix\}", group.open):
            rows = [split(row, {"&"}) for row in split(items, {r"\\"}) if row]
            demand(len({*map(len, rows)}) == 1, "the rows of a matrix have different lengths")
            entries = lazy(concatenate, *[self.expr(entry) for row in rows for entry in row])
            return lazy(lambda v: Val(v.t.unflatten(-1, (len(rows), -1)), 2), entries)
        demand(pair == "[]", f"{group.open!r} closed by {group.close!r} is not understood")
        if any(item in RELATIONS for item in items):
            return self.condition(items)[0]
        parts = [self.expr(part) for part in split(items, {","})]
        return lazy(concatenate, *parts) if parts[1:] else parts[0]

    def big(self, op: str, s: Stream) -> Eval:
        r"""``\sum``, ``\prod``, ``\max``, ``\arg\max``, ... with an index, or ``\max(a, b)``."""
        if op == r"\arg":
            op += s.take(*EXTREMA) or ""
        scripts: dict[str, list[Item]] = {}
        while mark := s.take("_", "^"):
            scripts[mark] = s.script()
        if op in EXTREMA and not scripts and (group := s.group("(", r"\{")):
            args = [self.expr(arg) for arg in split(group.items, {","})]
            demand(len(args) > 1, f"{op} of one argument")
            return fold(partial(elementwise, EXTREMA[op]), args)
        demand(op in REDUCE and "_" in scripts, f"{op} needs an index, as in {op}_j")
        first, *others = split(scripts["_"], {",", ":", r"\mid"})
        low, high = first[2:] if first[1:2] == ["="] else None, scripts.get("^")
        demand((low is None) == (high is None), f"{op}: give both bounds, as in _{{j=1}}^{{C}}")
        # in _{n: y_n = c}, _{j \ne i} and _{i,j}, what is more than a letter is a condition
        conditions = [part for part in others if len(part) > 1 or high]
        conditions += [first] if len(first) > 1 and low is None else []
        bounds = [self.expr(bound) for bound in (low, high) if bound is not None]
        outside, slots = self.bound, []
        for letter in [first, *(part for part in others if part not in conditions)]:
            starts = letter and is_letter(letter[0])
            demand(starts, f"{op}: {shown(letter)!r} does not start with a letter")
            slots.append(self.slot())
            self.bound = {**self.bound, letter[0]: slots[-1]}
        mask = fold(multiply, [self.condition(c)[0] for c in conditions]) if conditions else None
        body = self.expr(s.term())
        self.bound = outside
        return reduction(op, slots, bounds, mask, body)

    def derivative(self, top: list[Item], bottom: list[Item], s: Stream) -> Eval:
        r"""``\frac{\partial^2 L}{\partial x_i \partial x_j}`` or the operator with its operand."""

        def order(stream: Stream) -> int:
            digits = "".join(flat(stream.script("^"))) or "1"
            demand(digits.isdigit(), f"{digits!r} is no order of a derivative")
            return int(digits)

        above, below, variables = Stream(top), Stream(bottom), []
        sign, total = above.next(), order(above)
        while below.take(sign):
            variable = ([below.next()], self.script_indices(below))
            variables += [variable] * order(below)
        demand(below.peek is None, f"derivative by {shown(bottom)!r} is not understood")
        demand(len(variables) == total, f"derivative of order {total} by {len(variables)} names")
        return self.gradient(self.expr(top[above.at :] or s.term()), variables)

    def gradient(self, numerator: Eval, variables: list[tuple[list[Item], list[Index]]]) -> Eval:
        wanted: list[tuple[str, list[Index]]] = []
        for variable, index in variables:
            head = canonical("".join(flat(variable)))
            declared = head in self.marker.heads
            demand(declared, f"derivative by {head!r}, which the marker does not declare")
            wanted.append((self.variable(head), index))

        def evaluate(env: Env) -> Val:
            points = {name: differentiable(env.get(name)) for name, _ in wanted}
            v = numerator(env.holding(points))
            for name, index in reversed(wanted):
                rank, v = v.rank, jacobian(real(v), points[name])
                demand(not (index and rank), "derivative by an indexed name: index the numerator")
                v = gather(v, index, env) if index else v
            return v

        return evaluate

    def cases(self, items: list[Item]) -> Eval:
        """Exactly one condition must hold at each point, also where both sides are equal."""
        values, conditions, ties, otherwise = [], [], 0, False
        for row in split([t for t in items if t not in SEPARATORS], {r"\\"}):
            if not row:
                continue
            cells = [without_punctuation(cell) for cell in split(row, {"&"})]
            fits = len(cells) == 2 and not otherwise
            demand(fits, "cases: each row is 'value & condition', otherwise comes last")
            value, when = cells
            values.append(self.expr(value))
            otherwise = [word(t) for t in when] in OTHERWISE
            if otherwise:
                continue
            when = when[1:] if when and word(when[0]) in CONDITION_WORDS else when
            sides, names = relations_of(when)
            # x_j for x_i where i = j cannot be told apart by value: one spelling only
            if names == ["="] and self.positional(sides) and len(sides[1]) == 1:
                twin = is_letter(sides[1][0]) and sides[1][0] in flat(value)
                demand(not twin, f"cases: where {shown(when)}, write the letter on its left")
            condition, tie = self.condition(when)
            conditions.append(condition)
            ties += tie
        partition = ties == 1 or (ties == 0 and otherwise)
        demand(partition, "cases: the conditions overlap or leave a gap at equality")

        def choose(*parts: Val) -> Val:
            masks = [mask.of(0).bool() for mask in parts[len(values) :]]
            rest = 1 - sum(mask.long() for mask in masks)
            one = (rest >= 0).all() and (otherwise or (rest == 0).all())
            demand(one, "cases: not exactly one condition holds")
            total = torch.zeros((), dtype=torch.float64)
            for mask, part in zip([*masks, rest == 1], parts[: len(values)], strict=False):
                total = torch.where(mask, part.of(0), total)
            return Val(total)

        return lazy(choose, *values, *conditions)

    def condition(self, items: list[Item]) -> tuple[Eval, bool]:
        """A conjunction of relation chains as 1 or 0, and whether it holds where all is equal."""
        tests, tie = [], True
        words = {t for t in items if word(t) in JOINING_WORDS}
        for chain in split(items, {",", r"\land", *words}):
            sides, names = relations_of(chain)
            known = names and set(names) <= set(COMPARE)
            demand(known, f"condition {shown(chain)!r} is not understood")
            ends = [*map(self.position if self.positional(sides) else self.expr, sides)]
            for name, pair in zip(names, pairwise(ends), strict=True):
                tests.append(lazy(partial(compare, name), *pair))
                tie = tie and name in ("=", "<=", ">=")
        return fold(multiply, tests), tie

    def positional(self, sides: list[list[Item]]) -> bool:
        """Whether a relation compares positions (``i = y``) and not values (``x > 0``)."""
        letter = any(len(s) == 1 and self.is_index(s[0]) for s in sides)
        return letter and all(len(s) == 1 or s[1:2] == ["_"] for s in sides)

    def position(self, side: list[Item]) -> Eval:
        index = self.indices(side)
        demand(len(index) == 1, f"condition on {shown(side)!r} is not understood")
        return position(index[0])

    def is_index(self, item: Item) -> bool:
        if item in self.bound or item in self.free:
            return True
        return is_letter(item) and item not in self.marker.heads and item not in self.local

    def indices(self, items: list[Item]) -> list[Index]:
        """What stands in a subscript: letters, positions from 1, sizes, integer names."""
        out: list[Index] = []
        s = Stream(items)
        while s.peek is not None:
            token = s.next()
            if token == ",":
                continue
            if self.is_index(token):
                slot = self.bound[token] if token in self.bound else self.free.get(token)
                if slot is None:
                    slot = self.free[token] = self.slot()
                out.append(lambda env, size, slot=slot: env.letter(slot, size))
            elif token in self.marker.heads or token in self.local:
                inner = self.script_indices(s)
                out.append(partial(integer, self.variable(token), inner))
            else:
                known = token in {*SIZES, *self.marker.fixed} or (word(token) or "").isdigit()
                demand(known, f"subscript {shown([token])!r} is not an index")
                out.append(partial(fixed, token))
        demand(out, "empty subscript")
        return out

    def script_indices(self, s: Stream) -> list[Index]:
        return self.indices(s.script()) if s.take("_") else []

    def variable(self, head: str) -> str:
        """The name under which `Env` knows a LaTeX head."""
        self.used.add(head)
        return self.marker.heads.get(head, head)

    def name(self, item: str, s: Stream) -> Eval:
        """A declared name with primes, indices and arguments; a letter; what all know."""
        head, start = canonical(item), s.at
        full = f"{head}_{{{''.join(flat(s.script('_')))}}}"
        if full in self.marker.heads:
            head = full
        else:
            s.at = start
        slot = self.bound.get(head, self.free.get(head))
        if slot is not None:
            return lambda env: Val(env.letter(slot).double() + 1)
        if head not in self.marker.heads and head not in self.local:
            return self.builtin(head, s)
        name, primes = self.variable(head), 0
        while s.take("'"):
            primes += 1
        index = self.script_indices(s)
        functions = [f for (known, _), f in self.marker.functions.items() if known == name]
        is_function = functions or self.marker.function(head, 1)
        if is_function and (group := s.group("(")):
            lone_bars = {bar for bar in BARS if group.items.count(bar) == 1}
            parts = split(group.items, {",", ";", r"\parallel", r"\mid", *lone_bars})
            args = [self.expr(part) for part in parts]
            definition = self.marker.function(head, len(args))
            demand(definition, f"the marker declares no {head} of {len(args)} arguments")
            return indexed(call(definition, args, primes), index)
        demand(not primes, f"{head}' needs a function of the marker and its argument")
        if functions:
            return indexed(lambda env: env.lift(env.run(functions[0])), index)
        return indexed(lambda env: env.lift(env.get(name)), index)

    def builtin(self, head: str, s: Stream) -> Eval:
        if head == r"\delta":
            pair = self.script_indices(s)
            demand(len(pair) == 2, r"\delta needs two indices")
            return lazy(partial(compare, "="), *map(position, pair))
        if head in NUMBERS:
            return constant(NUMBERS[head])
        if head in SIZES or head in self.marker.fixed:
            return lambda env: constant(float(env.sizes[head]))(env)
        hint = f"declare it in the marker ('{head} = torch expression' or '{head} ~ randn()')"
        demand(head in CONSTANT_TENSORS, f"{head!r} is not understood: {hint}")
        make = partial(CONSTANT_TENSORS[head], dtype=torch.float64)
        return lambda env: env.lift(make(env.sizes["C"]))


def reduction(op: str, slots: list[int], bounds: list[Eval], mask: Eval | None, body: Eval) -> Eval:
    along_dimension, neutral = REDUCE[op]

    def evaluate(env: Env) -> Val:
        for slot in slots:
            env.ranges.pop(slot, None)
        if bounds:
            low, high = (bound(env).of(0) for bound in bounds)
            whole = low.numel() == high.numel() == 1 and (low % 1 == 0) and (high % 1 == 0)
            demand(whole and low <= high, f"the bounds of {op} must be whole numbers that rise")
            env.ranges[slots[0]] = (int(low) - 1, int(high - low) + 1, True)
        v = real(body(env))
        used = all(slot in env.ranges for slot in slots)
        demand(used, f"{op}: its index letter is used nowhere in the operand")
        sizes = [env.ranges[k][1] if k in slots else n for k, n in enumerate(v.t.shape)]
        t = v.t.expand(sizes)
        if mask:
            keep = mask(env).t.bool()
            keep = keep.reshape(keep.shape + (1,) * v.rank)
            t = torch.where(keep, t, torch.tensor(neutral, dtype=torch.float64))
        for slot in slots:
            t = along_dimension(t, slot, keepdim=True)
        return Val(t, v.rank)

    return evaluate


def call(definition: Definition, args: list[Eval], primes: int) -> Eval:
    """A marker function, once for every combination of the indices in its arguments."""

    def evaluate(env: Env) -> Val:
        function = partial(env.call, definition)
        for _ in range(primes):
            function = partial(prime, function)
        values = evaluated(args, env)
        lead = torch.broadcast_shapes(*[v.t.shape[: env.dims] for v in values])
        points = [v.t.expand(lead + v.shape).reshape((-1, *v.shape)) for v in values]
        out = torch.stack([function(point) for point in zip(*points, strict=True)])
        return Val(out.reshape(lead + out.shape[1:]), out.dim() - 1)

    return evaluate


def prime(function: Callable[[tuple[Tensor, ...]], Tensor], point: tuple[Tensor, ...]) -> Tensor:
    x = differentiable(point[0])
    y = function((x, *point[1:]))
    scalars = not x.dim() and not y.dim()
    demand(scalars, "f'(x) needs a scalar function of a scalar: declare x ~ randn()")
    return jacobian(Val(y), x).t


# --- Whole formulas --------------------------------------------------------------------------


@dataclass
class Relation:
    """Two members to compare; ``half_unit`` belongs to a rounded number on the right."""

    text: str
    name: str
    left: int
    right: int
    half_unit: float = 0.0
    gap: float = math.inf  # smallest distance of the sides at any point
    differ: bool = False  # whether the sides differ at some point

    def holds(self, x: Tensor, y: Tensor, extreme: bool) -> Tensor:
        distance = (x - y).abs()
        if self.name == "~":
            return distance <= self.half_unit
        limit = TOLERANCE * torch.maximum(x.abs(), y.abs()).nan_to_num(posinf=0) + ROUNDING
        if self.name == "=":
            return (distance <= limit) & x.isfinite() & y.isfinite() | (x.isinf() & (x == y))
        if self.name == "!=":
            return (x != y) & ~x.isnan() & ~y.isnan()
        # <= may be an equality up to rounding; at extreme points < may round to one
        if self.name in ("<=", ">=") or extreme:
            return x <= y + limit if self.name[0] == "<" else x >= y - limit
        return COMPARE[self.name](x, y)


class Part(Parser):
    """One chain of relations, such as ``a = b = c`` or ``0 < p < 1``."""

    def __init__(self, items: list[Item], marker: Marker, local: set[str]) -> None:
        super().__init__(marker, local)
        self.sides, names = relations_of(items)
        demand(names, f"{shown(items)!r} has no relation: nothing to check")
        self.head = local_head(items, marker)
        self.members: list[Eval] = []
        self.relations: list[Relation] = []
        self.only_if: Eval | None = None
        self.violated_outside = self.seen = False
        left = None if self.head else self.member(self.sides[0])
        for n, (name, (a, b)) in enumerate(zip(names, pairwise(self.sides), strict=True)):
            last = n and names[n - 1] in ("in", "~")
            demand(not last, "nothing may follow an interval or a rounded number")
            text = f"member {n + 1} ({shown(a)}) and member {n + 2} ({shown(b)})"
            if name == "in":
                group = b[0] if len(b) == 1 and isinstance(b[0], Group) else Group("")
                ends = split(group.items, {","})
                interval = group.open in ("(", "[") and len(ends) == 2
                demand(interval, f"\\in {shown(b)} is not an interval: mark it unchecked")
                low, high = map(self.member, ends)
                for bracket, a, b in ((group.open, low, left), (group.close, left, high)):
                    self.relations.append(Relation(text, "<" if bracket in "()" else "<=", a, b))
                continue
            right = self.member(b)
            if left is not None:
                half_unit = half_unit_of(b) if name == "~" else 0.0
                self.relations.append(Relation(text, name, left, right, half_unit))
            left = right

    def member(self, items: list[Item]) -> int:
        self.members.append(self.expr(items))
        return len(self.members) - 1

    def defined(self, env: Env) -> Tensor:
        """The local name's value: the letters of its left side become its dimensions."""
        letters = letters_of(self.sides[0])
        missing = f"{self.head}: an index letter is missing on its right side"
        demand(all(letter in self.free for letter in letters), missing)
        slots = [self.free[letter] for letter in letters]
        t = self.members[0](replace(env, dims=self.dims, ranges={})).t
        others = [k for k in range(self.dims) if k not in slots]
        alone = all(t.shape[k] == 1 for k in others)
        demand(alone, "a definition uses an index letter that its left side lacks")
        return t.permute(*others, *slots, *range(self.dims, t.dim()))[(0,) * len(others)]

    def test(self, env: Env, extreme: bool) -> None:
        env = replace(env, dims=self.dims, ranges={})
        values = [real(v) for v in evaluated(self.members, env)]
        where = self.where(env)
        inside = self.only_if(env).t.bool() if self.only_if else torch.tensor(True)
        for r in self.relations:
            a, b = values[r.left], values[r.right]
            demand(a.rank == b.rank, f"{r.text}: of rank {a.rank} and of rank {b.rank}")
            x, y, rank = align(a, b)
            within, claimed = (m.reshape(m.shape + (1,) * rank) for m in (inside, where))
            x, y, within, claimed = torch.broadcast_tensors(x.detach(), y.detach(), within, claimed)
            bad, valid = ~r.holds(x, y, extreme), claimed & within
            if self.only_if:
                self.violated_outside |= bool((bad & claimed & ~within).any())
            some = bool(valid.any())
            self.seen |= some
            if some and r.name not in ("=", "!=", "~"):
                distance = (x - y).abs()[valid]
                r.gap = min(r.gap, distance.min().item())
                r.differ |= bool((distance > 1e-6).any())
            if (bad & valid).any():
                at = tuple((bad & valid).nonzero()[0].tolist())
                letters = [f"{name}={at[slot] + 1}" for name, slot in self.free.items()]
                leaves = [f"{name}={t.tolist()}" for name, t in env.held.items()]
                raise FormulaError(
                    f"{r.text} differ: left {x[at].item():.12g}, right {y[at].item():.12g} "
                    f"at {', '.join(letters + leaves)}"
                )

    def where(self, env: Env) -> Tensor:
        """The marker's condition on the points, if this part has all its letters."""
        where = self.marker.where
        known = {*self.marker.heads.values(), *GLOBALS, *env.sizes, *self.free}
        if where is None or not where.needs <= known:
            return torch.tensor(True)
        letters = {name: env.letter(self.free[name]) for name in where.needs & {*self.free}}
        mask = env.run(where, letters).bool()
        return mask if letters else mask.all()

    def finish(self) -> None:
        """Complaints that only show after all points."""
        demand(self.seen or not self.relations, "the condition holds at no tested point")
        superfluous = self.only_if and not self.violated_outside
        demand(not superfluous, "the condition is superfluous: the relation holds without it")
        for r in self.relations:
            if r.gap < math.inf:
                demand(r.differ, f"{r.text} are equal at every point: write =")
                loose = f"the bound is not tight (nearest {r.gap:.3g}): a digit could change"
                demand(r.gap <= TIGHT, f"{r.text}: {loose}; mark it unchecked")


def half_unit_of(items: list[Item]) -> float:
    r"""Half a unit of the last digit of a printed number: 0.6931, ``1.2 \times 10^{-7}``."""
    number = r"-?\d+(?:\.(\d+))?(?:\\(?:times|cdot)10\^\{?(-?\d+)\}?)?"
    found = re.fullmatch(number, "".join(flat(items)))
    demand(found, r"\approx needs a plain decimal number on its right")
    return 0.5 * float(f"1e{int(found[2] or 0) - len(found[1] or '')}") * (1 + 1e-9)


def letters_of(left: list[Item]) -> list[str]:
    return [token for token in flat(left[2:]) if token not in "{,}"]


def local_head(items: list[Item], marker: Marker) -> str | None:
    """The name that ``m = ...`` or ``z_i = ...`` defines, unless the marker declares it."""
    left, names = relations_of(items)[0][0], relations_of(items)[1]
    if names[:1] != ["="] or len(left) not in (1, 3) or left[1:2] not in ([], ["_"]):
        return None
    if not re.fullmatch(r"[A-Za-z]|\\[A-Za-z]+(\{.*\})?", word(left[0]) or ""):
        return None
    head, whole = canonical(left[0]), canonical("".join(flat(left)))
    known = {*marker.heads, *SIZES, *NUMBERS, r"\delta"}
    letters = all(is_letter(t) and t not in marker.heads for t in letters_of(left))
    return head if letters and not known & {head, whole} else None


def chains(latex: str) -> list[tuple[str, list[Item]]]:
    """The formula cut into relation chains, each with the word that introduces it."""
    items = without_punctuation(grouped(latex))
    demand(items, "the formula is empty")
    aligned = r"\\begin\{(aligned|align\*?|split|gathered)\}"
    if len(items) == 1 and isinstance(items[0], Group) and re.match(aligned, items[0].open):
        items = without_punctuation(items[0].items)
    rows: list[list[Item]] = []
    for row in split(items, {r"\\"}):
        row = [t for t in row if t != "&"]
        while row and row[0] in SEPARATORS:
            row = row[1:]
        goes_on = row[:1] and row[0] in {"+", "-", *TIMES} and not relations_of(row)[1]
        if rows and row and (row[0] in RELATIONS or goes_on):
            rows[-1] += row
        else:
            rows.append(row)
    out: list[tuple[str, list[Item]]] = []
    for row in rows:
        out.append(("", []))
        for item in row:
            if isinstance(item, str) and item.startswith(r"\text"):
                out.append((word(item), []))
            elif item in {",", ";", *SEPARATORS}:
                # a word such as "if" may stand before the space
                out.append((out[-1][0] if not out[-1][1] else "", []))
            else:
                out[-1][1].append(item)
    for text, _ in out:
        known = text in {"", *CONDITION_WORDS, *JOINING_WORDS}
        demand(known, f"the text {text!r} in a formula cannot be checked")
    return [(text, part) for text, part in out if part]


class Formula:
    """All parts of one display formula."""

    def __init__(self, latex: str, marker: Marker) -> None:
        self.marker = marker
        self.parts: list[Part] = []
        pieces = chains(latex)
        heads = {local_head(part, marker) for text, part in pieces if text not in CONDITION_WORDS}
        for text, piece in pieces:
            if text in CONDITION_WORDS:
                demand(self.parts, f"{text!r} has nothing before it")
                self.parts[-1].only_if = self.parts[-1].condition(piece)[0]
            else:
                self.parts.append(Part(piece, marker, heads - {None}))
        definitions = [part for part in self.parts if part.head]
        self.local = {part.head: part for part in definitions}
        demand(len(self.local) == len(definitions), "a name is defined twice")
        used = {head for part in self.parts for head in part.used}
        for head in self.local:
            demand(head in used, f"{head} is defined, never used: define it in the marker")
        for head, name in marker.heads.items():
            needed = head in used or name in marker.needed
            demand(needed, f"the marker declares {head}, which the formula does not use")

    def test(self, points: list[Env], extreme: bool = False, shift: dict | None = None) -> None:
        for point in points:
            env = replace(point, local=self.local, local_values={}, shift=shift or {})
            for part in self.parts:
                try:
                    part.test(env, extreme)
                except (RuntimeError, IndexError, OverflowError) as error:
                    raise FormulaError(f"{shown(part.sides[0])} ...: {error}") from None

    def check(self) -> int:
        self.test(self.marker.points(False))
        if any(r.gap < math.inf for part in self.parts for r in part.relations):
            self.test(self.marker.points(True), extreme=True)
        for part in self.parts:
            part.finish()
        for head in self.local:
            self._matters(head)
        return sum(len(part.sides) for part in self.parts)

    def _matters(self, head: str) -> None:
        """A formula that holds for any m does not check ``m = ...``."""
        shifts = (
            lambda t: t + 0.7,
            lambda t: t * 1.3,
            lambda t: t + torch.arange(1, t.numel() + 1).reshape(t.shape) * 0.3,
        )
        for shift in shifts:
            try:
                self.test(self.marker.points(False)[:3], shift={head: shift})
            except FormulaError:
                continue
            raise FormulaError(
                f"the formula holds for other values of {head} too, so it does not check how "
                f"{head} is defined: define {head} in the marker as well"
            )


@cache
def parsed_marker(text: str) -> Marker:
    return Marker(text)


def check(latex: str, marker: str | None) -> Result:
    """Check one display formula against the marker above it; FormulaError tells what is wrong."""
    demand(marker is not None, "display formula without a marker: <!-- formula: ... --> above it")
    text = re.sub(r"^\s*<!--\s*formula:|-->\s*$", "", marker).strip()
    if text.split()[:1] == ["unchecked"]:
        reason = text[len("unchecked") :].strip()
        words, signs = re.findall(r"[\w'-]+", reason), re.findall("[一-鿿]", reason)
        enough = len(words) >= 3 or len(signs) >= 6
        demand(enough, "unchecked needs a reason of at least three words")
        return Result("unchecked", reason)
    return Result("checked", members=Formula(latex, parsed_marker(text)).check())

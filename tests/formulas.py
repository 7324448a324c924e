r"""Check the display formulas of a page against PyTorch, numerically.

A formula is trusted only if every member of every equality in it evaluates, in float64, to the
same numbers as the others at many random points.  Names get their meaning from the marker above
the formula (torch expressions), derivatives come from autograd, and the arithmetic is read by
SymPy's ``parse_latex``.  That grammar knows no index sums, Kronecker deltas, cases, norms,
operator names or indexed derivatives, and it drops what it cannot read; so `Parser` cuts those
constructs out, evaluates them itself, and hands SymPy an arithmetic skeleton over placeholders
``P_{0}, P_{1}, ...`` inside one pair of parentheses, which turns dropped text into an error.

Every index letter owns one leading tensor dimension, so that one evaluation covers all index
combinations.  Anything that is not understood is an error: nothing in a formula is skipped.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import sympy
import torch
import torch.nn.functional as F
from sympy.parsing.latex import parse_latex
from torch import Tensor, nn

TRIALS, EXTREME_TRIALS, TOLERANCE, TIGHT = 20, 8, 1e-10, 1e-4
GLOBALS = {"F": F, "nn": nn, "torch": torch, "math": math}
SIZES = ("C", "N", "K", "D")


class FormulaError(ValueError):
    """The formula is wrong, or holds something that cannot be evaluated."""


class Mismatch(FormulaError):
    """Two members of a relation have different values."""


class UnknownSize(FormulaError):
    """An index letter was needed before any tensor told how far it runs."""


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


Eval = Callable[["Env"], Val]


def real(v: Val) -> Val:
    """Integers become float64: torch would turn them into float32 in ``exp`` or a quotient."""
    return v if v.t.dtype == torch.float64 else Val(v.t.double(), v.rank)


def align(a: Val, b: Val) -> tuple[Tensor, Tensor, int]:
    """Give scalars the rank of the other operand; two different shapes are an error."""
    rank = max(a.rank, b.rank)
    if {a.rank, b.rank} == {1, 2}:
        raise FormulaError("a vector and a matrix cannot be added or compared")
    out = [v.t.reshape(v.t.shape + (1,) * (rank - v.rank)) for v in (a, b)]
    if a.rank == b.rank and rank and a.t.shape[-rank:] != b.t.shape[-rank:]:
        raise FormulaError(
            f"shapes {tuple(a.t.shape[-rank:])} and {tuple(b.t.shape[-rank:])} differ"
        )
    return *out, rank


def add(a: Val, b: Val) -> Val:
    x, y, rank = align(a, b)
    return Val(x + y, rank)


def mul(a: Val, b: Val) -> Val:
    """Scalar multiple or matrix product; vectors are columns, ``p^\top`` is a 1-row matrix."""
    if not (a.rank and b.rank):
        x, y, rank = align(a, b)
        return Val(x * y, rank)
    if a.rank == b.rank == 1:
        raise FormulaError(r"product of two vectors: write indices, ^\top or \odot")
    a, b = real(a), real(b)
    x = a.t.unsqueeze(-1) if a.rank == 1 else a.t
    y = b.t.unsqueeze(-1) if b.rank == 1 else b.t
    if x.shape[-1] != y.shape[-2]:
        raise FormulaError(f"matrix product of {tuple(x.shape[-2:])} and {tuple(y.shape[-2:])}")
    out = x @ y
    if b.rank == 2:
        return Val(out, 2)
    return Val(out.squeeze(-1), 1) if out.shape[-2] > 1 else Val(out.squeeze(-1).squeeze(-1))


def power(a: Val, b: Val) -> Val:
    if 2 in (a.rank, b.rank):
        raise FormulaError("power of a matrix is not supported")
    x, y, rank = align(real(a), real(b))
    return Val(torch.pow(x, y), rank)


def gather(v: Val, index: list[Callable[[int], Tensor]], dims: int) -> Val:
    """``v`` at index tensors for its own first dimensions, index dimensions kept in place."""
    if len(index) > v.rank:
        raise FormulaError(f"{len(index)} indices on a value with {v.rank} dimensions")
    shape = v.t.shape
    keep = [torch.arange(shape[k]).view(spread(dims, k)) for k in range(dims)]
    picks = [f(shape[dims + k]) for k, f in enumerate(index)]
    return Val(v.t[tuple(keep + picks)], v.rank - len(index))


def spread(dims: int, slot: int) -> list[int]:
    return [-1 if k == slot else 1 for k in range(dims)]


def jacobian(v: Val, x: Tensor) -> Val:
    """All derivatives of ``v`` with respect to the tensor ``x``, by autograd."""
    flat = v.t.reshape(-1)
    if not flat.requires_grad:
        rows = [torch.zeros_like(x)] * len(flat)
    else:
        rows = [
            torch.autograd.grad(e, x, create_graph=True, materialize_grads=True)[0] for e in flat
        ]
    return Val(torch.stack(rows).reshape(v.t.shape + x.shape), v.rank + x.dim())


def differentiable(t: Tensor) -> Tensor:
    """A node of its own in the autograd graph (an outer derivative may be under way)."""
    if not t.is_floating_point():
        raise FormulaError("derivative with respect to integers")
    return t.clone() if t.requires_grad else t.detach().clone().requires_grad_()


# --- Marker: what the names mean ------------------------------------------------------------


@dataclass
class Definition:
    """``code`` is a torch expression; ``params`` is None for a value."""

    head: str
    name: str
    code: object
    deps: tuple[str, ...]
    params: tuple[str, ...] | None = None


TOKEN = re.compile(
    r"\\(?:begin|end)\{\w+\*?\}"
    r"|\\(?:operatorname\*?|mathrm|mathbf|mathcal|mathbb|mathsf|mathit|boldsymbol|bm)\s*\{[^{}]*\}"
    r"|\\text\s*\{[^{}]*\}"
    r"|\\(?:hat|bar|tilde|vec|widehat)\s*(?:\{[^{}]*\}|[A-Za-z]|\\[A-Za-z]+)"
    r"|\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\S"
)
SPACE = re.compile(
    r"\\(?:[,;:! ]|left|right|middle|[bB]ig+[lrm]?|displaystyle|textstyle|limits|nolimits)$|~$"
)


def tokenize(latex: str) -> list[str]:
    tokens = []
    for token in TOKEN.findall(latex):
        if SPACE.match(token):
            continue
        token = re.sub(r"^\\operatorname\*", r"\\operatorname", token)
        token = re.sub(r"^(\\[A-Za-z]+)\s*(\\[A-Za-z]+|[A-Za-z])$", r"\1{\2}", token) \
            if re.match(r"\\(?:hat|bar|tilde|vec|widehat)\b", token) else token
        tokens.append(token if token.startswith(r"\text") else re.sub(r"\s+", "", token))
    return tokens


def python_name(head: str) -> str:
    r"""``\operatorname{softmax}`` -> softmax, ``\hat{p}`` -> p_hat, ``\lambda`` -> lambda_."""
    accent = re.fullmatch(r"\\(hat|bar|tilde|vec|widehat)\{(.*)\}", head)
    if accent:
        return f"{python_name(accent[2])}_{accent[1]}"
    bare = re.sub(r"\\(operatorname|math[a-z]+|boldsymbol|bm|text)\b", "", head)
    name = re.sub(r"\W+", "", bare.replace("-", "_"))
    return name + "_" if name == "lambda" else name


def free_names(source: str) -> tuple[str, ...]:
    tree = ast.parse(source, mode="eval")
    return tuple(sorted({n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}))


class Marker:
    """The parsed comment: leaves, definitions, fixed sizes and the condition on the points."""

    def __init__(self, text: str) -> None:
        self.leaves: dict[str, str] = {}  # python name -> sampler source
        self.heads: dict[str, str] = {}  # LaTeX head -> python name
        self.functions: dict[tuple[str, int], Definition] = {}
        self.values: dict[str, Definition] = {}
        self.fixed: dict[str, int] = {}
        self.where: Definition | None = None
        for item in filter(None, (part.strip() for part in text.split(";"))):
            self._read(item)
        used = {d for x in self.definitions() for d in x.deps}
        if "x" not in self.leaves and "x" not in self.heads.values():
            self.leaves["x"], self.heads["x"] = "randn(C)", "x"
            self.default_x = True
        else:
            self.default_x = False
        self.used_in_code = used
        self._trials: dict[bool, list[Trial]] = {}

    def definitions(self) -> Iterator[Definition]:
        yield from self.values.values()
        yield from self.functions.values()
        if self.where:
            yield self.where

    def _read(self, item: str) -> None:
        try:
            if item.startswith("where "):
                self.where = self._definition("where", "where", item[6:])
            elif size := re.fullmatch(r"([A-Z])\s*=\s*(\d+)", item):
                self.fixed[size[1]] = int(size[2])
            elif leaf := re.fullmatch(r"([^=~]+)~(.+)", item):
                for head in leaf[1].split(","):
                    self.leaves[self._declare(head)] = leaf[2].strip()
            elif call := re.fullmatch(r"([^=]*?)\(([^()=]*)\)\s*=(?!=)(.+)", item):
                params = tuple(python_name(p.strip()) for p in call[2].split(","))
                head = canonical(call[1])
                name = self.heads.get(head) or self._declare(call[1])
                self.functions[head, len(params)] = self._definition(head, name, call[3], params)
            elif value := re.fullmatch(r"([^=]+)=(?!=)(.+)", item):
                name = self._declare(value[1])
                self.values[name] = self._definition(canonical(value[1]), name, value[2])
            else:
                raise FormulaError("expected 'NAME = expression' or 'NAME ~ sampler'")
        except (SyntaxError, FormulaError) as error:
            raise FormulaError(f"marker part {item!r}: {error}") from None

    def _declare(self, source: str) -> str:
        head = canonical(source)
        name = python_name(head)
        if not name.isidentifier():
            raise FormulaError(f"{head!r} gives no Python name")
        if name in self.heads.values():
            raise FormulaError(f"the name {name!r} is declared twice")
        self.heads[head] = name
        return name

    def _definition(self, head: str, name: str, source: str, params=None) -> Definition:
        code = compile(source.strip(), f"<formula marker: {head}>", "eval")
        return Definition(head, name, code, free_names(source.strip()), params)

    def function(self, head: str, count: int) -> Definition | None:
        """The function ``head`` of ``count`` arguments.

        An operator name declared as a value is a function of the first leaves it depends on.
        """
        value = self.values.get(self.heads.get(head, ""))
        if value and re.match(r"\\(operatorname|mathrm)\{", head):
            return Definition(
                head, value.name, value.code, value.deps, tuple(self._leaves_of(value))[:count]
            )
        return self.functions.get((head, count))

    def is_function(self, head: str) -> bool:
        return any(h == head for h, _ in self.functions)

    def _leaves_of(self, definition: Definition) -> list[str]:
        seen, todo = set(), list(definition.deps)
        while todo:
            name = todo.pop()
            seen.add(name)
            todo += [d for f in self.definitions() if f.name == name for d in f.deps
                     if d not in seen]
        return [leaf for leaf in self.leaves if leaf in seen]

    def trials(self, extreme: bool = False) -> list[Trial]:
        """Random points, drawn once; the extreme ones show whether an inequality is tight."""
        if extreme not in self._trials:
            scales = [1e-6, 20.0] * EXTREME_TRIALS if extreme else [2.0] * TRIALS
            self._trials[extreme] = [
                Trial(self, seed, scale) for seed, scale in enumerate(scales)
            ]
        return self._trials[extreme]


def canonical(source: str) -> str:
    return "".join(tokenize(source))


class Trial:
    """One random point: sizes, leaves and (filled on demand) the definitions' values."""

    def __init__(self, marker: Marker, seed: int, scale: float) -> None:
        gen = torch.Generator().manual_seed(1000 + seed)
        sizes = (torch.randperm(6, generator=gen)[: len(SIZES)] + 2).tolist()
        self.sizes = {**dict(zip(SIZES, sizes, strict=True)), **marker.fixed}

        def randn(*shape: int) -> Tensor:
            return scale * torch.randn(shape, generator=gen, dtype=torch.float64)

        def uniform(low: float, high: float, *shape: int) -> Tensor:
            return low + (high - low) * torch.sigmoid(randn(*shape))

        samplers = {
            "randn": randn,
            "uniform": uniform,
            "rand": lambda *shape: uniform(0, 1, *shape),
            "randint": lambda high, *shape: torch.randint(high, shape, generator=gen),
            "simplex": lambda *shape: torch.softmax(randn(*shape), -1),
            **GLOBALS,
        }
        self.values: dict[str, Tensor] = {}
        for name, source in marker.leaves.items():
            try:
                value = eval(source, {**samplers, **self.sizes, **self.values})
            except Exception as error:
                raise FormulaError(f"sampler {source!r} of {name}: {error}") from None
            self.values[name] = value
        self.leaves = dict(self.values)


class Env:
    """Values of all names at one point, and how far the index letters run."""

    def __init__(self, marker: Marker, trial: Trial, local: dict[str, Local], shift=None):
        self.marker, self.trial, self.local, self.shift = marker, trial, local, shift or {}
        self.fixed = trial.leaves
        self.values = trial.values  # shared by all checks of this marker
        self.local_values: dict[str, Tensor] = {}
        self.ranges: dict[int, tuple[int, int]] = {}
        self.dims = 0

    def fork(self, overrides: dict[str, Tensor] | None = None, dims: int | None = None) -> Env:
        """The same point with some names held at other values, or with fresh index letters."""
        env = object.__new__(Env)
        env.__dict__.update(self.__dict__)
        if overrides:
            env.fixed = {**self.fixed, **overrides}
            env.values, env.local_values = dict(env.fixed), {}
        if dims is not None:
            env.dims, env.ranges = dims, {}
        return env

    def get(self, name: str) -> Tensor:
        if name in self.values:
            return self.values[name]
        if name in self.marker.values:
            self.values[name] = self.run(self.marker.values[name])
            return self.values[name]
        if name in self.local:
            if name not in self.local_values:
                value = self.local[name].tensor(self)
                self.local_values[name] = self.shift.get(name, lambda t: t)(value)
            return self.local_values[name]
        raise FormulaError(f"{name!r} is not defined in the marker")

    def run(self, definition: Definition, extra: dict | None = None) -> Tensor:
        names = dict(GLOBALS, **self.trial.sizes)
        for dep in definition.deps:
            function = next((f for f in self.marker.functions.values() if f.name == dep), None)
            if function:
                names[dep] = lambda *args, f=function: self.call(f, list(args))
            elif dep in self.marker.leaves or dep in self.marker.values or dep in self.values:
                names[dep] = self.get(dep)
        names.update(extra or {})
        try:
            out = eval(definition.code, names)
        except Exception as error:
            raise FormulaError(f"marker definition of {definition.head}: {error}") from None
        out = torch.as_tensor(out, dtype=torch.float64) if not torch.is_tensor(out) else out
        return out.double() if out.dtype == torch.bool else out

    def call(self, function: Definition, args: list[Tensor]) -> Tensor:
        if len(args) != len(function.params or ()):
            raise FormulaError(
                f"{function.head} takes {len(function.params or ())} arguments, not {len(args)}"
            )
        return self.fork(dict(zip(function.params, args, strict=True))).run(function)

    def lift(self, t: Tensor) -> Val:
        return Val(t.reshape((1,) * self.dims + t.shape), t.dim())

    def letter(self, slot: int, size: int | None = None) -> Tensor:
        """Positions (from 0) of an index letter, along the letter's own dimension."""
        if slot not in self.ranges:
            if size is None:
                raise UnknownSize("an index letter is used, but indexes nothing")
            self.ranges[slot] = (0, size)
        start, count = self.ranges[slot]
        if size is not None and (start < 0 or start + count > size):
            raise FormulaError(
                f"an index runs from {start + 1} to {start + count} on an axis of {size}"
            )
        if size is not None and slot not in self.bounded and count != size:
            raise FormulaError(f"one index letter runs over axes of sizes {count} and {size}")
        return torch.arange(start, start + count).view(spread(self.dims, slot))

    bounded: frozenset[int] = frozenset()


def eval_all(parts: list[Eval], env: Env) -> list[Val]:
    """Evaluate all; one that needs the range of an index letter waits for the others."""
    out: dict[int, Val] = {}
    todo = list(range(len(parts)))
    while todo:
        late, error = [], None
        for k in todo:
            try:
                out[k] = parts[k](env)
            except UnknownSize as unknown:
                late.append(k)
                error = unknown
        if len(late) == len(todo):
            raise error
        todo = late
    return [out[k] for k in range(len(parts))]

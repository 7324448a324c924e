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
import itertools
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

import sympy
import torch
import torch.nn.functional as F
from sympy.parsing.latex import parse_latex
from torch import Tensor, nn

TRIALS, EXTREME_TRIALS, TIGHT = 20, 8, 1e-4
# relative; the absolute part only covers rounding next to zero
TOLERANCE, ROUNDING = 1e-10, 1e-12
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
    r"""Scalar multiple or matrix product; vectors are columns, ``p^\top`` is a 1-row matrix."""
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
    tokens: list[str] = []
    begun: list[str] = []
    for token in TOKEN.findall(latex):
        if SPACE.match(token):
            continue
        token = re.sub(r"^\\operatorname\*", r"\\operatorname", token)
        token = (
            re.sub(r"^(\\[A-Za-z]+)\s*(\\[A-Za-z]+|[A-Za-z])$", r"\1{\2}", token)
            if re.match(r"\\(?:hat|bar|tilde|vec|widehat)\b", token)
            else token
        )
        if token.startswith(r"\begin{"):
            begun.append(token[6:])
        elif token.startswith(r"\end{") and (not begun or begun.pop() != token[4:]):
            raise FormulaError(f"{token} ends no such environment")
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
        if name in GLOBALS:
            raise FormulaError(f"{name!r} is taken by torch's module; use another letter")
        if name in self.heads.values():
            raise FormulaError(f"the name {name!r} is declared twice")
        self.heads[head] = name
        return name

    def _definition(self, head: str, name: str, source: str, params=None) -> Definition:
        code = compile(source.strip(), f"<formula marker: {head}>", "eval")
        deps = free_names(source.strip())
        if name in deps:
            raise FormulaError(f"{head} is defined by itself")
        return Definition(head, name, code, deps, params)

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
            todo += [
                d for f in self.definitions() if f.name == name for d in f.deps if d not in seen
            ]
        return [leaf for leaf in self.leaves if leaf in seen]

    def trials(self, extreme: bool = False) -> list[Trial]:
        """Random points, drawn once; the extreme ones show whether an inequality is tight."""
        if extreme not in self._trials:
            scales = [1e-6, 20.0] * EXTREME_TRIALS if extreme else [2.0] * TRIALS
            self._trials[extreme] = [Trial(self, seed, scale) for seed, scale in enumerate(scales)]
        return self._trials[extreme]


def canonical(source: str) -> str:
    """One spelling for a name: no spaces, subscripts in braces."""
    joined = "".join(tokenize(source))
    return re.sub(r"_(\\[A-Za-z]+(?:\{[^{}]*\})?|[^{\\])", r"_{\1}", joined)


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
        self.ranges: dict[int, tuple[int, int, bool]] = {}
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
            self.ranges[slot] = (0, size, False)
        start, count, bounded = self.ranges[slot]
        if size is not None and (start < 0 or start + count > size):
            raise FormulaError(f"an index runs {start + 1}..{start + count} on an axis of {size}")
        if size is not None and not bounded and count != size:
            raise FormulaError(f"one index letter runs over axes of sizes {count} and {size}")
        return torch.arange(start, start + count).view(spread(self.dims, slot))


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


# --- Token helpers ---------------------------------------------------------------------------

RELATIONS = {
    "=": "=", ":=": "=", r"\ne": "!=", r"\neq": "!=", "<": "<", r"\lt": "<", ">": ">", r"\gt": ">",
    r"\le": "<=", r"\leq": "<=", r"\ge": ">=", r"\geq": ">=", r"\approx": "~", r"\in": "in",
}  # fmt: skip
COMPARE = {
    "=": torch.eq, "!=": torch.ne, "<": torch.lt, ">": torch.gt, "<=": torch.le, ">=": torch.ge,
}  # fmt: skip
OPEN = {"(", "[", "{", r"\{", r"\lvert", r"\lVert", r"\langle", r"\lfloor"}
CLOSE = {")", "]", "}", r"\}", r"\rvert", r"\rVert", r"\rangle", r"\rfloor"}
SEPARATORS = {r"\quad", r"\qquad"}
TIMES = {r"\cdot": r"\cdot ", r"\times": r"\cdot ", "*": r"\cdot ", "/": "/"}
DIFFERENTIALS = {r"\partial", "d", r"\mathrm{d}"}
TRANSPOSE = {r"\top", r"\intercal", r"\mathsf{T}", r"\mathrm{T}", "T"}
CONDITION_WORDS = {"if", "for", "when", "若", "当", "如果"}
JOINING_WORDS = {"and", "where", "with", "且", "和", "其中"}
BY_SYMPY = {
    r"\ln", r"\log", r"\exp", r"\tanh", r"\sinh", r"\cosh", r"\sin", r"\cos",
}  # fmt: skip
OWN_FUNCTIONS = {
    r"\operatorname{sign}": torch.sign, r"\operatorname{sgn}": torch.sign,
    r"\operatorname{erf}": torch.erf, r"\operatorname{abs}": torch.abs,
}  # fmt: skip
UNARY = {
    sympy.exp: torch.exp, sympy.tanh: torch.tanh, sympy.sinh: torch.sinh,
    sympy.cosh: torch.cosh, sympy.sin: torch.sin, sympy.cos: torch.cos,
}  # fmt: skip


def level(tokens: list[str]) -> Iterator[tuple[int, str, int]]:
    """Position, token and bracket depth (an opening bracket is outside itself, as is its end)."""
    depth = 0
    for k, token in enumerate(tokens):
        if token in CLOSE or token.startswith(r"\end{"):
            depth -= 1
        if depth < 0:
            raise FormulaError(f"{token!r} closes nothing")
        yield k, token, depth
        if token in OPEN or token.startswith(r"\begin{"):
            depth += 1
    if depth:
        raise FormulaError("a bracket or environment is not closed")


def split(tokens: list[str], separators: set[str] | dict) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for _, token, depth in level(tokens):
        if depth == 0 and token in separators:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def closing(tokens: list[str], start: int, end: str | None = None) -> int:
    """Where the bracket at ``start`` closes; ``end`` for bars, which look alike at both ends."""
    depth = 0
    for k in range(start + 1, len(tokens)):
        if depth == 0 and (tokens[k] == end or (end is None and is_close(tokens[k]))):
            return k
        depth += (tokens[k] in OPEN or tokens[k].startswith(r"\begin{")) - is_close(tokens[k])
    raise FormulaError(f"{tokens[start]!r} is not closed")


def is_close(token: str) -> bool:
    return token in CLOSE or token.startswith(r"\end{")


def script(tokens: list[str], start: int) -> tuple[list[str], int]:
    """The argument of ``_``, ``^`` or a command: a group or, as in TeX, one single token."""
    if start >= len(tokens):
        raise FormulaError(f"{tokens[start - 1]!r} has no argument")
    if tokens[start] == "{":
        end = closing(tokens, start)
        return tokens[start + 1 : end], end + 1
    if len(tokens[start]) > 1 and tokens[start][0].isdigit():
        raise FormulaError(f"put braces around {tokens[start]!r} after {tokens[start - 1]!r}")
    return [tokens[start]], start + 1


def relations_of(tokens: list[str]) -> tuple[list[list[str]], list[str]]:
    names = [RELATIONS[t] for _, t, depth in level(tokens) if depth == 0 and t in RELATIONS]
    return split(tokens, RELATIONS), names


# --- Arithmetic, read by SymPy ---------------------------------------------------------------


@cache
def sympy_tree(skeleton: str) -> sympy.Basic:
    try:
        return parse_latex(f"({skeleton})", backend="antlr")
    except Exception as error:
        raise FormulaError(f"SymPy cannot read {skeleton!r}: {error}") from None


def euler(env: Env) -> Val:
    return constant(math.e)(env)


def constant(value: float) -> Eval:
    tensor = torch.tensor(value, dtype=torch.float64)
    return lambda env: env.lift(tensor)


def apply(function: Callable[[Tensor], Tensor], v: Val) -> Val:
    return Val(function(real(v).t), v.rank)


def build(node: sympy.Basic, atoms: list[Eval]) -> Eval:
    """A SymPy tree over placeholders, as a function of the environment."""
    if node.is_Symbol:
        return atoms[int(node.name[3:-1])]
    if node.is_Number:
        return constant(float(node))
    if isinstance(node, sympy.Pow) and node.args[0].is_Symbol:
        exponent = build(node.args[1], atoms)
        if build(node.args[0], atoms) is euler:
            return lambda env: apply(torch.exp, exponent(env))
    parts = [build(arg, atoms) for arg in node.args if arg is not sympy.E]
    if isinstance(node, sympy.log):
        if len(parts) == 1:
            return lambda env: apply(torch.log, parts[0](env))
        return lambda env: mul(
            apply(torch.log, parts[0](env)),
            apply(lambda base: 1 / torch.log(base), parts[1](env)),
        )
    if type(node) in UNARY:
        return lambda env: apply(UNARY[type(node)], parts[0](env))
    fold = {sympy.Add: add, sympy.Mul: mul, sympy.Pow: power}.get(type(node))
    if fold is None:
        raise FormulaError(f"SymPy read {node} as {type(node).__name__}, which is not supported")

    def evaluate(env: Env) -> Val:
        first, *rest = eval_all(parts, env)
        for value in rest:
            first = fold(first, value)
        return first

    return evaluate


# --- Parser ----------------------------------------------------------------------------------

Scope = dict[str, int]
Index = Callable[["Env", "int | None"], Tensor]


@dataclass
class Local:
    """A name that the formula itself defines (``m = \\max_j x_j``)."""

    slots: list[int]
    expr: Eval
    parser: Parser

    def tensor(self, env: Env) -> Tensor:
        dims = self.parser.dims
        v = self.expr(env.fork(dims=dims))
        others = [k for k in range(dims) if k not in self.slots]
        if any(v.t.shape[k] != 1 for k in others):
            raise FormulaError("a definition uses an index letter that its left side lacks")
        own = list(range(dims, v.t.dim()))
        shape = [v.t.shape[k] for k in self.slots + own]
        return v.t.permute(self.slots + others + own).reshape(shape)


@dataclass
class Parser:
    """Turns the tokens of one part of a formula into functions of an `Env`."""

    marker: Marker
    local: set[str]
    used: set[str] = field(default_factory=set)
    free: Scope = field(default_factory=dict)
    dims: int = 0

    def slot(self) -> int:
        self.dims += 1
        return self.dims - 1

    # arithmetic

    def expr(self, tokens: list[str], scope: Scope) -> Eval:
        atoms: list[Eval] = []
        return self.compiled(self.skeleton(tokens, scope, atoms), atoms)

    def compiled(self, skeleton: str, atoms: list[Eval]) -> Eval:
        return build(sympy_tree(skeleton), atoms)

    def skeleton(self, tokens: list[str], scope: Scope, atoms: list[Eval]) -> str:
        """The arithmetic of ``tokens`` for SymPy, everything else replaced by placeholders."""
        out, state, divisor, k = [], "start", False, 0
        while k < len(tokens):
            token = tokens[k]
            if token in ("+", "-") and state != "operator":
                out.append(token)
                state, divisor, k = "operator", False, k + 1
            elif token in TIMES and state in ("factor", "number"):
                out.append(TIMES[token])
                state, divisor, k = "operator", token == "/", k + 1
            elif token == r"\odot" and state == "factor":
                left = self.compiled(out.pop(), atoms)
                piece, k, state = self.factor(tokens, k + 1, scope, atoms)
                out.append(self.place(hadamard(left, self.compiled(piece, atoms)), atoms))
            elif token in ("+", "-", r"\odot", *TIMES):
                hint = r"; put the argument of \log in parentheses" if state == "bare" else ""
                raise FormulaError(f"{token!r} at the wrong place in {' '.join(tokens)!r}{hint}")
            else:
                if state == "bare" and token not in BY_SYMPY:
                    raise FormulaError(f"put the function's argument before {token!r} in ( )")
                if divisor and state != "operator":
                    raise FormulaError(f"put parentheses around the divisor before {token!r}")
                before = state
                piece, k, state = self.factor(tokens, k, scope, atoms)
                if before == state == "number":
                    raise FormulaError(f"two numbers side by side: {out[-1]} {piece}")
                if before in ("factor", "number", "bare"):
                    out.append(r"\cdot ")
                out.append(piece)
        if state in ("start", "operator"):
            raise FormulaError(f"an operand is missing in {' '.join(tokens)!r}")
        return "".join(out)

    def place(self, evaluate: Eval, atoms: list[Eval]) -> str:
        atoms.append(evaluate)
        return f"P_{{{len(atoms) - 1}}}"

    def factor(self, tokens, start, scope, atoms) -> tuple[str, int, str]:
        """One factor with its subscripts and powers."""
        if start >= len(tokens):
            raise FormulaError(f"an operand is missing after {tokens[-1]!r}")
        piece, k, state = self.base(tokens, start, scope, atoms)
        powers = 0
        while k < len(tokens) and tokens[k] in ("_", "^"):
            arg, after = script(tokens, k + 1)
            if tokens[k] == "_":
                whole, index = self.compiled(piece, atoms), self.indices(arg, scope)
                piece = self.place(indexed(whole, index), atoms)
            elif len(arg) == 1 and arg[0] in TRANSPOSE and arg[0] not in self.marker.heads:
                piece = self.place(transposed(self.compiled(piece, atoms)), atoms)
            elif powers or state in ("bare", "function"):
                raise FormulaError("ambiguous power: use parentheses")
            else:
                piece, powers = f"{piece}^{{{self.skeleton(arg, scope, atoms)}}}", 1
            k = after
        if state == "number" and powers:
            state = "factor"
        return piece, k, "factor" if state == "function" else state

    def base(self, tokens, k, scope, atoms) -> tuple[str, int, str]:
        """One factor without what may follow it: text for SymPy, next position, its kind."""
        token = tokens[k]
        if token[0].isdigit():
            return token, k + 1, "number"
        if token in ("(", "{", r"\{") or (token == "[" and not self.is_list(tokens, k)):
            end = closing(tokens, k)
            if (token, tokens[end]) not in (("(", ")"), ("{", "}"), (r"\{", r"\}"), ("[", "]")):
                raise FormulaError(f"{token!r} is closed by {tokens[end]!r}")
            return f"({self.skeleton(tokens[k + 1 : end], scope, atoms)})", end + 1, "factor"
        if token in (r"\frac", r"\dfrac", r"\tfrac"):
            top, mid = script(tokens, k + 1)
            bottom, end = script(tokens, mid)
            if top[:1] and top[0] in DIFFERENTIALS and len(bottom) > 1 and bottom[0] == top[0]:
                return self.derivative(tokens, top, bottom, end, scope, atoms)
            a, b = self.skeleton(top, scope, atoms), self.skeleton(bottom, scope, atoms)
            fraction = rf"\frac{{{a}}}{{{b}}}"
            # nested parentheses make SymPy's parser slow, so only where a power follows
            return f"({fraction})" if tokens[end : end + 1] == ["^"] else fraction, end, "factor"
        if token == r"\sqrt":
            degree = ""
            if tokens[k + 1 : k + 2] == ["["]:
                end = closing(tokens, k + 1)
                degree = f"[{self.skeleton(tokens[k + 2 : end], scope, atoms)}]"
                k = end
            arg, end = script(tokens, k + 1)
            return rf"(\sqrt{degree}{{{self.skeleton(arg, scope, atoms)}}})", end, "factor"
        if token in BY_SYMPY:
            return self.function(tokens, k, scope, atoms)
        evaluate, end = self.construct(tokens, k, scope)
        return self.place(evaluate, atoms), end, "factor"

    def is_list(self, tokens: list[str], k: int) -> bool:
        inner = tokens[k + 1 : closing(tokens, k)]
        return any(d == 0 and (t == "," or t in RELATIONS) for _, t, d in level(inner))

    def function(self, tokens, k, scope, atoms) -> tuple[str, int, str]:
        r"""``\log``, ``\exp``, ...: always given to SymPy with its argument in parentheses."""
        name, base, exponent = tokens[k], "", ""
        k += 1
        while k < len(tokens) and tokens[k] in ("_", "^"):
            arg, after = script(tokens, k + 1)
            text = self.skeleton(arg, scope, atoms)
            if tokens[k] == "_" and name == r"\log":
                base = f"_{{{text}}}"
            elif tokens[k] == "^" and arg[0].isdigit():
                exponent = f"^{{{text}}}"
            else:
                raise FormulaError(f"script on {name} is not understood: {' '.join(arg)}")
            k = after
        if tokens[k : k + 1] == ["("]:
            piece, k, state = self.base(tokens, k, scope, atoms)
            state = "function"
        else:
            piece, k, state = self.factor(tokens, k, scope, atoms)
            piece, state = f"({piece})", "bare"
        piece = f"{name}{base}{piece}"
        return (f"({piece}){exponent}" if exponent else piece), k, state

    # constructs outside SymPy's grammar

    def construct(self, tokens: list[str], k: int, scope: Scope) -> tuple[Eval, int]:
        token = tokens[k]
        following = tokens[k + 1] if k + 1 < len(tokens) else ""
        if token in (r"\mathbf{1}", r"\mathbb{1}") and following in ("[", r"\{", "("):
            token, k = "[", k + 1
            end = closing(tokens, k)
            return iverson(self.condition(tokens[k + 1 : end], scope)), end + 1
        if token == "[":
            end = closing(tokens, k)
            inner = tokens[k + 1 : end]
            if any(d == 0 and t in RELATIONS for _, t, d in level(inner)):
                return iverson(self.condition(inner, scope)), end + 1
            return concatenation([self.expr(p, scope) for p in split(inner, {","})]), end + 1
        if token in ("|", r"\lvert", r"\vert"):
            end = closing(tokens, k, None if token == r"\lvert" else token)
            inner = self.expr(tokens[k + 1 : end], scope)
            return lambda env: apply(torch.abs, inner(env)), end + 1
        if token in (r"\|", r"\lVert", r"\Vert"):
            return self.norm(tokens, k, scope)
        if token in (r"\sum", r"\prod", r"\max", r"\min", r"\arg"):
            return self.big(tokens, k, scope)
        if token == r"\nabla" and following == "_":
            var, k = script(tokens, k + 2)
            end = term_end(tokens, k)
            return self.gradient(self.expr(tokens[k:end], scope), [(var, [])], scope), end
        if token == r"\begin{cases}":
            end = closing(tokens, k)
            return self.cases(tokens[k + 1 : end], scope), end + 1
        if re.fullmatch(r"\\begin\{[pb]?matrix\}", token):
            end = closing(tokens, k)
            rows = [split(row, {"&"}) for row in split(tokens[k + 1 : end], {r"\\"}) if row]
            return matrix([[self.expr(e, scope) for e in row] for row in rows]), end + 1
        if token in OWN_FUNCTIONS or (token == r"\operatorname{diag}" and following == "("):
            end = closing(tokens, k + 1)
            inner = self.expr(tokens[k + 2 : end], scope)
            if token == r"\operatorname{diag}":
                return diagonal(inner), end + 1
            return lambda env: apply(OWN_FUNCTIONS[token], inner(env)), end + 1
        return self.name(tokens, k, scope)

    def norm(self, tokens: list[str], k: int, scope: Scope) -> tuple[Eval, int]:
        end = closing(tokens, k, None if tokens[k] == r"\lVert" else tokens[k])
        inner, order, k = self.expr(tokens[k + 1 : end], scope), ["2"], end + 1
        if tokens[k : k + 1] == ["_"]:
            order, k = script(tokens, k + 1)
        if order not in (["1"], ["2"], [r"\infty"]):
            raise FormulaError(f"norm {' '.join(order)} is not supported: 1, 2 or \\infty")
        p = math.inf if order == [r"\infty"] else float(order[0])

        def evaluate(env: Env) -> Val:
            v = real(inner(env))
            if v.rank != 1:
                raise FormulaError("the norm needs a vector")
            return Val(torch.linalg.vector_norm(v.t, p, dim=-1))

        return evaluate, k

    def big(self, tokens: list[str], k: int, scope: Scope) -> tuple[Eval, int]:
        r"""``\sum``, ``\prod``, ``\max``, ``\min``, ``\arg\max`` with an index, or of a list."""
        op, k = tokens[k], k + 1
        if op == r"\arg":
            op, k = op + tokens[k], k + 1
        scripts: dict[str, list[str]] = {}
        while k < len(tokens) and tokens[k] in ("_", "^"):
            scripts[tokens[k]], k = script(tokens, k + 1)
        if "_" not in scripts:
            if op not in (r"\max", r"\min") or scripts:
                raise FormulaError(f"{op} needs an index, as in {op}_j")
            if tokens[k : k + 1] and tokens[k] in ("(", r"\{"):
                end = closing(tokens, k)
                args = [self.expr(a, scope) for a in split(tokens[k + 1 : end], {","})]
                return extremum(op, args), end + 1
            atoms: list[Eval] = []
            piece, k, _ = self.factor(tokens, k, scope, atoms)
            return extremum(op, [self.compiled(piece, atoms)]), k
        below, high = scripts["_"], scripts.get("^")
        first, *conditions = split(below, {",", ":", r"\mid"})
        inner, low = dict(scope), None
        letters = [first] + ([c for c in conditions if len(c) == 1] if high is None else [])
        conditions = [c for c in conditions if c not in letters]
        if len(first) > 1 and first[1] == "=":
            low = self.expr(first[2:], scope)
        elif len(first) > 1:
            conditions.insert(0, first)
        if (low is None) != (high is None):
            raise FormulaError(f"{op}: give both bounds, as in {op}_{{j=1}}^{{C}}, or none")
        for letter in letters:
            if not letter or not re.fullmatch("[a-z]", letter[0]):
                raise FormulaError(f"{op}: {' '.join(letter)!r} does not start with a letter")
            inner[letter[0]] = self.slot()
        slots = [inner[letter[0]] for letter in letters]
        mask = self.condition(join(conditions, ","), inner) if conditions else None
        end = term_end(tokens, k)
        if end == k:
            raise FormulaError(f"{op}: nothing follows (write a sign inside parentheses)")
        body = self.expr(tokens[k:end], inner)
        bounds = None if high is None else (low, self.expr(high, scope))
        return reduction(op, slots, bounds, mask, body), end

    def derivative(self, tokens, top, bottom, end, scope, atoms) -> tuple[str, int, str]:
        r"""``\frac{\partial^2 L}{\partial x_i \partial x_j}`` or the operator with its operand."""
        sign, rest, order = top[0], top[1:], 1
        if rest[:1] == ["^"]:
            power_of, after = script(rest, 1)
            order, rest = int("".join(power_of)) if "".join(power_of).isdigit() else 0, rest[after:]
        variables: list[tuple[list[str], list[str]]] = []
        for var in split(bottom, {sign})[1:]:
            times = 1
            if "^" in var:
                at = var.index("^")
                digits, after = script(var, at + 1)
                if after != len(var) or not "".join(digits).isdigit():
                    raise FormulaError(f"derivative by {' '.join(var)} is not understood")
                times, var = int("".join(digits)), var[:at]
            sub: list[str] = []
            if "_" in var:
                at = var.index("_")
                sub, after = script(var, at + 1)
                if after != len(var):
                    raise FormulaError(f"derivative by {' '.join(var)} is not understood")
                var = var[:at]
            variables += [(var, sub)] * times
        if len(variables) != order:
            raise FormulaError(f"derivative of order {order} by {len(variables)} variables")
        if not rest:
            stop = term_end(tokens, end)
            rest, end = tokens[end:stop], stop
        evaluate = self.gradient(self.expr(rest, scope), variables, scope)
        return self.place(evaluate, atoms), end, "factor"

    def gradient(self, numerator: Eval, variables, scope: Scope) -> Eval:
        wanted: list[tuple[str, list[Index]]] = []
        for var, sub in variables:
            head = canonical("".join(var))
            if head not in self.marker.heads:
                raise FormulaError(f"derivative by {head!r}, which the marker does not declare")
            self.used.add(head)
            wanted.append((self.marker.heads[head], self.indices(sub, scope) if sub else []))

        def evaluate(env: Env) -> Val:
            points = {name: differentiable(env.get(name)) for name, _ in wanted}
            v = numerator(env.fork(points))
            for name, index in reversed(wanted):
                rank = v.rank
                v = jacobian(real(v), points[name])
                if index:
                    if rank:
                        raise FormulaError("derivative by an indexed name: index the numerator")
                    v = gather(v, [bind(f, env) for f in index], env.dims)
            return v

        return evaluate

    def cases(self, tokens: list[str], scope: Scope) -> Eval:
        """Exactly one condition must hold at each point, also where both sides are equal."""
        values, conditions, otherwise = [], [], False
        for row in split([t for t in tokens if t not in SEPARATORS], {r"\\"}):
            if not row:
                continue
            cells = split(row, {"&"})
            if len(cells) != 2 or otherwise:
                raise FormulaError("cases: each row is 'value & condition', otherwise comes last")
            value, when = (c[:-1] if c[-1:] and c[-1] in ",.;" else c for c in cells)
            if [text_word(t) for t in when] in (["otherwise"], ["else"], ["否则"], ["其他"]):
                otherwise = True
            else:
                if when and text_word(when[0]) in CONDITION_WORDS:
                    when = when[1:]
                sides, names = relations_of(when)
                # x_j for x_i where i = j cannot be told apart by value: one spelling only
                if (
                    names == ["="]
                    and len(sides[1]) == 1
                    and sides[1][0] in value
                    and re.fullmatch("[a-z]", sides[1][0])
                    and self.positional(sides, scope)
                ):
                    raise FormulaError(
                        f"cases: where {' '.join(when)}, write {sides[0][0]}, not {sides[1][0]}"
                    )
                conditions.append(self.condition(when, scope))
            values.append(self.expr(value, scope))
        ties = sum(c(None) for c in conditions)
        if ties > 1 or (ties == 0 and not otherwise):
            raise FormulaError("cases: the conditions overlap or leave a gap at equality")

        def evaluate(env: Env) -> Val:
            parts = [real(v) for v in eval_all(values, env)]
            masks = [c(env) for c in conditions]
            held = sum(torch.broadcast_tensors(*[m.long() for m in masks]))
            if (held > 1).any() or ((held == 0).any() and not otherwise):
                raise FormulaError("cases: not exactly one condition holds")
            if otherwise:
                masks.append(held == 0)
            if any(p.rank for p in parts):
                raise FormulaError("cases: values must be scalars; write indices")
            total = torch.zeros((), dtype=torch.float64)
            for mask, part in zip(masks, parts, strict=True):
                total = torch.where(mask, part.t, total)
            return Val(total)

        return evaluate

    def condition(self, tokens: list[str], scope: Scope) -> Callable[[Env | None], Tensor | int]:
        """A conjunction of relation chains; called without environment it treats all as ties."""
        tests: list[tuple[str, Callable[[Env], tuple[Tensor, Tensor]]]] = []
        words = {t for t in tokens if text_word(t) in JOINING_WORDS}
        for chain in split(tokens, {",", r"\land", *words}):
            sides, names = relations_of(chain)
            if not names or not set(names) <= set(COMPARE):
                raise FormulaError(f"condition {' '.join(chain)!r} is not understood")
            if self.positional(sides, scope):
                ends: list = [self.indices(side, scope) for side in sides]
                if any(len(end) != 1 for end in ends):
                    raise FormulaError(f"condition {' '.join(chain)!r} is not understood")
                ends = [end[0] for end in ends]
                pairs = [position_pair(a, b) for a, b in itertools.pairwise(ends)]
            else:
                ends = [self.expr(side, scope) for side in sides]
                pairs = [value_pair(a, b) for a, b in itertools.pairwise(ends)]
            tests += zip(names, pairs, strict=True)

        def evaluate(env: Env | None) -> Tensor | int:
            if env is None:
                return int(all(name in ("=", "<=", ">=") for name, _ in tests))
            out = torch.tensor(True)
            for name, pair in tests:
                out = out & COMPARE[name](*pair(env))
            return out

        return evaluate

    def positional(self, sides: list[list[str]], scope: Scope) -> bool:
        """Whether a relation compares positions (``i = y``) and not values (``x > 0``)."""
        if not any(len(s) == 1 and self.is_letter(s[0], scope) for s in sides):
            return False
        return all(len(s) == 1 or s[1:2] == ["_"] for s in sides)

    def is_letter(self, token: str, scope: Scope) -> bool:
        return token in scope or (
            re.fullmatch("[a-z]", token) is not None
            and token not in self.marker.heads
            and token not in self.local
        )

    def indices(self, tokens: list[str], scope: Scope) -> list[Index]:
        """What stands in a subscript: letters, positions from 1, sizes, integer names."""
        out: list[Index] = []
        k = 0
        while k < len(tokens):
            token, k = tokens[k], k + 1
            if token == ",":
                continue
            if token.isdigit():
                out.append(fixed_position(lambda env, n=int(token): n))
            elif self.is_letter(token, scope):
                if token not in scope:
                    scope[token] = self.free.setdefault(token, -1)
                    if scope[token] < 0:
                        scope[token] = self.free[token] = self.slot()
                out.append(lambda env, size, s=scope[token]: env.letter(s, size))
            elif token in self.marker.heads or token in self.local:
                inner: list[Index] = []
                if tokens[k : k + 1] == ["_"]:
                    sub, k = script(tokens, k + 1)
                    inner = self.indices(sub, scope)
                out.append(integer_name(self.variable(token), inner))
            elif token in SIZES or token in self.marker.fixed:
                out.append(fixed_position(lambda env, n=token: env.trial.sizes[n]))
            else:
                raise FormulaError(f"subscript {token!r} is not an index")
        if not out:
            raise FormulaError("empty subscript")
        return out

    def variable(self, head: str) -> str:
        """The name under which `Env` knows a LaTeX head."""
        self.used.add(head)
        return self.marker.heads.get(head, head)

    def name(self, tokens: list[str], k: int, scope: Scope) -> tuple[Eval, int]:
        """A declared name with primes, indices and arguments; a size; a constant; a letter."""
        head, k = canonical(tokens[k]), k + 1
        if tokens[k : k + 1] == ["_"]:
            sub, after = script(tokens, k + 1)
            if (full := f"{head}_{{{''.join(sub)}}}") in self.marker.heads:
                head, k = full, after
        if head in scope:
            slot = scope[head]
            return lambda env: Val(env.letter(slot).double() + 1), k
        function = self.marker.is_function(head) or (
            tokens[k : k + 1] == ["("] and self.marker.function(head, 1)
        )
        if head == r"\delta" and head not in self.marker.heads:
            sub, k = script(tokens, k + 1) if tokens[k : k + 1] == ["_"] else ([], k)
            pair = self.indices(sub, scope)
            if len(pair) != 2:
                raise FormulaError(r"\delta needs two indices")
            both = position_pair(*pair)
            return lambda env: Val(torch.eq(*both(env)).double()), k
        if head not in self.marker.heads and head not in self.local:
            return self.builtin(head), k
        name = self.variable(head)
        primes, index = 0, []
        while tokens[k : k + 1] == ["'"]:
            primes, k = primes + 1, k + 1
        if tokens[k : k + 1] == ["_"]:
            sub, k = script(tokens, k + 1)
            index = self.indices(sub, scope)
        if function and tokens[k : k + 1] == ["("]:
            end = closing(tokens, k)
            inner = tokens[k + 1 : end]
            bars = {r"\|"} if inner.count(r"\|") == 1 else set()
            parts = split(inner, {",", ";", r"\parallel", r"\mid", r"\Vert", "|"} | bars)
            args = [self.expr(part, scope) for part in parts]
            definition = self.marker.function(head, len(args))
            if definition is None:
                raise FormulaError(f"the marker declares no {head} of {len(args)} arguments")
            return indexed(call(definition, args, primes), index), end + 1
        if primes:
            raise FormulaError(f"{head}' needs a function of the marker and its argument")
        definition = next((f for (h, _), f in self.marker.functions.items() if h == head), None)
        if definition:
            return indexed(lambda env: env.lift(env.run(definition)), index), k
        return indexed(lambda env: env.lift(env.get(name)), index), k

    def builtin(self, head: str) -> Eval:
        if head in ("e", r"\mathrm{e}"):
            return euler
        if head == r"\pi":
            return constant(math.pi)
        if head == r"\infty":
            return constant(math.inf)
        if head in SIZES or head in self.marker.fixed:
            return lambda env: env.lift(torch.tensor(env.trial.sizes[head], dtype=torch.float64))
        if head in (r"\mathbf{1}", "I", r"\mathbf{I}"):
            make = torch.ones if head == r"\mathbf{1}" else torch.eye
            return lambda env: env.lift(make(env.trial.sizes["C"], dtype=torch.float64))
        raise FormulaError(
            f"{head!r} is not understood: declare it in the marker ('{head} = torch expression' "
            f"or '{head} ~ randn()'), or mark the formula unchecked"
        )


def term_end(tokens: list[str], start: int) -> int:
    r"""Where the operand of ``\sum`` or a derivative ends: at the next + or - outside brackets."""
    bars = 0
    for k, token, depth in level(tokens[start:]):
        bars += token in ("|", r"\|")
        if depth == 0 and token in ("+", "-") and bars % 2 == 0:
            return start + k
    return len(tokens)


def text_word(token: str) -> str:
    return token[token.index("{") + 1 : -1].strip() if token.startswith(r"\text") else token


def join(parts: list[list[str]], separator: str) -> list[str]:
    return [t for n, part in enumerate(parts) for t in ([separator] if n else []) + part]


def bind(index: Index, env: Env) -> Callable[[int], Tensor]:
    return lambda size: index(env, size)


def indexed(evaluate: Eval, index: list[Index]) -> Eval:
    if not index:
        return evaluate
    return lambda env: gather(evaluate(env), [bind(f, env) for f in index], env.dims)


def checked(position: Tensor, size: int | None) -> Tensor:
    if size is not None and ((position < 0) | (position >= size)).any():
        raise FormulaError(f"position {position.max().item() + 1} on an axis of {size}")
    return position


def fixed_position(number: Callable[[Env], int]) -> Index:
    return lambda env, size: checked(torch.tensor(number(env) - 1).view([1] * env.dims), size)


def integer_name(name: str, inner: list[Index]) -> Index:
    def evaluate(env: Env, size: int | None) -> Tensor:
        v = indexed(lambda e: e.lift(e.get(name)), inner)(env)
        if v.rank or v.t.is_floating_point():
            raise FormulaError(f"{name} is used as an index, but is not one integer")
        return checked(v.t, size)

    return evaluate


def position_pair(a: Index, b: Index) -> Callable[[Env], tuple[Tensor, Tensor]]:
    return lambda env: (a(env, None), b(env, None))


def value_pair(a: Eval, b: Eval) -> Callable[[Env], tuple[Tensor, Tensor]]:
    def evaluate(env: Env) -> tuple[Tensor, Tensor]:
        x, y = eval_all([a, b], env)
        if x.rank or y.rank:
            raise FormulaError("a condition compares vectors: write indices")
        return x.t, y.t

    return evaluate


def iverson(condition: Callable[[Env], Tensor]) -> Eval:
    return lambda env: Val(condition(env).double())


def hadamard(a: Eval, b: Eval) -> Eval:
    def evaluate(env: Env) -> Val:
        x, y, rank = align(*eval_all([a, b], env))
        return Val(x * y, rank)

    return evaluate


def transposed(a: Eval) -> Eval:
    def evaluate(env: Env) -> Val:
        v = a(env)
        if not v.rank:
            raise FormulaError("transpose of a scalar")
        return Val(v.t.unsqueeze(-2) if v.rank == 1 else v.t.transpose(-1, -2), 2)

    return evaluate


def diagonal(a: Eval) -> Eval:
    def evaluate(env: Env) -> Val:
        v = a(env)
        if v.rank != 1:
            raise FormulaError("diag needs a vector")
        return Val(torch.diag_embed(v.t), 2)

    return evaluate


def concatenation(parts: list[Eval]) -> Eval:
    def evaluate(env: Env) -> Val:
        pieces = [v.t if v.rank else v.t.unsqueeze(-1) for v in map(real, eval_all(parts, env))]
        lead = torch.broadcast_shapes(*[p.shape[:-1] for p in pieces])
        return Val(torch.cat([p.expand(*lead, p.shape[-1]) for p in pieces], -1), 1)

    return evaluate


def matrix(rows: list[list[Eval]]) -> Eval:
    if len({len(row) for row in rows}) != 1:
        raise FormulaError("the rows of a matrix have different lengths")

    def evaluate(env: Env) -> Val:
        entries = [real(v) for v in eval_all([e for row in rows for e in row], env)]
        if any(v.rank for v in entries):
            raise FormulaError("the entries of a matrix must be scalars")
        flat = torch.stack(torch.broadcast_tensors(*[v.t for v in entries]), -1)
        if len(rows[0]) == 1:
            return Val(flat, 1)
        return Val(flat.unflatten(-1, (len(rows), len(rows[0]))), 2)

    return evaluate


def extremum(op: str, args: list[Eval]) -> Eval:
    r"""``\max(a, b)`` elementwise; ``\max x`` of one vector."""
    two = torch.maximum if op == r"\max" else torch.minimum

    def evaluate(env: Env) -> Val:
        first, *rest = [real(v) for v in eval_all(args, env)]
        if not rest:
            if first.rank != 1:
                raise FormulaError(f"{op} of one argument needs a vector")
            return Val(first.t.amax(-1) if op == r"\max" else first.t.amin(-1))
        for v in rest:
            x, y, rank = align(first, v)
            first = Val(two(x, y), rank)
        return first

    return evaluate


REDUCE = {
    r"\sum": (lambda t, k: t.sum(k, keepdim=True), 0.0),
    r"\prod": (lambda t, k: t.prod(k, keepdim=True), 1.0),
    r"\max": (lambda t, k: t.amax(k, keepdim=True), -math.inf),
    r"\min": (lambda t, k: t.amin(k, keepdim=True), math.inf),
    # class numbers start at 0, as torch.argmax gives them
    r"\arg\max": (lambda t, k: t.argmax(k, keepdim=True), -math.inf),
    r"\arg\min": (lambda t, k: t.argmin(k, keepdim=True), math.inf),
}


def whole(v: Val) -> int:
    if v.rank or v.t.numel() != 1 or not float(v.t).is_integer():
        raise FormulaError("a bound of a sum must be one whole number")
    return int(v.t)


def reduction(op: str, slots: list[int], bounds, mask, body: Eval) -> Eval:
    if op not in REDUCE:
        raise FormulaError(f"{op!r} is not supported")
    reduce, neutral = REDUCE[op]

    def evaluate(env: Env) -> Val:
        for slot in slots:
            env.ranges.pop(slot, None)
        if bounds:
            low, high = whole(bounds[0](env)), whole(bounds[1](env))
            if high < low:
                raise FormulaError(f"{op} runs from {low} to {high}")
            env.ranges[slots[0]] = (low - 1, high - low + 1, True)
        v = real(body(env))
        missing = [slot for slot in slots if slot not in env.ranges]
        if missing:
            raise FormulaError(f"{op}: its index letter is used nowhere in the operand")
        shape = list(v.t.shape)
        for slot in slots:
            shape[slot] = env.ranges[slot][1]
        t = v.t.expand(shape)
        if mask:
            keep = mask(env)
            keep = keep.reshape(keep.shape + (1,) * v.rank)
            t = torch.where(keep, t, torch.tensor(neutral, dtype=torch.float64))
        for slot in slots:
            t = reduce(t, slot)
            env.ranges.pop(slot)
        return Val(t, v.rank)

    return evaluate


def prime(function: Callable[[list[Tensor]], Tensor], args: list[Tensor]) -> Tensor:
    if args[0].dim():
        raise FormulaError("f'(x) needs a scalar argument: declare x ~ randn()")
    x = differentiable(args[0])
    y = function([x, *args[1:]])
    if y.dim():
        raise FormulaError("f'(x) needs a scalar function")
    if not y.requires_grad:
        return torch.zeros_like(x)
    return torch.autograd.grad(y, x, create_graph=True, materialize_grads=True)[0]


def call(definition: Definition, args: list[Eval], primes: int) -> Eval:
    """A marker function, once for every combination of the indices in its arguments."""

    def evaluate(env: Env) -> Val:
        def function(point: list[Tensor]) -> Tensor:
            return env.call(definition, point)

        for _ in range(primes):
            function = derived(function)
        values, dims = eval_all(args, env), env.dims
        lead = torch.broadcast_shapes(*[v.t.shape[:dims] for v in values])
        flat = [
            v.t.expand(lead + v.t.shape[dims:]).reshape((-1, *v.t.shape[dims:])) for v in values
        ]
        out = torch.stack([function(list(point)) for point in zip(*flat, strict=True)])
        return Val(out.reshape(lead + out.shape[1:]), out.dim() - 1)

    return evaluate


def derived(function: Callable[[list[Tensor]], Tensor]) -> Callable[[list[Tensor]], Tensor]:
    return lambda point: prime(function, point)


# --- Whole formulas --------------------------------------------------------------------------


class Part:
    """One chain of relations, such as ``a = b = c`` or ``0 < p < 1``."""

    def __init__(self, tokens: list[str], marker: Marker, heads: set[str]) -> None:
        sides, self.names = relations_of(tokens)
        if not self.names:
            raise FormulaError(f"{' '.join(tokens)!r} has no relation: nothing to check")
        self.parser, self.tokens = Parser(marker, heads), sides
        self.condition = None
        self.local_head = local_head(sides[0], marker) if self.names[0] == "=" else None
        self.members: list = []
        self.violated_outside = self.seen = False
        self.gaps: dict[int, float] = {}  # smallest distance of the sides of an inequality
        self.strict: dict[int, bool] = {}  # whether the sides of an inequality ever differ

    def parse(self) -> None:
        for n, side in enumerate(self.tokens):
            if n and self.names[n - 1] == "in":
                self.members.append(self._interval(side))
            elif n and self.names[n - 1] == "~" and (decimal := printed_decimal(side)):
                self.members.append(decimal)
            elif n and self.names[n - 1] == "~":
                raise FormulaError(r"\approx needs a plain decimal number on its right")
            elif n == 0 and self.local_head:
                self.members.append(None)
            else:
                self.members.append(self.parser.expr(side, self.parser.free))

    def definition(self) -> Local:
        sub = self.tokens[0][2:]
        letters = [t for t in sub if t not in ("{", "}", ",")]
        slots = [self.parser.free.setdefault(letter, -1) for letter in letters]
        if -1 in slots:
            raise FormulaError(f"{self.local_head}: an index letter is missing on its right side")
        return Local(slots, self.members[1], self.parser)

    def _interval(self, tokens: list[str]) -> tuple[Eval, Eval, str, str]:
        ends = split(tokens[1:-1], {","})
        if tokens[:1] not in (["("], ["["]) or tokens[-1] not in ")]" or len(ends) != 2:
            raise FormulaError(
                f"\\in {' '.join(tokens)} is not an interval: mark the formula unchecked"
            )
        low, high = (self.parser.expr(e, self.parser.free) for e in ends)
        return low, high, "<" if tokens[0] == "(" else "<=", "<" if tokens[-1] == ")" else "<="

    def comparisons(self, env: Env) -> Iterator[tuple[int, str, Val, Val, float]]:
        """Every pair to compare at this point: number, relation, both values, tolerance."""
        evals = [m for m in self.members if callable(m)]
        evals += [e for m in self.members if isinstance(m, tuple) for e in m[:2] if callable(e)]
        known = dict(zip(map(id, evals), eval_all(evals, env), strict=True))
        for n, name in enumerate(self.names):
            a, b = self.members[n], self.members[n + 1]
            left = known.get(id(a))
            if left is None and not (n == 0 and self.local_head):
                raise FormulaError("nothing may follow an interval or a rounded number")
            if left is None:
                continue
            if name == "in":
                yield n, b[2], known[id(b[0])], left, 0.0
                yield n + 1000, b[3], left, known[id(b[1])], 0.0
            elif name == "~":
                yield n, "~", left, env.lift(b[0]), b[1]
            else:
                yield n, name, left, known[id(b)], 0.0

    def test(self, env: Env, extreme: bool = False) -> None:
        env = env.fork(dims=self.parser.dims)
        pairs = list(self.comparisons(env))
        where = self._where(env)
        for n, name, a, b, tolerance in pairs:
            if a.rank != b.rank:
                raise Mismatch(f"{self.pair(n)}: a value of rank {a.rank} and one of {b.rank}")
            x, y, _ = align(real(a), real(b))
            x, y = torch.broadcast_tensors(x.detach(), y.detach())
            bad = ~holds(name, x, y, tolerance, extreme)
            core = (1,) * a.rank
            mask = torch.ones_like(bad)
            if where is not None:
                mask = mask & where.reshape(where.shape + core)
            if self.condition:
                inside = self.condition(env)
                inside = inside.reshape(inside.shape + core)
                self.violated_outside |= bool((bad & mask & ~inside).any())
                mask = mask & inside
            self.seen |= bool(mask.any())
            bad = bad & mask
            if name in ("<", "<=", ">", ">=") and mask.any():
                gap = (x - y).abs().expand_as(mask)[mask].min().item()
                self.gaps[n] = min(gap, self.gaps.get(n, math.inf))
                self.strict[n] = self.strict.get(n, False) or bool(
                    (((x - y).abs() > 1e-6) & mask).any()
                )
            if bad.any():
                at = tuple(bad.nonzero()[0].tolist())
                x, y = x.expand_as(bad), y.expand_as(bad)
                raise Mismatch(
                    f"{self.pair(n)} differ: left {x[at].item():.12g}, right {y[at].item():.12g} "
                    f"at {self.point(env, at)}"
                )

    def _where(self, env: Env) -> Tensor | None:
        """The marker's condition on the points, if this part has all its letters."""
        where, letters = env.marker.where, self.parser.free
        known = {*env.marker.heads.values(), *GLOBALS, *env.trial.sizes, *letters}
        if where is None or not set(where.deps) <= known:
            return None
        extra = {d: env.letter(letters[d]) for d in where.deps if d in letters}
        mask = env.run(where, extra).bool()
        if not extra:
            mask = mask.all().reshape((1,) * env.dims)
        return mask

    def pair(self, n: int) -> str:
        n %= 1000
        left, right = (" ".join(self.tokens[k]) for k in (n, n + 1))
        return f"member {n + 1} ({left}) and member {n + 2} ({right})"

    def point(self, env: Env, at: tuple[int, ...]) -> str:
        letters = [f"{name}={at[slot] + 1}" for name, slot in self.parser.free.items()]
        leaves = [
            f"{name}={[round(v, 4) for v in value.double().reshape(-1).tolist()]}"
            for name, value in env.trial.leaves.items()
        ]
        return ", ".join(letters + leaves) or "every point"

    def finish(self) -> None:
        """Complaints that only show after all points."""
        if not self.seen and not (self.local_head and len(self.members) == 2):
            raise FormulaError("the condition holds at no tested point")
        if self.condition and not self.violated_outside:
            raise FormulaError("the condition is superfluous: the relation holds without it")
        for n, gap in self.gaps.items():
            if not self.strict[n]:
                raise FormulaError(f"{self.pair(n)} are equal at every point: write =")
            if gap > TIGHT and math.isfinite(gap):
                raise FormulaError(
                    f"{self.pair(n)}: the bound is not tight (nearest "
                    f"{gap:.3g}), so a changed digit would go unnoticed; mark it unchecked"
                )


def holds(name: str, x: Tensor, y: Tensor, half_unit: float, extreme: bool) -> Tensor:
    """Where a relation holds; ``half_unit`` belongs to a rounded number."""
    if name == "~":
        return (x - y).abs() <= half_unit
    limit = TOLERANCE * torch.maximum(x.abs(), y.abs()).nan_to_num(posinf=0) + ROUNDING
    if name == "=":
        return ((x - y).abs() <= limit) & x.isfinite() & y.isfinite() | (x.isinf() & (x == y))
    if name == "!=":
        return (x != y) & ~x.isnan() & ~y.isnan()
    # <= may be an equality up to rounding; at extreme points < may round to one
    if name in ("<=", ">=") or extreme:
        return x <= y + limit if name[0] == "<" else x >= y - limit
    return COMPARE[name](x, y)


def printed_decimal(tokens: list[str]) -> tuple[Tensor, float] | None:
    r"""A printed number and half a unit of its last digit: 0.6931, ``1.2 \times 10^{-7}``."""
    text = "".join(tokens)
    found = re.fullmatch(r"(-?)(\d+)(?:\.(\d+))?(?:\\(?:times|cdot)10\^\{?(-?\d+)\}?)?", text)
    if not found:
        return None
    sign, digits, decimals, exponent = found.groups()
    scale = f"e{exponent or 0}"
    value = float(f"{sign}{digits}.{decimals or 0}{scale}")
    half = 0.5 * float(f"1e{int(exponent or 0) - len(decimals or '')}")
    return torch.tensor(value, dtype=torch.float64), half * (1 + 1e-9)


def local_head(tokens: list[str], marker: Marker) -> str | None:
    """The name that ``m = ...`` or ``z_i = ...`` defines, unless the marker declares it."""
    if not tokens or not re.fullmatch(r"[A-Za-z]|\\[A-Za-z]+(\{.*\})?", tokens[0]):
        return None
    head = canonical(tokens[0])
    plain = len(tokens) == 1 or (
        len(tokens) > 2 and script(tokens, 2)[1] == len(tokens) and tokens[1] == "_"
    )
    known = head in marker.heads or canonical("".join(tokens)) in marker.heads
    letters = [t for t in tokens[2:] if t not in ("{", "}", ",")]
    simple = all(re.fullmatch("[a-z]", t) and t not in marker.heads for t in letters)
    if not plain or known or not simple or head in SIZES or head in (r"\delta", "e", r"\pi"):
        return None
    return head


ALIGNED = re.compile(r"\\begin\{(aligned|align\*?|split|gathered)\}")


def without_punctuation(tokens: list[str]) -> list[str]:
    while tokens and tokens[-1] in {".", ",", ";", *SEPARATORS}:
        tokens = tokens[:-1]
    return tokens


def chains(latex: str) -> list[tuple[str, list[str]]]:
    """The formula cut into relation chains, each with the word that introduces it."""
    latex = latex.strip().strip("$").strip()
    tokens = tokenize(re.sub(r"\\\\\s*\[[\d.]+\s*[a-z]+\]", r"\\\\", latex))
    tokens = without_punctuation(tokens)
    if not tokens:
        raise FormulaError("the formula is empty")
    if ALIGNED.match(tokens[0]) and closing(tokens, 0) == len(tokens) - 1:
        tokens = without_punctuation(tokens[1:-1])
    rows: list[list[str]] = []
    for row in split(tokens, {r"\\"}):
        row = [t for _, t, depth in level(row) if depth or t != "&"]
        while row and row[0] in SEPARATORS:
            row = row[1:]
        if not row:
            continue
        related = any(d == 0 and t in RELATIONS for _, t, d in level(row))
        follows = row[0] in RELATIONS or (row[0] in ("+", "-", *TIMES) and not related)
        if follows and rows:
            rows[-1] += row
        else:
            rows.append(row)
    out: list[tuple[str, list[str]]] = []
    for row in rows:
        out.append(("", []))
        for _, token, depth in level(row):
            if depth == 0 and token.startswith(r"\text"):
                out.append((text_word(token), []))
            elif depth == 0 and token in {",", ";", *SEPARATORS}:
                # a word such as "if" may stand before the space
                out.append((out[-1][0] if not out[-1][1] else "", []))
            else:
                out[-1][1].append(token)
    for word, _ in out:
        if word and word not in CONDITION_WORDS | JOINING_WORDS:
            raise FormulaError(f"the text {word!r} in a formula cannot be checked")
    return [(word, part) for word, part in out if part]


class Formula:
    """All parts of one display formula."""

    def __init__(self, latex: str, marker: Marker) -> None:
        self.marker = marker
        self.parts: list[Part] = []
        pieces = chains(latex)
        heads = {
            head
            for word, piece in pieces
            if word not in CONDITION_WORDS
            and relations_of(piece)[1][:1] == ["="]
            and (head := local_head(relations_of(piece)[0][0], marker))
        }
        conditions: list[tuple[Part, list[str]]] = []
        for word, piece in pieces:
            if word in CONDITION_WORDS:
                if not self.parts:
                    raise FormulaError(f"{word!r} has nothing before it")
                conditions.append((self.parts[-1], piece))
            else:
                self.parts.append(Part(piece, marker, heads))
        for part in self.parts:
            part.parse()
        for part, piece in conditions:
            part.condition = part.parser.condition(piece, part.parser.free)
        self.local: dict[str, Local] = {}
        for part in self.parts:
            if part.local_head in self.local:
                raise FormulaError(f"{part.local_head} is defined twice")
            if part.local_head:
                self.local[part.local_head] = part.definition()
        self._names_are_used()

    def _names_are_used(self) -> None:
        used = {head for part in self.parts for head in part.parser.used}
        for head in self.local:
            if head not in used:
                raise FormulaError(
                    f"{head} is defined, never used, so nothing checks it: define it in the marker"
                )
        marker = self.marker
        for head, name in marker.heads.items():
            if (
                head not in used
                and name not in marker.used_in_code
                and not (name == "x" and marker.default_x)
            ):
                raise FormulaError(f"the marker declares {head}, which the formula does not use")

    def test(self, trial: Trial, extreme: bool = False, shift=None) -> None:
        env = Env(self.marker, trial, self.local, shift)
        for part in self.parts:
            try:
                part.test(env, extreme)
            except FormulaError:
                raise
            except (RuntimeError, IndexError, OverflowError) as error:
                raise FormulaError(f"{' '.join(part.tokens[0])} ...: {error}") from None

    def check(self) -> int:
        for trial in self.marker.trials():
            self.test(trial)
        if any(part.gaps for part in self.parts):
            for trial in self.marker.trials(extreme=True):
                self.test(trial, extreme=True)
        for part in self.parts:
            part.finish()
        for head in self.local:
            self._matters(head)
        return sum(len(part.members) for part in self.parts)

    def _matters(self, head: str) -> None:
        """A formula that holds for any m does not check ``m = ...``."""
        shifts = (
            lambda t: t + 0.7,
            lambda t: t * 1.3,
            lambda t: t + torch.arange(1, t.numel() + 1).reshape(t.shape) * 0.3,
        )
        for shift in shifts:
            try:
                for trial in self.marker.trials()[:3]:
                    self.test(trial, shift={head: shift})
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
    if marker is None:
        raise FormulaError(
            "display formula without a marker: put <!-- formula: ... --> above it, "
            "or <!-- formula: unchecked why -->"
        )
    text = re.sub(r"^\s*<!--\s*formula:|-->\s*$", "", marker).strip()
    if text.split()[:1] == ["unchecked"]:
        reason = text[len("unchecked") :].strip()
        if len(re.findall(r"[\w'-]+", reason)) < 3 and len(re.findall("[一-鿿]", reason)) < 6:
            raise FormulaError("unchecked needs a reason of at least three words")
        return Result("unchecked", reason)
    try:
        return Result("checked", members=Formula(latex, parsed_marker(text)).check())
    except IndexError as error:
        raise FormulaError(f"the formula {latex!r} breaks off: {error}") from None

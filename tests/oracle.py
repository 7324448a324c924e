"""An oracle that shares nothing with torch: values from mpmath at 50 digits.

    python -m tests.oracle          prints the table, and writes it to tests/oracle.tsv

A row holds a function, an argument as an exact hexadecimal float, and the value there. The
arguments cover subnormal numbers, the extremes of each dtype and the neighbourhood of the
thresholds where naive forms fail. tests/test_oracle.py compares torch with the table.
"""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import mpmath
import torch
import torch.nn.functional as F
from torch import Tensor

TABLE = Path(__file__).with_name("oracle.tsv")
DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
mpmath.mp.dps = 60  # ten more than are kept


def _row(function: Callable[[Tensor, int], Tensor]) -> Callable[[Tensor], Tensor]:
    """The first entry of a normaliser on [x, 0, 1], as a function of x."""
    return lambda x: function(torch.stack([x, x * 0, x * 0 + 1], -1), -1)[..., 0]


def _rest(x):
    return 1 + mpmath.e


def _two(function: Callable[[Tensor, int], Tensor]) -> Callable[[Tensor], Tensor]:
    """A reduction over [x, 0], as a function of x."""
    return lambda x: function(torch.stack([x, x * 0], -1), -1)


# name: (torch, mpmath), both functions of one number; None in place of an exact value says that
# the argument lies outside the domain
FUNCTIONS: dict[str, tuple[Callable[[Tensor], Tensor], Callable]] = {
    "sigmoid": (torch.sigmoid, lambda x: 1 / (1 + mpmath.exp(-x))),
    "logsigmoid": (F.logsigmoid, lambda x: -mpmath.log1p(mpmath.exp(-x))),
    "softmax": (_row(F.softmax), lambda x: 1 / (1 + _rest(x) * mpmath.exp(-x))),
    "log_softmax": (_row(F.log_softmax), lambda x: -mpmath.log1p(_rest(x) * mpmath.exp(-x))),
    "softmin": (_row(F.softmin), lambda x: 1 / (1 + (1 + mpmath.exp(-1)) * mpmath.exp(x))),
    "logsumexp": (_two(torch.logsumexp), lambda x: _softplus(x)),
    "logaddexp": (lambda x: torch.logaddexp(x, x * 0), lambda x: _softplus(x)),
    "logcumsumexp": (
        lambda x: torch.logcumsumexp(torch.stack([x, x * 0], -1), -1)[..., 1],
        lambda x: _softplus(x),
    ),
    "logit": (torch.logit, lambda x: mpmath.log(x / (1 - x)) if 0 < x < 1 else None),
    # the default threshold of 20 returns x itself where float64 still has digits for the rest
    "softplus": (lambda x: F.softplus(x, threshold=40), lambda x: _softplus(x)),
    "hardsigmoid": (F.hardsigmoid, lambda x: min(max(x / 6 + mpmath.mpf(1) / 2, 0), 1)),
    "tanh": (torch.tanh, mpmath.tanh),
    "silu": (F.silu, lambda x: x / (1 + mpmath.exp(-x))),
    "softsign": (F.softsign, lambda x: x / (1 + abs(x))),
    "log1p": (torch.log1p, lambda x: mpmath.log1p(x) if x > -1 else None),
    "expm1": (torch.expm1, mpmath.expm1),
    "entr": (torch.special.entr, lambda x: -x * mpmath.log(x) if x > 0 else None),
}


def _softplus(x):
    """log(1 + e^x); mpmath has room for the largest exponential."""
    return x + mpmath.log1p(mpmath.exp(-x)) if x > 0 else mpmath.log1p(mpmath.exp(x))


# The largest error in ulp that is accepted where the exact value is a normal number, measured on
# torch's scalar, AVX2 and AVX-512 kernels and doubled. Softmax rounds x - max(x) before it takes
# the exponential, so its error grows with the distance from the maximum.
ULP = {torch.float64: 4, torch.float32: 4, torch.float16: 2, torch.bfloat16: 2}
WIDER = {("softmax", torch.float32): 16, ("softmin", torch.float32): 16}
# A sum that is rounded before its logarithm is taken: near 0 only the absolute error is small.
ABSOLUTE = ("log_softmax", "logsumexp")


def arguments() -> list[float]:
    """Where the functions are looked at: exact in at least one dtype, most of them in all."""
    found = {0.0}
    for dtype in DTYPES:
        info = torch.finfo(dtype)
        found |= {info.max, info.tiny, info.tiny * info.eps, info.tiny / 2, info.eps}
        for edge in (math.log(info.max), -math.log(info.tiny), -math.log(info.eps)):
            near = torch.tensor(edge, dtype=dtype)
            for _ in range(2):
                found.add(near.item())
                near = torch.nextafter(near, torch.zeros_like(near))
    found |= {2.0**k for k in range(-24, 11, 2)}
    found |= {k / 8 for k in range(1, 40, 3)} | {float(k) for k in range(5, 120, 6)}
    return sorted(found | {-x for x in found})


def rows() -> Iterator[str]:
    """The table, line by line: function, argument, value to 50 digits."""
    for name, (_, exact) in FUNCTIONS.items():
        for x in arguments():
            value = exact(mpmath.mpf(x))
            if value is not None:
                yield f"{name}\t{x.hex()}\t{mpmath.nstr(value, 50)}"


def ulps(value: float, exact, dtype: torch.dtype) -> float:
    """The distance of a value from the exact one, in units of the dtype's spacing there."""
    info = torch.finfo(dtype)
    exponent = max(int(mpmath.floor(mpmath.log(abs(exact), 2))), round(math.log2(info.tiny)))
    return float(abs(mpmath.mpf(value) - exact) / (mpmath.mpf(2) ** exponent * info.eps))


if __name__ == "__main__":
    text = "".join(f"{row}\n" for row in rows())
    print(text, end="")
    TABLE.write_text(text)

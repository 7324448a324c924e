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


# name: (torch, mpmath), both functions of one number
FUNCTIONS: dict[str, tuple[Callable[[Tensor], Tensor], Callable]] = {
    "sigmoid": (torch.sigmoid, lambda x: 1 / (1 + mpmath.exp(-x))),
    "logsigmoid": (F.logsigmoid, lambda x: -mpmath.log1p(mpmath.exp(-x))),
    "softmax": (_row(F.softmax), lambda x: 1 / (1 + _rest(x) * mpmath.exp(-x))),
    "log_softmax": (_row(F.log_softmax), lambda x: -mpmath.log1p(_rest(x) * mpmath.exp(-x))),
}
# The largest error in ulp that is accepted, over arguments whose exact value is a normal number.
# Measured on torch's scalar, AVX2 and AVX-512 kernels, rounded up to a power of two. Softmax
# rounds x - max(x) before it takes the exponential, so its error grows with the distance.
ULP = {
    "sigmoid": {"float64": 2, "float32": 2, "float16": 1, "bfloat16": 1},
    "logsigmoid": {"float64": 2, "float32": 2, "float16": 2, "bfloat16": 2},
    "softmax": {"float64": 2, "float32": 16, "float16": 1, "bfloat16": 1},
    "log_softmax": {"float64": 2, "float32": 2, "float16": 1, "bfloat16": 1},
}


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
            yield f"{name}\t{x.hex()}\t{mpmath.nstr(exact(mpmath.mpf(x)), 50)}"


def ulps(value: float, exact, dtype: torch.dtype) -> float:
    """The distance of a value from the exact one, in units of the dtype's spacing there."""
    info = torch.finfo(dtype)
    exponent = max(int(mpmath.floor(mpmath.log(abs(exact), 2))), round(math.log2(info.tiny)))
    return float(abs(mpmath.mpf(value) - exact) / (mpmath.mpf(2) ** exponent * info.eps))


if __name__ == "__main__":
    text = "".join(f"{row}\n" for row in rows())
    print(text, end="")
    TABLE.write_text(text)

"""torch against the 50-digit table of tests/oracle.py, over the full range of four dtypes."""

import math

import mpmath
import pytest
import torch

from tests.oracle import ABSOLUTE, DTYPES, FUNCTIONS, TABLE, ULP, WIDER, rows, ulps

ROWS = [line.split("\t") for line in TABLE.read_text().splitlines()]


def test_the_table_is_what_its_script_prints():
    assert ["\t".join(row) for row in ROWS] == list(rows()), "run python -m tests.oracle"


def errors(name: str, dtype: torch.dtype):
    """(argument, exact value, torch's value) wherever the argument is exact in the dtype."""
    points = [(float.fromhex(x), mpmath.mpf(value)) for f, x, value in ROWS if f == name]
    points = [(x, v) for x, v in points if torch.tensor(x, dtype=dtype).item() == x]
    found = FUNCTIONS[name][0](torch.tensor([x for x, _ in points], dtype=dtype)).tolist()
    return [(x, v, y) for (x, v), y in zip(points, found, strict=True)]


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: str(d)[6:])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_torch_agrees_with_the_oracle(name, dtype):
    info = torch.finfo(dtype)
    checked = 0
    for x, exact, value in errors(name, dtype):
        if abs(exact) > info.max:  # rounds to the largest number, or overflows
            assert abs(value) in (info.max, float("inf")), (x, value)
        elif abs(exact) < info.tiny:
            # kernels may flush what is smaller than the smallest normal number
            assert abs(value - exact) <= info.tiny, (x, value, exact)
        elif name in ABSOLUTE and abs(exact) < 1:
            assert abs(value - exact) <= 2 * info.eps, (x, value, exact)
        elif name == "silu" and value == 0 and -x > math.log(torch.finfo(torch.float32).max):
            # exp(-x) overflows in the dtype that the kernel computes in; the page on SiLU shows it
            assert dtype in (torch.float32, torch.bfloat16), (x, value, exact)
        else:
            checked += 1
            limit = WIDER.get((name, dtype), ULP[dtype])
            assert ulps(value, exact, dtype) <= limit, (x, value, mpmath.nstr(exact, 20))
    assert checked > 10


def test_a_wrong_last_digit_is_seen():
    exact = mpmath.mpf(1) / 3
    assert ulps(float(exact), exact, torch.float64) <= 0.5
    assert ulps(float(exact) * (1 + 3 * torch.finfo(torch.float64).eps), exact, torch.float64) > 1

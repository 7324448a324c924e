"""The reference of the lab's arithmetic: NumPy in float64, rounded after every operation.

A dtype is a rounding, as in lab/math.js, and the formulas are its formulas; the roundings are
NumPy's own for float32 and float16, and written from the definition for bfloat16, which NumPy has
not. `python -m tests.lab` prints how far the narrow modes are from torch's kernels, which round
once where the lab rounds after every operation.
"""

import numpy as np
import torch
import torch.nn.functional as F


def bfloat16(x):
    """To 8 binary digits, ties to even; exponents from -126, below which the step stays."""
    x = np.asarray(x, np.float64)
    exponent = np.maximum(np.frexp(x)[1] - 1, -126)
    with np.errstate(all="ignore"):
        rounded = np.ldexp(np.rint(np.ldexp(x, 7 - exponent)), exponent - 7)
        rounded = np.where(np.abs(rounded) >= 2.0**128, np.copysign(np.inf, x), rounded)
    return np.where(np.isfinite(x) & (x != 0), rounded, x)


def through(dtype):
    """The rounding of a NumPy dtype."""

    def rounding(x):
        with np.errstate(all="ignore"):
            return np.asarray(x, np.float64).astype(dtype).astype(np.float64)

    return rounding


ROUNDINGS = {
    "float64": through(np.float64),
    "float32": through(np.float32),
    "float16": through(np.float16),
    "bfloat16": bfloat16,
}


def total(x, r):
    """The sum of each row (N, C), from left to right."""
    s = np.zeros(len(x))
    for column in x.T:
        s = r(s + column)
    return s


def softmax(x, r):
    x = r(x)
    e = r(np.exp(r(x - x.max(1, keepdims=True))))
    return r(e / total(e, r)[:, None])


def log_softmax(x, r):
    x = r(x)
    d = r(x - x.max(1, keepdims=True))
    return r(d - r(np.log(total(r(np.exp(d)), r)))[:, None])


def logsumexp(x, r):
    x = r(x)
    m = x.max(1)
    s = total(r(np.exp(r(x - m[:, None]))), r)
    return np.where(np.isinf(m), m, r(m + r(np.log(s))))


def sigmoid(x, r):
    e = r(np.exp(-np.abs(r(x))))
    return r(np.where(x >= 0, 1, e) / r(1 + e))


def logsigmoid(x, r):
    x = r(x)
    return r(np.minimum(0, x) - r(np.log1p(r(np.exp(-np.abs(x))))))


def softplus(x, r):
    x = r(x)
    return np.where(x > 20, x, r(np.log1p(r(np.exp(x)))))


def naive_softmax(x, r):
    e = r(np.exp(r(x)))
    return r(e / total(e, r)[:, None])


def naive_sigmoid(x, r):
    e = r(np.exp(r(x)))
    return r(e / r(1 + e))


def bce(p, y, r):
    yes, no = r(np.log(r(p))), r(np.log1p(-r(p)))
    yes, no = np.where(yes < -100, -100, yes), np.where(no < -100, -100, no)
    return r(r(r(r(y) - 1) * no) - r(r(y) * yes))


def bce_with_logits(x, y, weight, r):
    factor = r(1 + r(r(r(weight) - 1) * r(y)))
    return r(r(r(1 - r(y)) * r(x)) - r(factor * logsigmoid(x, r)))


def sigmoid_bce_gradient(x, y, r):
    p = sigmoid(x, r)
    spread = r(r(1 - p) * p)
    return r(r(r(p - r(y)) / np.maximum(spread, r(np.float32(1e-12)))) * spread)


def softmax_jacobian(x, r):
    p = softmax(x, r)
    return r(p[:, :, None] * r(np.eye(p.shape[1]) - p[:, None, :]))


# name in lab/math.js: what it should give for rows (N, C)
ROWS = {
    "softmax": softmax,
    "logSoftmax": log_softmax,
    "logsumexp": logsumexp,
    "softmaxJacobian": softmax_jacobian,
    "naive.softmax": naive_softmax,
    "naive.logSoftmax": lambda x, r: r(np.log(naive_softmax(x, r))),
    "naive.logsumexp": lambda x, r: r(np.log(total(r(np.exp(r(x))), r))),
}
# … and for numbers of any shape
NUMBERS = {
    "sigmoid": sigmoid,
    "logsigmoid": logsigmoid,
    "softplus": softplus,
    "silu": lambda x, r: r(r(x) * sigmoid(x, r)),
    "hardsigmoid": lambda x, r: r(np.clip(r(r(x) + 3), 0, 6) / 6),
    "softsign": lambda x, r: r(r(x) / r(1 + np.abs(r(x)))),
    "logit": lambda p, r: r(np.log(r(r(p) / r(1 - r(p))))),
    "naive.sigmoid": naive_sigmoid,
    "naive.logsigmoid": lambda x, r: r(np.log(r(1 / r(1 + r(np.exp(-r(x))))))),
    "naive.softplus": lambda x, r: r(np.log(r(1 + r(np.exp(r(x)))))),
}
# … and for numbers with a target y in [0, 1]
TARGETS = {
    "bce": bce,
    "bceWithLogits": lambda x, y, r: bce_with_logits(x, y, 2.5, r),
    "sigmoidBceGradient": sigmoid_bce_gradient,
}


def inputs(seed: int = 0, rows: int = 3000, width: int = 4) -> np.ndarray:
    """Rows (rows, width) of all sizes, a third of them with special values among them."""
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, -1e-310, 1e-40, -1e-7, 6e-8, 1e308]
    special += [-1e308, 3.4e38, 65504.0, 65519.9, 65520.0, 88.72, 88.73, 709.78, -745.2, 20.0]
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(rows, width))
    x *= generator.choice([1e-5, 0.1, 1, 1, 3, 10, 30, 100, 1000, 1e30], size=(rows, 1))
    mark = generator.random(x.shape) < generator.choice([0, 0, 0.3], size=(rows, 1))
    return np.where(mark, generator.choice(special, size=x.shape), x)


def distance() -> dict[str, dict[str, int]]:
    """The largest distance in ulp from torch's kernels, by function and dtype.

    Over rows of four logits of size 1 to 10; values below the smallest normal number are left out.
    The ulp is that of torch's value; of the logarithms, which cancel near 0, at least that of 1.
    """
    x = np.random.default_rng(1).normal(size=(20000, 4)) * 10.0 ** np.linspace(0, 1, 20000)[:, None]
    kernels = {
        "softmax": (softmax, lambda v: F.softmax(v, 1)),
        "log_softmax": (log_softmax, lambda v: F.log_softmax(v, 1)),
        "sigmoid": (sigmoid, torch.sigmoid),
        "logsigmoid": (logsigmoid, F.logsigmoid),
    }
    found: dict[str, dict[str, int]] = {}
    for name, (ours, kernel) in kernels.items():
        for dtype, r in ROUNDINGS.items():
            info = torch.finfo(getattr(torch, dtype))
            given = r(x)
            theirs = kernel(torch.tensor(given).to(getattr(torch, dtype))).double().numpy()
            seen = np.abs(theirs) >= info.tiny
            size = np.maximum(np.abs(theirs[seen]), float(name.startswith("log")))
            ulp = 2.0 ** (np.frexp(size)[1] - 1) * info.eps
            apart = np.abs(ours(given, r)[seen] - theirs[seen]) / ulp
            found.setdefault(name, {})[dtype] = int(np.ceil(apart.max()))
    return found


def main() -> None:
    print(f"{'':12s}" + "".join(f"{dtype:>10s}" for dtype in ROUNDINGS), "(largest distance, ulp)")
    for name, row in distance().items():
        print(f"{name:12s}" + "".join(f"{row[dtype]:10d}" for dtype in ROUNDINGS))


if __name__ == "__main__":
    main()

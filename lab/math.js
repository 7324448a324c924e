/* The arithmetic of the lab: no dependency, no DOM; compared with torch in tests/test_lab.py.

   A function takes numbers or rows (arrays) and, last, `r`, the rounding of a dtype: it is applied
   to every input and after every operation, as a machine with that dtype alone would. With
   `r = float64`, the default, nothing is rounded beyond what JavaScript does itself.
   + - * / of two narrow numbers, taken in float64 and rounded once, are correctly rounded. exp,
   log, log1p and tanh in a narrow dtype are DEFINED as the engine's float64 result rounded to it:
   a double rounding, which differs from the correctly rounded value only where the float64 result
   lies within its own error of a tie. Sums run from left to right. */

const bits = new DataView(new ArrayBuffer(8));

/** Rounding to nearest, ties to even, to `digits` binary digits and exponents from `low` to `high`;
    below 2**low the step stays (subnormals), from the middle above the largest value it is inf. */
function rounding(digits, low, high) {
  const largest = (2 - 2 ** (1 - digits)) * 2 ** high;
  return (x) => {
    if (x === 0 || !Number.isFinite(x)) return x;
    bits.setFloat64(0, x);
    const exponent = ((bits.getUint32(0) >>> 20) & 0x7ff) - 1023;
    const step = 2 ** (Math.max(exponent, low) - digits + 1);
    // at 2**52 the step of float64 is 1: the addition rounds as IEEE 754 asks
    const size = (Math.abs(x) / step + 2 ** 52 - 2 ** 52) * step;
    const rounded = size > largest ? Infinity : size;
    return x < 0 ? -rounded : rounded;
  };
}

export const float64 = (x) => x;
export const float32 = Math.fround;
export const float16 = rounding(11, -14, 15);
export const bfloat16 = rounding(8, -126, 127);
export const dtypes = { float64, float32, float16, bfloat16 };

// -- rows ------------------------------------------------------------------------------------

const { abs, exp, log, log1p, max, min, tanh } = Math;
/** The largest entry; NaN where one is NaN. */
const top = (x) => x.reduce((a, b) => max(a, b), -Infinity);
const sum = (x, r) => x.reduce((a, b) => r(a + b), 0);

/** The position of the largest entry, the first of equals; a NaN counts as largest, as in torch. */
export function argmax(x) {
  const nan = x.findIndex(Number.isNaN);
  return nan >= 0 ? nan : x.indexOf(top(x));
}

/** exp(x - max) of a row, their sum, and the maximum: the terms of softmax. */
export function terms(x, r = float64) {
  x = x.map(r);
  const m = top(x);
  const e = x.map((v) => r(exp(r(v - m))));
  return { m, e, sum: sum(e, r) };
}

export function softmax(x, r = float64) {
  const { e, sum } = terms(x, r);
  return e.map((v) => r(v / sum));
}

export function logSoftmax(x, r = float64) {
  const t = terms(x, r);
  const l = r(log(t.sum));
  return x.map((v) => r(r(r(v) - t.m) - l));
}

/** log(sum(exp(x))); a row of -inf gives -inf and a row with inf gives inf, as in torch. */
export function logsumexp(x, r = float64) {
  const m = top(x.map(r));
  if (abs(m) === Infinity) return m;
  return r(m + r(log(terms(x, r).sum)));
}

// -- one number ------------------------------------------------------------------------------

export function sigmoid(x, r = float64) {
  const e = r(exp(-abs(r(x))));
  return r((x >= 0 ? 1 : e) / r(1 + e));
}

export function logsigmoid(x, r = float64) {
  x = r(x);
  return r(min(0, x) - r(log1p(r(exp(-abs(x))))));
}

/** As torch: the line x beyond 20, log(1 + exp(x)) before. */
export function softplus(x, r = float64) {
  x = r(x);
  return x > 20 ? x : r(log1p(r(exp(x))));
}

export function silu(x, r = float64) {
  return r(r(x) * sigmoid(x, r));
}

export function hardsigmoid(x, r = float64) {
  return r(max(0, min(6, r(r(x) + 3))) / 6);
}

export function softsign(x, r = float64) {
  x = r(x);
  return r(x / r(1 + abs(x)));
}

export function logit(p, r = float64) {
  p = r(p);
  return r(log(r(p / r(1 - p))));
}

/** x log y, and 0 where x is 0, whatever y (NaN aside). */
export function xlogy(x, y, r = float64) {
  return r(x) === 0 && !Number.isNaN(y) ? 0 : r(r(x) * r(log(r(y))));
}

/** The formulas as a textbook writes them: each fails where an intermediate leaves the dtype. */
export const naive = {
  softmax(x, r = float64) {
    const e = x.map((v) => r(exp(r(v))));
    const s = sum(e, r);
    return e.map((v) => r(v / s));
  },
  logSoftmax: (x, r = float64) => naive.softmax(x, r).map((p) => r(log(p))),
  logsumexp: (x, r = float64) => r(log(sum(x.map((v) => r(exp(r(v)))), r))),
  sigmoid(x, r = float64) {
    const e = r(exp(r(x)));
    return r(e / r(1 + e));
  },
  logsigmoid: (x, r = float64) => r(log(r(1 / r(1 + r(exp(-r(x))))))),
  softplus: (x, r = float64) => r(log(r(1 + r(exp(r(x)))))),
};

// -- losses and their gradients, of one sample (reduction="none") ----------------------------

/** BCEWithLogits of logit x and target y; `weight` is pos_weight. */
export function bceWithLogits(x, y, weight = 1, r = float64) {
  const factor = r(1 + r(r(r(weight) - 1) * r(y)));
  return r(r(r(1 - r(y)) * r(x)) - r(factor * logsigmoid(x, r)));
}

export function bceWithLogitsGradient(x, y, weight = 1, r = float64) {
  const gain = r(r(r(weight) * r(y)) * sigmoid(-r(x), r));
  return r(r(r(1 - r(y)) * sigmoid(x, r)) - gain);
}

/** BCE of probability p and target y; as torch, logarithms stop at -100. */
export function bce(p, y, r = float64) {
  const [yes, no] = [r(log(r(p))), r(log1p(-r(p)))].map((v) => (v < -100 ? -100 : v));
  return r(r(r(r(y) - 1) * no) - r(r(y) * yes));
}

/** d bce(sigmoid(x), y) / dx by the chain rule of two modules: dies where sigmoid saturates.
    As torch, the denominator p (1 - p) is at least 1e-12, a constant that torch holds in float32. */
export function sigmoidBceGradient(x, y, r = float64) {
  const p = sigmoid(x, r);
  const spread = r(r(1 - p) * p);
  return r(r(r(p - r(y)) / max(spread, r(Math.fround(1e-12)))) * spread);
}

/** What each class counts in a cross entropy: a smoothed one-hot target times the weights. */
function shares(C, y, smoothing, weight, r) {
  const w = (k) => (weight ? r(weight[k]) : 1);
  const spread = r(r(smoothing) / C);
  const share = (k) => r(spread + (k === y ? r(1 - r(smoothing)) : 0));
  return Array.from({ length: C }, (_, k) => r(share(k) * w(k)));
}

/** Cross entropy of a row of logits and a class y. */
export function crossEntropy(x, y, { smoothing = 0, weight } = {}, r = float64) {
  const l = logSoftmax(x, r);
  const s = shares(x.length, y, smoothing, weight, r);
  if (!smoothing) return -r(s[y] * l[y]);
  return sum(l.map((v, k) => -r(s[k] * v)), r);
}

export function crossEntropyGradient(x, y, { smoothing = 0, weight } = {}, r = float64) {
  const s = shares(x.length, y, smoothing, weight, r);
  const all = sum(s, r);
  return softmax(x, r).map((p, k) => r(r(p * all) - s[k]));
}

// -- Jacobians: entry [i][j] is d output i / d logit j ----------------------------------------

export function softmaxJacobian(x, r = float64) {
  const p = softmax(x, r);
  return p.map((a, i) => p.map((b, j) => r(a * r((i === j ? 1 : 0) - b))));
}

export function logSoftmaxJacobian(x, r = float64) {
  const p = softmax(x, r);
  return p.map((_, i) => p.map((b, j) => r((i === j ? 1 : 0) - b)));
}

/** The singular values of a square matrix, largest first: one-sided Jacobi rotations of its columns
    until every two are orthogonal; their lengths are the values. NaN where an entry is not finite. */
export function singularValues(A) {
  const n = A.length;
  if (!A.flat().every(Number.isFinite)) return A.map(() => NaN);
  const size = max(...A.flat().map(abs)) || 1; // squares of the scaled entries stay in range
  const columns = A.map((_, j) => A.map((row) => row[j] / size));
  const dot = (a, b) => a.reduce((s, v, k) => s + v * b[k], 0);
  for (let sweep = 0, turned = true; turned && sweep < 60; sweep++) {
    turned = false;
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        const [a, b] = [columns[i], columns[j]];
        const [aa, bb, ab] = [dot(a, a), dot(b, b), dot(a, b)];
        if (abs(ab) <= 1e-16 * Math.sqrt(aa) * Math.sqrt(bb)) continue;
        turned = true;
        const zeta = (bb - aa) / (2 * ab);
        const t = (zeta < 0 ? -1 : 1) / (abs(zeta) + Math.hypot(1, zeta));
        const c = 1 / Math.hypot(1, t);
        columns[i] = a.map((v, k) => c * (v - t * b[k]));
        columns[j] = b.map((v, k) => c * (v + t * a[k]));
      }
    }
  }
  return columns.map((v) => size * Math.hypot(...v)).sort((a, b) => b - a);
}

// -- curves: value, derivative and the torch expression of functions of one number ------------

const slope = (x) => sigmoid(x) * sigmoid(-x);
const first = (f) => (x) => f([x, 0, 0])[0];
const ramp = (x) => max(0, min(6, x + 3)) / 6;

export const curves = {
  sigmoid: { f: sigmoid, d: slope, code: "torch.sigmoid(x)" },
  logsigmoid: { f: logsigmoid, d: (x) => sigmoid(-x), code: "F.logsigmoid(x)" },
  softplus: { f: softplus, d: (x) => (x > 20 ? 1 : sigmoid(x)), code: "F.softplus(x)" },
  tanh: { f: tanh, d: (x) => 1 - tanh(x) ** 2, code: "torch.tanh(x)" },
  silu: { f: silu, d: (x) => sigmoid(x) * (1 + x * sigmoid(-x)), code: "F.silu(x)" },
  hardsigmoid: {
    f: hardsigmoid,
    d: (x) => (Number.isNaN(x) ? 0 : x > -3 && x < 3 ? 1 / 6 : 0),
    code: "F.hardsigmoid(x)",
  },
  softsign: { f: softsign, d: (x) => 1 / (1 + abs(x)) ** 2, code: "F.softsign(x)" },
  logit: {
    f: logit,
    d: (p) => (p >= 0 && p <= 1 ? 1 / (p * (1 - p)) : NaN),
    code: "torch.logit(x)",
  },
  log1p: { f: log1p, d: (x) => 1 / (1 + x), code: "torch.log1p(x)" },
  xlogy: { f: (x) => xlogy(x, x), d: (x) => log(x) + x / x, code: "torch.xlogy(x, x)" },
  softmax: {
    f: first(softmax),
    d: (x) => softmaxJacobian([x, 0, 0])[0][0],
    code: "F.softmax(torch.stack([x, 0 * x, 0 * x]), 0)[0]",
  },
  log_softmax: {
    f: first(logSoftmax),
    d: (x) => logSoftmaxJacobian([x, 0, 0])[0][0],
    code: "F.log_softmax(torch.stack([x, 0 * x, 0 * x]), 0)[0]",
  },
  logsumexp: {
    f: (x) => logsumexp([x, 0, 0]),
    d: (x) => softmax([x, 0, 0])[0],
    code: "torch.logsumexp(torch.stack([x, 0 * x, 0 * x]), 0)",
  },
  softmin: {
    f: (x) => first(softmax)(-x),
    d: (x) => -softmaxJacobian([-x, 0, 0])[0][0],
    code: "F.softmin(torch.stack([x, 0 * x, 0 * x]), 0)[0]",
  },
  logaddexp: {
    f: (x) => max(x, 0) + log1p(exp(-abs(x))),
    d: (x) => sigmoid(x),
    code: "torch.logaddexp(x, torch.zeros_like(x))",
  },
  hardswish: {
    f: (x) => x * ramp(x),
    d: (x) => (x <= -3 ? 0 : x < 3 ? x / 3 + 0.5 : 1),
    code: "F.hardswish(x)",
  },
  expm1: { f: Math.expm1, d: exp, code: "torch.expm1(x)" },
  atanh: { f: Math.atanh, d: (x) => 1 / (1 - x * x), code: "torch.atanh(x)" },
};

// -- chance ----------------------------------------------------------------------------------

/** A generator of numbers in (0, 1), the same in every browser: mulberry32, 32 bits of state. */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
}

/** One draw of a Gumbel variable: its argmax over logits samples softmax. */
export const gumbel = (uniform) => -log(-log(uniform()));

// -- losses as people write them by hand -------------------------------------------------------

export const byHand = {
  /** −(y log p + (1 − y) log(1 − p)), p = 1 / (1 + exp(−x)): 0 times −inf is NaN. */
  bce(x, y, r = float64) {
    const p = r(1 / r(1 + r(exp(-r(x)))));
    const [yes, no] = [r(r(y) * r(log(p))), r(r(1 - r(y)) * r(log(r(1 - p))))];
    return -r(yes + no);
  },
  /** torch's sigmoid, then its BCE: once as if the answer were yes, times weight y, once no. */
  sigmoidBce(x, y, weight = 1, r = float64) {
    const p = sigmoid(x, r);
    return r(r(r(r(weight) * r(y)) * bce(p, 1, r)) + r(r(1 - r(y)) * bce(p, 0, r)));
  },
  sigmoidBceGradient(x, y, weight = 1, r = float64) {
    const yes = r(r(r(weight) * r(y)) * sigmoidBceGradient(x, 1, r));
    return r(yes + r(r(1 - r(y)) * sigmoidBceGradient(x, 0, r)));
  },
  /** −Σ s log softmax(x) over the classes whose share s is not 0. */
  crossEntropy(x, y, { smoothing = 0, weight } = {}, r = float64) {
    const s = shares(x.length, y, smoothing, weight, r);
    const p = softmax(x, r);
    return -sum(s.map((v, k) => (v ? r(v * r(log(p[k]))) : 0)), r);
  },
  /** Its gradient by the chain rule: −s / p, then softmax's own. */
  crossEntropyGradient(x, y, { smoothing = 0, weight } = {}, r = float64) {
    const s = shares(x.length, y, smoothing, weight, r);
    const p = softmax(x, r);
    const g = s.map((v, k) => (v ? -r(v / p[k]) : 0));
    const mean = sum(g.map((v, k) => r(v * p[k])), r);
    return g.map((v, k) => r(p[k] * r(v - mean)));
  },
};

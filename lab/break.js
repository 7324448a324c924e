/* Break it: one computation, naive and stable, in four dtypes, rounded after every operation. */

import { Lab, define, h, number, option, row, show } from "./base.js";
import * as m from "./math.js";
import { list, preamble, source } from "./numbers.js";
import { choice, field, fillTo, mark, put, range } from "./parts.js";

const DTYPES = Object.keys(m.dtypes);
const FORMS = ["naive", "stable"];
const MOST = 16; // digits of float64

/* A function: the steps of each form as [label, values], its results last; the same in torch, over
   x, y and r; and torch's own. `r` is the rounding, and x is rounded already. */
const each = (x, f) => x.map((v) => f(v));
const total = (e, r) => e.reduce((a, b) => r(a + b), 0);
const raised = (x, r) => each(x, (v) => r(Math.exp(v)));
const naiveSum = (x, r) => [
  ["exp(x)", raised(x, r)],
  ["Σ exp(x)", [total(raised(x, r), r)]],
];
const stableSum = (x, r) => {
  const { m: top, e, sum } = m.terms(x, r);
  return [
    ["x − max", each(x, (v) => r(v - top))],
    ["exp(x − max)", e],
    ["Σ exp(x − max)", [sum]],
  ];
};
const squashed = (x, r) => {
  const e = each(x, (v) => r(Math.exp(-v)));
  const sums = each(e, (v) => r(1 + v));
  return [
    ["exp(−x)", e],
    ["1 + exp(−x)", sums],
    ["p", each(sums, (v) => r(1 / v))],
  ];
};
const small = (x, r) => [["exp(−|x|)", each(x, (v) => r(Math.exp(-Math.abs(v))))]];

const FUNCTIONS = {
  softmax: {
    naive: (x, y, r) => [...naiveSum(x, r), ["softmax", m.naive.softmax(x, r)]],
    stable: (x, y, r) => [...stableSum(x, r), ["softmax", m.softmax(x, r)]],
    code: [
      "e = r(x.exp())\nnaive = r(e / total(e))",
      "e = r(r(x - x.max()).exp())\nstable = r(e / total(e))",
      "F.softmax(given, 0)",
    ],
  },
  log_softmax: {
    naive: (x, y, r) => [
      ...naiveSum(x, r),
      ["softmax", m.naive.softmax(x, r)],
      ["log", m.naive.logSoftmax(x, r)],
    ],
    stable: (x, y, r) => [...stableSum(x, r), ["log_softmax", m.logSoftmax(x, r)]],
    code: [
      "e = r(x.exp())\nnaive = r(r(e / total(e)).log())",
      "d = r(x - x.max())\nstable = r(d - r(total(r(d.exp())).log()))",
      "F.log_softmax(given, 0)",
    ],
  },
  logsumexp: {
    naive: (x, y, r) => [...naiveSum(x, r), ["log Σ", [m.naive.logsumexp(x, r)]]],
    stable: (x, y, r) => [...stableSum(x, r), ["max + log Σ", [m.logsumexp(x, r)]]],
    code: [
      "naive = r(total(r(x.exp())).log())",
      `top = x.max()
stable = top if top.isinf() else r(top + r(total(r(r(x - top).exp())).log()))`,
      "torch.logsumexp(given, 0)",
    ],
  },
  logsigmoid: {
    naive: (x, y, r) => [...squashed(x, r), ["log p", each(x, (v) => m.naive.logsigmoid(v, r))]],
    stable: (x, y, r) => [...small(x, r), ["min(0, x) − log1p", each(x, (v) => m.logsigmoid(v, r))]],
    code: [
      "naive = r(r(1 / r(1 + r((-x).exp()))).log())",
      "stable = r(x.clamp(max=0) - r(r((-x.abs()).exp()).log1p()))",
      "F.logsigmoid(given)",
    ],
  },
  bce: {
    naive: (x, y, r) => {
      const steps = squashed(x, r);
      const p = steps.at(-1)[1];
      const loss = each(x, (v) => m.byHand.bce(v, y, r));
      return [...steps, ["1 − p", each(p, (v) => r(1 - v))], ["BCE", loss]];
    },
    stable: (x, y, r) => [
      ...small(x, r),
      ["BCEWithLogits", each(x, (v) => m.bceWithLogits(v, y, 1, r))],
    ],
    code: [
      `p = r(1 / r(1 + r((-x).exp())))
naive = -r(r(y * r(p.log())) + r(r(1 - y) * r(r(1 - p).log())))`,
      `l = r(x.clamp(max=0) - r(r((-x.abs()).exp()).log1p()))
stable = r(r(r(1 - y) * x) - l)`,
      'F.binary_cross_entropy_with_logits(given, y.expand_as(x).to(dtype), reduction="none")',
    ],
  },
};

/** How many digits of `exact` are left: k where the relative error is below half of 10**-k. */
function digits(got, exact) {
  if (Object.is(got, exact) || got === exact) return MOST;
  const error = Math.abs(got / exact - 1);
  let k = 0;
  while (k < MOST && error < 0.5 * 10 ** -(k + 1)) k++;
  return k;
}

const short = (values) =>
  (values.length > 5 ? [...values.slice(0, 3).map(show), "…", show(values.at(-1))] : values.map(show)).join("  ");

class Break extends Lab {
  static key = "break";
  static fields = {
    fn: option("softmax", Object.keys(FUNCTIONS)),
    x: row([0, -1, -2]),
    scale: number(1, -1000, 1000),
    shift: number(90, -1000, 1000),
    y: number(1, 0, 1),
  };
  static words = {
    zh: {
      title: "算崩它",
      fn: "函数",
      row: "logits（可粘贴一行）",
      scale: "乘",
      shift: "再加",
      y: "目标 y",
      naive: "朴素写法",
      stable: "稳定写法",
      left: (n) => (n === MOST ? "一位不差" : n ? `剩 ${n} 位有效数字` : "一位不剩"),
      all: (what, count) => (count === 1 ? what : `全部 ${count} 个是 ${what}`),
      some: (what, n, count) => `${count} 个里有 ${n} 个是 ${what}`,
      lost: "0（下溢）",
      over: (step) => `${step} 上溢`,
      under: (step) => `${step} 变成 0`,
      gone: (step) => `${step} 是 nan`,
      reference: "以这一格为准",
      here: (dtype, form) => `${dtype}，${form}`,
    },
    en: {
      title: "Break it",
      fn: "function",
      row: "logits (paste a row)",
      scale: "times",
      shift: "plus",
      y: "target y",
      naive: "naive",
      stable: "stable",
      left: (n) => (n === MOST ? "all digits" : n ? `${n} digit${n > 1 ? "s" : ""} left` : "no digit left"),
      all: (what, count) => (count === 1 ? what : `all ${count} are ${what}`),
      some: (what, n, count) => `${n} of ${count} ${n > 1 ? "are" : "is"} ${what}`,
      lost: "0 (underflow)",
      over: (step) => `${step} overflows`,
      under: (step) => `${step} becomes 0`,
      gone: (step) => `${step} is nan`,
      reference: "the reference",
      here: (dtype, form) => `${dtype}, ${form}`,
    },
  };

  build() {
    const { words } = this;
    const { fields } = Break;
    const refuse = (problem, value) => this.refuse(problem, value);
    this.at = ["float32", "naive"];
    this.fn = choice({
      label: words.fn,
      choices: Object.keys(FUNCTIONS).map((name) => [name, name === "bce" ? "BCE" : name]),
      set: (fn) => this.set({ fn }),
    });
    this.text = field({
      class: "lab-field lab-row",
      "aria-label": words.row,
      parse: fields.x.parse,
      write: (x) => x.map(source).join(", "),
      set: (x, notes) => this.set({ x }, [{ kind: "moved", at: { count: x.length } }, ...notes]),
      refuse,
    });
    const slider = (name, step, to, from) =>
      range({
        label: words[name],
        low: fields[name] === fields.y ? 0 : -1000,
        high: fields[name] === fields.y ? 1 : 1000,
        step,
        to,
        from,
        parse: fields[name].parse,
        set: (value, notes) => this.set({ [name]: value }, notes),
        refuse,
      });
    // fine steps around 0, where factors matter, and 1000 within reach
    this.scale = slider("scale", 0.01, Math.asinh, Math.sinh);
    this.shift = slider("shift", 1);
    this.y = slider("y", 0.1);
    const head = h("div", { class: "lab-broken lab-head" }, h("span"), ...FORMS.map((f) => h("span", {}, words[f])));
    this.cells = Object.fromEntries(DTYPES.map((dtype) => [dtype, {}]));
    const lines = DTYPES.map((dtype) => {
      const cells = FORMS.map((form) => (this.cells[dtype][form] = this.cell(dtype, form)));
      return h(
        "div",
        { class: "lab-broken" },
        h("span", { class: "lab-code" }, dtype),
        ...cells.map((cell) => cell.element),
      );
    });
    this.detail = h("p", { class: "lab-detail", tabindex: "0" });
    this.body.append(
      this.fn.element,
      h("label", { class: "lab-tensor lab-wide" }, h("span", {}, words.row), this.text.element),
      h("div", { class: "lab-controls" }, this.scale.element, this.shift.element, this.y.element),
      h("div", { class: "lab-breaks" }, head, ...lines),
      this.detail,
    );
  }

  /** One form in one dtype: what is left, why, and the results; pointed at, its steps. */
  cell(dtype, form) {
    const [verdict, why, values] = ["lab-verdict", "lab-why", "lab-value"].map((c) => h("span", { class: c }));
    const fill = h("i", { class: "lab-fill" });
    const track = h("span", { class: "lab-track" }, fill);
    const point = () => {
      this.at = [dtype, form];
      this.explain();
    };
    const element = h(
      "button",
      { type: "button", class: "lab-out", on: { click: point, focus: point, pointerenter: point } },
      h("span", { class: "lab-live" }, this.words.here(dtype, this.words[form])),
      h("span", { class: "lab-judged" }, verdict, " ", why),
      values,
      track,
    );
    return { element, verdict, why, values, fill };
  }

  // -- what is computed

  /** The logits after the sliders, in float64. */
  logits() {
    const { x, scale, shift } = this.state;
    return x.map((v) => v * scale + shift);
  }

  compute() {
    const { fn, y } = this.state;
    const x = this.logits();
    this.steps = {};
    for (const dtype of DTYPES) {
      const r = m.dtypes[dtype];
      const held = x.map(r);
      this.steps[dtype] = {};
      for (const form of FORMS) {
        this.steps[dtype][form] = [["x", held], ...FUNCTIONS[fn][form](held, y, r)];
      }
    }
    this.exact = this.results("float64", "stable");
  }

  results(dtype, form) {
    return this.steps[dtype][form].at(-1)[1];
  }

  /** What is left of the results: {n: digits, what: a word, why: the step that failed}. */
  judge(dtype, form) {
    const got = this.results(dtype, form);
    const n = Math.min(...got.map((v, k) => digits(v, this.exact[k])));
    const kinds = got.map((v, k) => {
      if (digits(v, this.exact[k]) === MOST) return "";
      if (!Number.isFinite(v)) return show(v);
      return v === 0 ? this.words.lost : "";
    });
    const what = ["nan", "inf", "-inf", this.words.lost].find((kind) => kinds.includes(kind));
    if (!what) return { n, what: this.words.left(n), why: "" };
    const count = kinds.filter((kind) => kind === what).length;
    const said = count === got.length ? this.words.all(what, count) : this.words.some(what, count, got.length);
    return { n, what: said, why: this.culprit(this.steps[dtype][form]) };
  }

  /** The first step of a failed computation that left the dtype. */
  culprit(steps) {
    for (const [label, values] of steps.slice(0, -1)) {
      if (label.includes("− max") && !label.includes("exp")) continue; // the winner's own 0
      if (values.some(Number.isNaN)) return this.words.gone(label);
      if (values.some((v) => Math.abs(v) === Infinity)) return this.words.over(label);
      if (label !== "x" && values.includes(0)) return this.words.under(label);
    }
    return "";
  }

  // -- what is shown

  render() {
    const { fn, x, scale, shift, y } = this.state;
    this.compute();
    this.fn.show(fn);
    this.text.show(x);
    this.scale.show(scale);
    this.shift.show(shift);
    this.y.show(y);
    this.y.element.hidden = fn !== "bce";
    for (const dtype of DTYPES) {
      for (const form of FORMS) {
        const cell = this.cells[dtype][form];
        const { n, what, why } = this.judge(dtype, form);
        const own = dtype === "float64" && form === "stable";
        put(cell.verdict, own ? this.words.reference : what);
        put(cell.why, why);
        put(cell.values, short(this.results(dtype, form)));
        fillTo(cell.fill, n / MOST);
        cell.element.classList.toggle("lab-failed", n === 0);
      }
    }
    this.explain();
  }

  explain() {
    const [dtype, form] = this.at;
    for (const d of DTYPES) {
      for (const f of FORMS) mark(this.cells[d][f].element, { "aria-pressed": d === dtype && f === form });
    }
    const steps = this.steps[dtype][form].map(([label, values]) => `${label} = ${short(values)}`);
    put(this.detail, `${this.words.here(dtype, this.words[form])}: ${steps.join(" → ")}`);
  }

  // -- what is said and copied

  spoken() {
    const said = DTYPES.map((dtype) => {
      const { what, why } = this.judge(dtype, "naive");
      return `${dtype} ${this.words.naive}: ${what}${why ? ` (${why})` : ""}.`;
    });
    return `${this.state.fn}, ${short(this.logits())}. ${said.join(" ")}`;
  }

  code() {
    const { fn, x, scale, shift, y } = this.state;
    const data = list([x], true);
    const [naive, stable, own] = FUNCTIONS[fn].code;
    const body = [naive, stable].join("\n").replace(/^/gm, "    ");
    const target = fn === "bce" ? `\n    y = r(torch.tensor(${source(y)}, dtype=torch.float64))` : "";
    return `import torch
import torch.nn.functional as F

${preamble(data)}z = torch.tensor(${data}, dtype=torch.float64)
y_logits = z * ${source(scale)} + ${source(shift)}


def r(t):
    return t.to(dtype).double()


def total(e):
    s = e[0]
    for v in e[1:]:
        s = r(s + v)
    return s


def digits(got, exact):
    if got == exact or (got != got and exact != exact):
        return 16
    error = abs(got / exact - 1) if exact else float("inf")
    return sum(error < 0.5 * 10.0**-k for k in range(1, 17))


def line(name, values):
    got = values.reshape(-1).tolist()
    left = min(map(digits, got, best))
    print(f"{name:18s}{left:2d} digits ", *[f"{v:.6g}" for v in got])


for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
    x = r(y_logits)${target}
${body}
    if dtype == torch.float64:
        best = stable.reshape(-1).tolist()
    name = str(dtype)[6:]
    line(f"{name} naive", naive)
    line(f"{name} stable", stable)
    given = y_logits.to(dtype)
    line(f"{name} torch", ${own}.double())
`;
  }
}

define(Break);

/* Loss surface: a loss and its gradient over one logit, from torch's function and by hand. */

import { Lab, define, h, number, option, row, show } from "./base.js";
import * as m from "./math.js";
import { list, preamble, source } from "./numbers.js";
import { bar, choice, field, mark, numberField, put, range } from "./parts.js";

const r = m.float32;
const SPANS = ["6", "30", "120", "1000"];
const POINTS = 240;
const NAMES = {
  bce: ["BCEWithLogits", "sigmoid + BCELoss"],
  ce: ["cross_entropy", "softmax + log"],
};
/** Below this a gradient is no loss when it is gone. */
const FELT = 1e-3;

const svg = (tag, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  mark(element, attributes);
  return element;
};

class Loss extends Lab {
  static key = "loss";
  static fields = {
    loss: option("bce", Object.keys(NAMES)),
    x: number(20, -1000, 1000),
    y: number(0, 0, 1),
    label: option("0", ["0", "1"]),
    eps: number(0, 0, 1),
    w: number(1, 0, 100),
    rest: row([0, 0]),
    span: option("30", SPANS),
  };
  static words = {
    zh: {
      title: "损失曲面",
      loss: "损失",
      bce: "二分类",
      ce: "交叉熵",
      x: "logit x（拖动）",
      y: "目标 y",
      label: "正确类",
      eps: "标签平滑",
      weight: "第 0 类的 weight",
      rest: "其余 logits",
      span: "范围 ±",
      values: "损失",
      slopes: "对 x 的梯度",
      moved: ({ count }) => `收下 ${count} 个 logits，连同 x 共 ${count + 1} 类。`,
      from: (x) => `x ≥ ${x}`,
      to: (x) => `x ≤ ${x}`,
      between: (a, b) => `${a} ≤ x ≤ ${b}`,
      dead: (where) => `手写的梯度在 float32 里失效：${where}（偏差超过一半）。`,
      alive: (span) => `在 ±${span} 以内，手写的梯度还在。`,
      now: (got, exact) => `在 x 处它是 ${got}，应为 ${exact}。`,
    },
    en: {
      title: "Loss surface",
      loss: "loss",
      bce: "binary",
      ce: "cross entropy",
      x: "logit x (drag)",
      y: "target y",
      label: "true class",
      eps: "label smoothing",
      weight: "weight of class 0",
      rest: "other logits",
      span: "range ±",
      values: "loss",
      slopes: "gradient of x",
      moved: ({ count }) => `Took ${count} logits: ${count + 1} classes with x.`,
      from: (x) => `x ≥ ${x}`,
      to: (x) => `x ≤ ${x}`,
      between: (a, b) => `${a} ≤ x ≤ ${b}`,
      dead: (where) => `By hand the gradient is dead in float32 at ${where} (off by more than half).`,
      alive: (span) => `Within ±${span} the gradient by hand is alive.`,
      now: (got, exact) => ` At x it is ${got} and should be ${exact}.`,
    },
  };

  /** The range shown is wide enough for x. */
  tidy() {
    const { x, span } = this.state;
    if (Math.abs(x) > Number(span)) this.state.span = SPANS.find((s) => Math.abs(x) <= Number(s));
    return [];
  }

  // -- the elements

  build() {
    const { words } = this;
    const { fields } = Loss;
    const refuse = (problem, value) => this.refuse(problem, value);
    const slider = (name, label, high, step) =>
      range({
        label,
        low: 0,
        high,
        step,
        parse: fields[name].parse,
        set: (value, notes) => this.set({ [name]: value }, notes),
        refuse,
      });
    const few = (name, label, choices) => choice({ label, choices, set: (value) => this.set({ [name]: value }) });
    const rest = field({
      class: "lab-field lab-row",
      "aria-label": words.rest,
      parse: fields.rest.parse,
      write: (x) => x.map(source).join(", "),
      set: (value, notes) =>
        this.set({ rest: value }, [{ kind: "moved", at: { count: value.length } }, ...notes]),
      refuse,
    });
    this.x = numberField({
      class: "lab-field lab-short",
      "aria-label": "logit x",
      parse: fields.x.parse,
      step: (v, way) => Math.max(-1000, Math.min(1000, Number((v + way * 0.1).toPrecision(12)))),
      set: (x, notes) => this.set({ x }, notes),
      refuse,
    });
    this.slide = bar({
      label: "logit x",
      reach: () => Number(this.state.span),
      set: (x) => this.set({ x }),
      text: (x) => `${source(x)}, ${this.words.values} ${show(this.at[0][0])}, ${this.words.slopes} ${show(this.at[0][1])}`,
    });
    this.pieces = {
      loss: few("loss", words.loss, ["bce", "ce"].map((name) => [name, words[name]])),
      span: few("span", words.span, SPANS.map((s) => [s, s])),
      label: few("label", words.label, [["0", "0"], ["1", "1"]]),
      y: slider("y", words.y, 1, 0.05),
      eps: slider("eps", words.eps, 1, 0.05),
      rest: { show: rest.show, element: h("label", { class: "lab-tensor lab-wide" }, h("span", {}, words.rest), rest.element) },
    };
    this.weights = [slider("w", "pos_weight", 10, 0.1), slider("w", words.weight, 10, 0.1)];
    const { loss, span, label, y, eps } = this.pieces;
    const group = (...pieces) => h("div", { class: "lab-controls" }, ...pieces.map((piece) => piece.element));
    this.groups = {
      bce: group(y, this.weights[0]),
      ce: group(label, eps, this.weights[1], this.pieces.rest),
    };
    const place = h("label", { class: "lab-control" }, h("span", {}, words.x), this.x.element);
    this.table = NAMES.bce.map(() => [0, 1, 2].map((k) => h(k ? "td" : "th", k ? {} : { scope: "row" })));
    const heads = ["float32", words.values, words.slopes].map((text) => h("th", { scope: "col" }, text));
    this.said = h("p", { class: "lab-detail", tabindex: "0" });
    this.body.append(
      group(loss, span, { element: place }),
      h("div", { class: "lab-swap" }, this.groups.bce, this.groups.ce),
      this.plots(),
      h(
        "table",
        { class: "lab-losses" },
        h("thead", {}, h("tr", {}, ...heads)),
        h("tbody", {}, ...this.table.map((cells) => h("tr", {}, ...cells))),
      ),
      this.said,
    );
  }

  /** Two curves above two, one x axis, and the slider over both. */
  plots() {
    this.plot = ["values", "slopes"].map((name) => {
      const lines = [0, 1].map((k) => svg("path", { class: `lab-curve-${k}` }));
      const zero = svg("path", { class: "lab-zero" });
      const dead = svg("path", { class: "lab-dead" });
      const drawing = svg("svg", { viewBox: "0 0 1000 100", preserveAspectRatio: "none", "aria-hidden": "true" });
      drawing.append(dead, zero, ...lines);
      const dots = [0, 1].map((k) => h("i", { class: `lab-loss-dot lab-loss-dot-${k}` }));
      const [high, low] = [h("span", { class: "lab-high" }), h("span", { class: "lab-low" })];
      const canvas = h("div", { class: "lab-canvas" }, drawing, high, low, ...dots);
      const element = h("div", { class: "lab-loss-plot" }, h("span", {}, this.words[name]), canvas);
      return { element, lines, zero, dead, dots, high, low };
    });
    this.cursor = h("i", { class: "lab-loss-cursor" });
    this.flags = h("div", { class: "lab-flags", "aria-hidden": "true" });
    this.ticks = [0, 1, 2, 3, 4].map(() => h("span"));
    const area = h("div", { class: "lab-area" }, ...this.plot.map((p) => p.element), this.flags, this.cursor, this.slide.element);
    return h("div", { class: "lab-loss-plots" }, area, h("div", { class: "lab-loss-ticks", "aria-hidden": "true" }, ...this.ticks));
  }

  // -- what is computed

  /** [[loss, gradient] of torch's function, the same by hand] at logit x, in float32. */
  both(x) {
    const { loss, y, w, label, eps, rest } = this.state;
    if (loss === "bce") {
      return [
        [m.bceWithLogits(x, y, w, r), m.bceWithLogitsGradient(x, y, w, r)],
        [m.byHand.sigmoidBce(x, y, w, r), m.byHand.sigmoidBceGradient(x, y, w, r)],
      ];
    }
    const logits = [x, ...rest].map(r);
    const options = { smoothing: eps, weight: logits.map((_, k) => (k ? 1 : w)) };
    return [m, m.byHand].map((forms) => [
      forms.crossEntropy(logits, Number(label), options, r),
      forms.crossEntropyGradient(logits, Number(label), options, r)[0],
    ]);
  }

  /** Is a gradient that is felt off by more than half, by hand? inf and nan are. */
  dead(x, [[, exact], [, got]] = this.both(x)) {
    return Math.abs(exact) > FELT && !(Math.abs(got - exact) <= Math.abs(exact) / 2);
  }

  /** The curves over the range, and where the gradient by hand is dead: made anew when they change. */
  compute() {
    const { x, ...others } = this.state;
    const key = JSON.stringify([others, others.rest.map(String)]);
    this.at = this.both(x);
    if (this.key === key) return false;
    this.key = key;
    const span = Number(others.span);
    this.points = [];
    this.regions = [];
    for (let k = 0; k <= POINTS; k++) {
      const at = span * ((2 * k) / POINTS - 1);
      const values = this.both(at);
      const dead = this.dead(at, values);
      const last = this.points.at(-1);
      if (last && last.dead !== dead) {
        const edge = this.edge(last.at, at, dead);
        if (dead) this.regions.push([edge, span]);
        else this.regions.at(-1)[1] = edge;
        // both sides of the edge, so that a jump is drawn as one
        for (const near of [edge - span * 1e-6, edge + span * 1e-6]) {
          this.points.push({ at: near, values: this.both(near), dead });
        }
      } else if (!last && dead) this.regions.push([-span, span]);
      this.points.push({ at, values, dead });
    }
    return true;
  }

  /** Where between a and b the gradient dies or comes back; `later`: is it dead at b. */
  edge(a, b, later) {
    for (let k = 0; k < 40; k++) {
      const middle = (a + b) / 2;
      if (this.dead(middle) === later) b = middle;
      else a = middle;
    }
    return b;
  }

  // -- what is shown

  render() {
    const { state, pieces } = this;
    const changed = this.compute();
    for (const [name, piece] of Object.entries(pieces)) piece.show(state[name]);
    this.weights.forEach((piece) => piece.show(state.w));
    this.x.show(state.x);
    this.slide.show(state.x);
    for (const [name, element] of Object.entries(this.groups)) element.hidden = name !== state.loss;
    if (changed) this.draw();
    const left = `${Number((50 * (1 + state.x / Number(state.span))).toPrecision(6))}%`;
    this.cursor.style.left = left;
    this.plot.forEach(({ dots }, which) => {
      dots.forEach((dot, k) => {
        const value = this.at[k][which];
        dot.hidden = !Number.isFinite(value);
        dot.style.left = left;
        dot.style.top = `${this.height(which, value)}%`;
      });
    });
    NAMES[state.loss].forEach((name, k) => {
      [name, ...this.at[k].map(show)].forEach((text, column) => put(this.table[k][column], text));
      this.table[k][2].classList.toggle("lab-died", k === 1 && this.dead(state.x));
    });
    put(this.said, this.verdict());
  }

  /** From the top, in percent of the plot. */
  height(which, value) {
    const share = Math.max(-1, Math.min(1, value / this.tops[which]));
    return Number((which ? 50 - 44 * share : 94 - 88 * share).toPrecision(6)) || 0;
  }

  draw() {
    const span = Number(this.state.span);
    const across = (at) => Number((500 * (1 + at / span)).toPrecision(7));
    this.tops = [0, 1].map((which) => {
      const sizes = this.points.flatMap(({ values }) => values.map((v) => Math.abs(v[which])));
      return Math.max(...sizes.filter(Number.isFinite)) || 1;
    });
    const bands = this.regions.map(([a, b]) => `M${across(a)} 0H${across(b)}V100H${across(a)}Z`).join("");
    this.plot.forEach(({ lines, zero, dead, high, low }, which) => {
      lines.forEach((line, k) => {
        let open = false;
        const path = this.points.map(({ at, values }) => {
          const value = values[k][which];
          const mark = Number.isFinite(value) ? `${open ? "L" : "M"}${across(at)} ${this.height(which, value)}` : "";
          open = mark !== "";
          return mark;
        });
        line.setAttribute("d", path.join(""));
      });
      zero.setAttribute("d", `M0 ${this.height(which, 0)}H1000M500 0V100`);
      dead.setAttribute("d", bands);
      const top = Number(this.tops[which].toPrecision(3));
      put(high, String(top));
      put(low, which ? String(-top) : "0");
    });
    this.ticks.forEach((tick, k) => put(tick, String((span * (k - 2)) / 2)));
    const edges = this.regions.flat().filter((at) => Math.abs(at) < span);
    this.flags.replaceChildren(
      ...edges.map((at) => {
        // on the dead side, unless the plot ends there
        const late = at > 0 === Math.abs(at) < 0.7 * span;
        const flag = h("span", { class: late ? "lab-late" : "" }, at.toFixed(2));
        flag.style.left = `${50 * (1 + at / span)}%`;
        return flag;
      }),
    );
  }

  /** Where the gradient by hand is dead, in words. */
  verdict() {
    const { words } = this;
    const { span, x } = this.state;
    if (!this.regions.length) return words.alive(span);
    const where = this.regions.map(([a, b]) => {
      if (a === -Number(span)) return words.to(b.toFixed(2));
      return b === Number(span) ? words.from(a.toFixed(2)) : words.between(a.toFixed(2), b.toFixed(2));
    });
    const now = this.dead(x) ? words.now(show(this.at[1][1]), show(this.at[0][1])) : "";
    return words.dead(where.join(" / ")) + now;
  }

  // -- what is said and copied

  spoken() {
    const { loss, x } = this.state;
    const { values, slopes } = this.words;
    const said = NAMES[loss].map((name, k) => `${name}: ${values} ${show(this.at[k][0])}, ${slopes} ${show(this.at[k][1])}.`);
    return `x = ${source(x)}. ${said.join(" ")} ${this.verdict()}`;
  }

  code() {
    const { loss, x, y, label, eps, w, rest } = this.state;
    const others = list([rest], true);
    const count = rest.length + 1;
    const forms = {
      bce: `y, w = torch.tensor(${float(y)}), torch.tensor(${float(w)})


def stable(x):
    return F.binary_cross_entropy_with_logits(x, y, pos_weight=w)


def by_hand(x):
    p = torch.sigmoid(x)
    yes = F.binary_cross_entropy(p, torch.ones(()))
    no = F.binary_cross_entropy(p, torch.zeros(()))
    return w * y * yes + (1 - y) * no
`,
      ce: `${preamble(others)}rest = torch.tensor(${others}, dtype=torch.float32)
y, eps = torch.tensor(${label}), ${source(eps)}
weight = torch.ones(${count})
weight[0] = ${source(w)}


def stable(x):
    row = torch.cat([x.reshape(1), rest])
    return F.cross_entropy(row, y, weight, label_smoothing=eps, reduction="sum")


def by_hand(x):
    p = F.softmax(torch.cat([x.reshape(1), rest]), 0)
    share = (F.one_hot(y, ${count}) * (1 - eps) + eps / ${count}) * weight
    k = share > 0
    return -(share[k] * p[k].log()).sum()
`,
    };
    return `import torch
import torch.nn.functional as F

${forms[loss]}

for f in (stable, by_hand):
    x = torch.tensor(${float(x)}, requires_grad=True)
    value = f(x)
    value.backward()
    print(f"{f.__name__:8s} {value.item():.6g} {x.grad.item():.6g}")
`;
  }
}

/** A finite number as a Python float. */
const float = (x) => (Number.isInteger(x) && Math.abs(x) < 1e21 ? `${source(x)}.0`.replace(".0.0", ".0") : source(x));

define(Loss);

/* Curve: a function of one number and its derivative, read off at a cursor. */

import { Lab, define, h, number, option, show } from "./base.js";
import { curves } from "./math.js";
import { source } from "./numbers.js";
import { field, mark, put, snap } from "./parts.js";

const POINTS = 600;
/** Where a function is looked at first, as [centre, width]; the others as sigmoid. */
const VIEWS = {
  sigmoid: [0, 12],
  logit: [0.5, 1.2],
  log1p: [1.5, 6],
  xlogy: [0.6, 1.6],
  atanh: [0, 2.4],
  expm1: [0, 6],
};
const view = (fn) => VIEWS[fn] ?? VIEWS.sigmoid;
const FAR = 1e6;

class Curve extends Lab {
  static key = "curve";
  static fields = {
    fn: option("sigmoid", Object.keys(curves)),
    x: number(1, -FAR, FAR),
    c: number(0, -FAR, FAR),
    w: number(12, 0.001, FAR),
  };
  static words = {
    zh: {
      title: "函数与梯度",
      fn: "函数",
      closer: "放大",
      wider: "缩小",
      left: "左移",
      right: "右移",
      whole: "全图",
      value: "值",
      slope: "梯度",
      plot: "曲线上的位置 x（方向键移动，加减号缩放）",
    },
    en: {
      title: "A function and its gradient",
      fn: "function",
      closer: "Zoom in",
      wider: "Zoom out",
      left: "Left",
      right: "Right",
      whole: "Whole",
      value: "value",
      slope: "gradient",
      plot: "Position x on the curve (arrows move it, plus and minus zoom)",
    },
  };

  /** The view follows a cursor that was put outside it. */
  tidy(given) {
    const { x, c, w } = this.state;
    if (given.includes("x") && !given.includes("c") && Math.abs(x - c) > w / 2) this.state.c = x;
    return [];
  }

  build() {
    const { words } = this;
    const names = Object.keys(curves).map((name) => h("option", { value: name }, name));
    this.fn = h(
      "select",
      { class: "lab-field", on: { change: () => this.choose(this.fn.value) } },
      ...names,
    );
    this.typed = field({
      "aria-label": "x",
      class: "lab-field lab-at-x",
      parse: Curve.fields.x.parse,
      step: (x, way) => this.bound(x + way * this.grid()),
      set: (x, notes) => this.set({ x }, notes),
      refuse: (problem, value) => this.refuse(problem, value),
    });
    const acts = {
      closer: () => this.zoom(0.5),
      wider: () => this.zoom(2),
      left: () => this.shift(-1),
      right: () => this.shift(1),
      whole: () => this.look(view(this.state.fn)),
    };
    const marks = { closer: "+", wider: "−", left: "←", right: "→" };
    const buttons = Object.entries(acts).map(([name, click]) =>
      h("button", { type: "button", class: "lab-button", "aria-label": words[name], on: { click } }, marks[name] ?? words[name]),
    );
    this.panels = [words.value, words.slope].map(panel);
    this.plots = h(
      "div",
      { class: "lab-plots", role: "slider", tabindex: "0", "aria-label": words.plot },
      ...this.panels.map((own) => own.element),
    );
    this.drag();
    this.read = h("p", { class: "lab-read", tabindex: "0" });
    this.body.append(
      h(
        "div",
        { class: "lab-controls" },
        h("label", { class: "lab-control" }, h("span", {}, words.fn), this.fn),
        h("label", { class: "lab-control" }, h("span", {}, "x"), this.typed.element),
        h("div", { class: "lab-control" }, ...buttons),
      ),
      this.plots,
      this.read,
    );
  }

  // -- the view and the cursor

  get ends() {
    const { c, w } = this.state;
    return [c - w / 2, c + w / 2];
  }

  bound = (x) => Math.max(-FAR, Math.min(FAR, x));

  /** The step of dragging and of keys: the power of ten below a hundredth of the width. */
  grid = () => 10 ** Math.floor(Math.log10(this.state.w / 99));

  choose(fn) {
    if (view(fn) === view(this.state.fn)) return this.set({ fn });
    const [c, w] = view(fn);
    const { x } = this.state;
    const inside = Math.abs(x - c) < w / 2 && Number.isFinite(curves[fn].f(x));
    this.set({ fn, c, w, x: inside ? x : c });
  }

  look([c, w]) {
    this.set({ c: Number(this.bound(c).toPrecision(12)), w: Math.max(0.001, Math.min(FAR, w)) });
  }

  /** Zoom about the cursor where it is in view, else about the middle. */
  zoom(by) {
    const { c, w, x } = this.state;
    if ((by < 1 && w * by < 0.001) || (by > 1 && w * by > FAR)) return;
    const [low, high] = this.ends;
    const fixed = x > low && x < high ? x : c;
    this.look([fixed + (c - fixed) * by, w * by]);
  }

  shift(way) {
    this.look([this.state.c + (way * this.state.w) / 4, this.state.w]);
  }

  /** Put the cursor at x; the view follows. */
  go(x) {
    const [low, high] = this.ends;
    const to = snap(this.bound(x), this.grid());
    const away = to < low ? to - low : to > high ? to - high : 0;
    this.set({ x: to, ...(away && { c: this.bound(Number((this.state.c + away).toPrecision(12))) }) });
  }

  drag() {
    const { plots } = this;
    let start = null;
    const follow = (event, plot) => {
      const box = plot.getBoundingClientRect();
      const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
      const [low, high] = this.ends;
      this.set({ x: Math.min(high, Math.max(low, snap(low + share * (high - low), this.grid()))) });
    };
    plots.addEventListener("pointerdown", (event) => {
      const plot = event.target.closest(".lab-plot");
      if (!plot || event.button) return;
      start = { x: this.state.x, plot };
      plots.setPointerCapture(event.pointerId);
      plots.focus({ preventScroll: true });
      if (event.pointerType === "mouse") follow(event, plot);
    });
    plots.addEventListener("pointermove", (event) => start && follow(event, start.plot));
    plots.addEventListener("pointerup", (event) => {
      if (start) follow(event, start.plot);
      start = null;
    });
    plots.addEventListener("pointercancel", () => {
      if (start) this.set({ x: start.x });
      start = null;
    });
    plots.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const { x, w } = this.state;
      const to = {
        ArrowRight: x + w / 50,
        ArrowUp: x + w / 50,
        ArrowLeft: x - w / 50,
        ArrowDown: x - w / 50,
        PageUp: x + w / 5,
        PageDown: x - w / 5,
        Home: this.ends[0],
        End: this.ends[1],
      }[event.key];
      const by = { "+": 0.5, "=": 0.5, "-": 2, _: 2 }[event.key];
      if (to === undefined && !by) return;
      event.preventDefault();
      event.stopPropagation();
      if (by) this.zoom(by);
      else this.go(to);
    });
  }

  // -- what is shown

  render() {
    const { fn, x } = this.state;
    const [low, high] = this.ends;
    const { f, d } = curves[fn];
    this.at = [f(x) + 0, d(x) + 0]; // -0 is 0
    this.fn.value = fn;
    this.typed.show(x);
    const xs = Array.from({ length: POINTS + 1 }, (_, k) => low + ((high - low) * k) / POINTS);
    this.panels.forEach((own, k) => own.show(xs, xs.map((v) => [f, d][k](v)), x, this.at[k]));
    put(this.read, this.sentence());
    mark(this.plots, {
      "aria-valuemin": low,
      "aria-valuemax": high,
      "aria-valuenow": Math.min(high, Math.max(low, x)),
      "aria-valuetext": this.sentence(),
    });
  }

  sentence() {
    const [value, slope] = this.at.map(show);
    return `${this.state.fn}(${source(this.state.x)}) = ${value}, ${this.words.slope} ${slope}`;
  }

  // -- what is said and copied

  spoken() {
    return this.sentence();
  }

  code() {
    const { fn, x } = this.state;
    return `import torch
import torch.nn.functional as F

x = torch.tensor(${source(x)}, dtype=torch.float64, requires_grad=True)
y = ${curves[fn].code}
y.backward()
print(y)
print(x.grad)
`;
  }
}

// -- one plot: SVG for the lines, stretched to the box; HTML for what must not be stretched ----

const SVG = "http://www.w3.org/2000/svg";

/** An SVG element. */
function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  mark(element, attributes);
  element.append(...children);
  return element;
}

/** Round numbers from low to high, at steps of 1, 2 or 5 times a power of ten; at most `most`. */
function ticks(low, high, most) {
  const power = 10 ** Math.floor(Math.log10((high - low) / most));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => (high - low) / s <= most);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, k) => Number(((first + k) * step).toPrecision(10)) || 0);
}

/** The range of finite values with some room, without the ends of a pole. */
function room(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (!sorted.length) return [-1, 1];
  const share = (q) => sorted[Math.round(q * (sorted.length - 1))];
  let [low, high] = [share(0), share(1)];
  const middle = share(0.95) - share(0.05);
  if (middle && high > share(0.95) + 1.5 * middle) high = share(0.95) + middle / 2;
  if (middle && low < share(0.05) - 1.5 * middle) low = share(0.05) - middle / 2;
  const least = Math.max(Math.abs(low), Math.abs(high)) * 1e-6 || 1;
  const more = Math.max(high - low, least) * 0.06;
  return [low - more, high + more];
}

/** A number as a label of an axis. */
const label = (v) => {
  const size = Math.abs(v);
  const text = size && (size >= 1e5 || size < 1e-4) ? v.toExponential() : String(v);
  return text.replace("-", "−");
};

/** One plot with a title: show(xs, ys, x, y) draws the line, the axes, and the cursor at x. */
function panel(title, k) {
  const line = svg("path", { class: "lab-line-path" });
  const grid = svg("path", { class: "lab-grid-path" });
  const zero = svg("path", { class: "lab-zero-path" });
  const drawing = svg(
    "svg",
    { viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" },
    grid,
    zero,
    line,
  );
  const cursor = h("i", { class: "lab-cursor" });
  const dot = h("i", { class: "lab-dot" });
  const plot = h("div", { class: "lab-plot" }, drawing, cursor, dot);
  const labels = h("div", { class: "lab-ticks", "aria-hidden": "true" });
  const head = h("span", { class: "lab-panel-head" }, title);
  const element = h("div", { class: `lab-panel lab-panel-${k}` }, head, plot, labels);
  const shows = (xs, ys, x, y) => {
    const [left, right] = [xs[0], xs.at(-1)];
    const [low, high] = room(ys);
    const across = (v) => (v - left) / (right - left);
    const up = (v) => (high - v) / (high - low);
    const on = ys.map((v) => Number.isFinite(v));
    const bounded = (v) => Math.max(-9, Math.min(9, v)); // far out, SVG's numbers are too narrow
    // a line that leaves at one edge and comes back at the other has passed a pole
    const torn = (a, b) => Math.max(a, b) > high && Math.min(a, b) < low;
    const points = ys.map((v, j) => {
      const way = on[j - 1] && !torn(ys[j - 1], v) ? "L" : "M";
      return on[j] ? `${way}${across(xs[j]).toFixed(5)} ${bounded(up(v)).toFixed(5)}` : "";
    });
    mark(line, { d: points.join("") });
    const [tx, ty] = [ticks(left, right, 6), ticks(low, high, 5)];
    mark(grid, {
      d: [...tx.map((v) => `M${across(v)} 0V1`), ...ty.map((v) => `M0 ${up(v)}H1`)].join(""),
    });
    mark(zero, { d: low < 0 && high > 0 ? `M0 ${up(0)}H1` : "M0 0" });
    const place = (text, name, style, share) => {
      const one = h("span", { class: name }, text);
      one.style[style] = `${100 * share}%`;
      return one;
    };
    labels.replaceChildren(
      ...tx.map((v) => place(label(v), "lab-tick-x", "left", across(v))),
      ...ty.map((v) => place(label(v), "lab-tick-y", "top", up(v))),
    );
    const seen = x >= left && x <= right;
    cursor.style.left = `${100 * across(x)}%`;
    dot.style.left = `${100 * across(x)}%`;
    dot.style.top = `${100 * up(y)}%`;
    cursor.hidden = !seen;
    dot.hidden = !(seen && y >= low && y <= high);
  };
  return { element, show: shows };
}

define(Curve);

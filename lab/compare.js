/* Compare: logits that can be moved, and what four functions make of them. */

import { Lab, define, h, number, show, tensor } from "./base.js";
import { argmax, logSoftmax, logsigmoid, sigmoid, softmax, terms } from "./math.js";
import { Problem, list, parseNumber, parseTensor, preamble, source } from "./numbers.js";
import { bar, choice, ends, field, fillTo, mark, numberField, put, range } from "./parts.js";

const FUNCTIONS = ["softmax", "log_softmax", "sigmoid", "logsigmoid"];
const ARTICLE = {
  rows: [
    [0.5283, 0.3922, -0.0484],
    [-1.6257, -0.4775, 0.5645],
  ],
  flat: false,
};

/** Zero or one; -1 and -2 are counted from the end when the shape is known. */
const axis = {
  initial: -1,
  parse(text) {
    const taken = parseNumber(text);
    if (![-2, -1, 0, 1].includes(taken.value)) {
      throw new Problem("choice", { text, choices: "-2, -1, 0, 1" });
    }
    return taken;
  },
  write: String,
};

class Compare extends Lab {
  static key = "compare";
  static fields = { x: tensor(ARTICLE), dim: axis, t: number(1, 0.01, 1000) };
  static words = {
    zh: {
      title: "比较四个函数",
      tensor: "logits（可粘贴一行或一个矩阵）",
      temperature: "温度 T",
      dim: "dim",
      logits: "logit（拖动）",
      class: "下标",
      argmax: "argmax",
      moved: ({ count, rows, columns }) =>
        rows > 1 ? `收下 ${count} 个数：${rows} 行 ${columns} 列。` : `收下 ${count} 个数，一行。`,
      flat: ({ dim }) => `这个张量只有一行，没有 dim=${dim}，改用 dim=0。`,
      slice: (k) => `第 ${k} 个切片`,
      largest: (name, p) => `argmax 为 ${name}，softmax ${p}`,
      more: (count) => `另有 ${count} 个切片`,
    },
    en: {
      title: "Compare four functions",
      tensor: "logits (paste a row or a matrix)",
      temperature: "temperature T",
      dim: "dim",
      logits: "logit (drag)",
      class: "index",
      argmax: "argmax",
      moved: ({ count, rows, columns }) =>
        rows > 1 ? `Took ${count} numbers: ${rows} rows of ${columns}.` : `Took ${count} numbers, one row.`,
      flat: ({ dim }) => `A tensor of one row has no dim=${dim}: dim=0 instead.`,
      slice: (k) => `Slice ${k}`,
      largest: (name, p) => `argmax at ${name}, softmax ${p}`,
      more: (count) => `${count} more slices`,
    },
  };

  tidy(given) {
    const { x, dim } = this.state;
    const count = x.flat ? 1 : 2;
    const counted = dim < 0 ? dim + count : dim;
    this.state.dim = counted >= 0 && counted < count ? counted : 0;
    return counted !== this.state.dim && given.includes("dim") ? [{ kind: "flat", at: { dim } }] : [];
  }

  build() {
    const { words } = this;
    this.range = 5;
    this.at = { i: 0, j: 0, name: "softmax" };
    const refuse = (problem, value) => this.refuse(problem, value);
    this.text = field({
      rows: 2,
      "aria-label": words.tensor,
      class: "lab-field lab-text",
      parse: (text) => {
        const { rows, flat, notes } = parseTensor(text);
        return { value: { rows, flat }, notes };
      },
      write: ({ rows, flat }) => list(rows, flat),
      set: (x, notes) => this.take(x, notes),
      refuse,
    });
    this.dim = choice({
      label: words.dim,
      choices: [
        [0, "0"],
        [1, "1"],
      ],
      set: (dim) => this.set({ dim }),
    });
    this.temperature = range({
      label: words.temperature,
      low: 0.1,
      high: 10,
      step: 0.02,
      to: Math.log10,
      from: (v) => 10 ** v,
      parse: Compare.fields.t.parse,
      set: (t, notes) => this.set({ t }, notes),
      refuse,
    });
    const heads = [words.class, words.logits, ...FUNCTIONS].map((head, k) =>
      h("div", { role: "columnheader", class: k > 1 ? "lab-code" : "" }, head),
    );
    this.head = h("div", { role: "row", class: "lab-line lab-head" }, ...heads);
    this.grid = h("div", {
      role: "grid",
      class: "lab-grid",
      "aria-label": words.title,
      on: {
        pointerover: (event) => this.point(event.target),
        focusin: (event) => this.point(event.target),
        keydown: (event) => this.walk(event),
      },
    });
    this.detail = h("p", { class: "lab-detail", tabindex: "0" });
    const controls = h("div", { class: "lab-controls" }, this.dim.element, this.temperature.element);
    this.body.append(
      h("label", { class: "lab-tensor" }, h("span", {}, words.tensor), this.text.element),
      controls,
      this.grid,
      this.detail,
    );
  }

  /** A whole new tensor, typed or pasted. */
  take(x, notes) {
    const [rows, columns] = [x.rows.length, x.rows[0].length];
    this.set({ x, dim: x.flat ? 0 : Math.max(this.state.dim, this.state.x.flat ? 1 : 0) }, [
      { kind: "moved", at: { count: rows * columns, rows, columns } },
      ...notes,
    ]);
  }

  /** One logit. */
  move(i, j, value, notes) {
    const rows = this.state.x.rows.map((row) => [...row]);
    if (rows[i]?.[j] === undefined || Object.is(rows[i][j], value)) return;
    rows[i][j] = value;
    this.at = { i, j, name: this.at.name };
    this.set({ x: { rows, flat: this.state.x.flat } }, notes);
  }

  name(i, j) {
    return this.state.x.flat ? `[${j}]` : `[${i}, ${j}]`;
  }

  /** The lines of the grid, made anew when the shape changes. */
  lines() {
    const { x } = this.state;
    const shape = `${x.rows.length} ${x.rows[0].length} ${x.flat}`;
    if (this.shape === shape) return;
    this.shape = shape;
    this.at = { ...this.at, i: 0, j: 0 };
    this.cells = x.rows.map((row, i) => row.map((_, j) => this.line(i, j)));
    this.grid.replaceChildren(this.head, ...this.cells.flat().map((cell) => cell.element));
  }

  line(i, j) {
    const label = `logit ${this.name(i, j)}`;
    const slide = bar({
      label,
      reach: () => this.range,
      set: (value) => this.move(i, j, value, []),
      text: (value) => `${show(value)}, softmax ${show(this.results.softmax[i][j])}`,
      moving: (yes) => {
        this.dragging = yes;
        this.classList.toggle("lab-dragging", yes);
      },
    });
    const typed = numberField({
      "aria-label": label,
      set: (value, notes) => this.move(i, j, value, notes),
      refuse: (problem, value) => this.refuse(problem, value),
      many: (text) => {
        try {
          const { rows, flat, notes } = parseTensor(text);
          this.take({ rows, flat }, notes);
        } catch (problem) {
          this.refuse(problem, show(this.state.x.rows[i][j]));
        }
      },
    });
    const best = h("span", { class: "lab-mark" }, this.words.argmax);
    const head = h("div", { role: "rowheader", class: "lab-index" }, this.name(i, j), best);
    const outs = FUNCTIONS.map((name) => {
      const fill = h("i", { class: "lab-fill" });
      const value = h("span", { class: "lab-value" });
      const track = h("span", { class: `lab-track lab-${name}` }, fill);
      const cell = h("div", { role: "gridcell", class: "lab-out", tabindex: "-1" }, value, track);
      cell.at = { i, j, name };
      return { cell, value, fill, track };
    });
    const input = h("div", { role: "gridcell", class: "lab-input" }, slide.element, typed.element);
    input.at = { i, j };
    const element = h("div", { role: "row", class: "lab-line" }, head, input, ...outs.map((o) => o.cell));
    if (i && !j) element.classList.add("lab-first");
    return { element, slide, typed, outs, best };
  }

  // -- what is computed

  /** The slices along dim, as positions [i, j]. */
  slices() {
    const { x, dim } = this.state;
    const rows = x.rows.map((row, i) => row.map((_, j) => [i, j]));
    return x.flat || dim === 1 ? rows : rows[0].map((_, j) => rows.map((row) => row[j]));
  }

  compute() {
    const { x, t } = this.state;
    const scaled = x.rows.map((row) => row.map((v) => v / t));
    const empty = () => scaled.map((row) => row.slice());
    const results = Object.fromEntries(FUNCTIONS.map((name) => [name, empty()]));
    const slices = this.slices();
    const best = slices.map((slice) => {
      const values = slice.map(([i, j]) => scaled[i][j]);
      const [p, l] = [softmax(values), logSoftmax(values)];
      slice.forEach(([i, j], k) => {
        results.softmax[i][j] = p[k];
        results.log_softmax[i][j] = l[k];
        results.sigmoid[i][j] = sigmoid(values[k]);
        results.logsigmoid[i][j] = logsigmoid(values[k]);
      });
      return slice[argmax(values)];
    });
    Object.assign(this, { results, scaled, slice: slices, best });
  }

  // -- what is shown

  render() {
    const { x, dim, t } = this.state;
    this.lines();
    this.compute();
    if (!this.dragging) this.range = ends(x.rows.flat());
    this.text.show(x);
    this.dim.show(dim, x.flat ? [0] : [0, 1]);
    this.temperature.show(t);
    const logs = [...this.results.log_softmax.flat(), ...this.results.logsigmoid.flat()];
    const deepest = Math.max(1, ...logs.map(Math.abs).filter(Number.isFinite));
    this.slice.forEach((slice, k) => {
      for (const [i, j] of slice) {
        const cell = this.cells[i][j];
        mark(cell.element, { "data-slice": k % 5 });
        const best = this.best[k][0] === i && this.best[k][1] === j;
        cell.element.classList.toggle("lab-best", best);
        if (cell.best.hidden === best) cell.best.hidden = !best;
        cell.slide.show(x.rows[i][j]);
        cell.typed.show(x.rows[i][j]);
        FUNCTIONS.forEach((name, n) => {
          const value = this.results[name][i][j];
          const share = Math.min(1, name.startsWith("log") ? -value / deepest : value);
          put(cell.outs[n].value, show(value));
          fillTo(cell.outs[n].fill, share || 0);
          cell.outs[n].track.classList.toggle("lab-nan", Number.isNaN(value));
        });
      }
    });
    this.explain();
  }

  // -- one value and its terms

  /** Point at the value under the pointer or the focus. */
  point(target) {
    const cell = target.closest?.(".lab-out, .lab-input");
    if (!cell) return;
    this.at = { ...this.at, ...cell.at };
    this.explain();
  }

  explain() {
    const { i, j, name } = this.at;
    const k = this.slice.findIndex((slice) => slice.some(([a, b]) => a === i && b === j));
    const peers = new Set(this.slice[k].map(([a, b]) => this.cells[a][b].element));
    for (const { element } of this.cells.flat()) {
      element.classList.toggle("lab-peer", peers.has(element));
    }
    const { cell } = this.cells[i][j].outs[FUNCTIONS.indexOf(name)];
    if (this.shown !== cell) {
      this.shown?.classList.remove("lab-at");
      this.shown?.setAttribute("tabindex", "-1");
      cell.classList.add("lab-at");
      cell.setAttribute("tabindex", "0");
      this.shown = cell;
    }
    put(this.detail, `${name}${this.name(i, j)} = ${this.steps(name, i, j, this.slice[k])}`);
  }

  /** The value's calculation with its numbers, as the lab did it. */
  steps(name, i, j, slice) {
    const { t } = this.state;
    const raw = this.state.x.rows[i][j];
    const over = t === 1 ? "" : ` / ${source(t)}`;
    const x = t === 1 ? show(raw) : `${show(raw)}${over}`;
    const value = show(this.results[name][i][j]);
    const v = this.scaled[i][j];
    if (name === "sigmoid") {
      return `1 / (1 + exp(−(${x}))) = 1 / (1 + ${show(Math.exp(-v))}) = ${value}`;
    }
    if (name === "logsigmoid") {
      return `min(0, ${x}) − log1p(exp(−|${x}|)) = ${show(Math.min(0, v))} − ${show(Math.log1p(Math.exp(-Math.abs(v))))} = ${value}`;
    }
    const { m, e, sum } = terms(slice.map(([a, b]) => this.scaled[a][b]));
    const own = e[slice.findIndex(([a, b]) => a === i && b === j)];
    const inner = `${x} − ${show(m)}`;
    if (name === "log_softmax") return `${inner} − log(${show(sum)}) = ${value}`;
    const shown = e.length > 6 ? [...e.slice(0, 4).map(show), "…", show(e.at(-1))] : e.map(show);
    return `exp(${inner}) / Σ exp = ${show(own)} / (${shown.join(" + ")}) = ${show(own)} / ${show(sum)} = ${value}`;
  }

  /** Arrow keys walk over the values. */
  walk(event) {
    const cell = event.target.closest(".lab-out");
    const way = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!cell || !way || event.target !== cell) return;
    event.preventDefault();
    const flat = this.cells.flat();
    const line = flat.findIndex(({ outs }) => outs.some((out) => out.cell === cell)) + way[0];
    const column = FUNCTIONS.indexOf(cell.at.name) + way[1];
    flat[line]?.outs[column]?.cell.focus();
  }

  // -- what is said and copied

  spoken() {
    const said = this.slice.slice(0, 3).map((_, k) => {
      const [i, j] = this.best[k];
      const words = this.words.largest(this.name(i, j), show(this.results.softmax[i][j]));
      return `${this.words.slice(k)}: ${words}.`;
    });
    if (this.slice.length > 3) said.push(`${this.words.more(this.slice.length - 3)}.`);
    return `dim=${this.state.dim}. ${said.join(" ")}`;
  }

  code() {
    const { x, dim, t } = this.state;
    const rows = x.rows.map((row) => `[${row.map(source).join(", ")}]`);
    const data = x.flat ? rows[0] : `[\n    ${rows.join(",\n    ")},\n]`;
    return `import torch
import torch.nn.functional as F

${preamble(data)}y_logits = torch.tensor(${data}, dtype=torch.float64)
x = y_logits / ${source(t)}
print(F.softmax(x, dim=${dim}))
print(F.log_softmax(x, dim=${dim}))
print(torch.sigmoid(x))
print(F.logsigmoid(x))
print(x.argmax(dim=${dim}))
`;
  }
}

define(Compare);

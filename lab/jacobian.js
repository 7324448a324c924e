/* Jacobian: the matrix of derivatives of softmax or log_softmax, as a heat map that moves. */

import { define, h, option, show } from "./base.js";
import { logSoftmax, logSoftmaxJacobian, singularValues, softmax, softmaxJacobian } from "./math.js";
import { list, preamble } from "./numbers.js";
import { choice, mark, put } from "./parts.js";
import { ROW, RowLab, few, mover, rowField } from "./row.js";

const FUNCTIONS = {
  softmax: { f: softmax, jacobian: softmaxJacobian },
  log_softmax: { f: logSoftmax, jacobian: logSoftmaxJacobian },
};

/** A sum with four decimals: what rounding left of a 0 is shown as 0. */
const sum = (values) => {
  const total = values.reduce((a, b) => a + b, 0);
  return show(Math.abs(total) < 5e-5 ? 0 : total);
};

class Jacobian extends RowLab {
  static key = "jacobian";
  static fields = { x: few([2, 1, 0.1]), f: option("softmax", Object.keys(FUNCTIONS)) };
  static words = {
    zh: {
      ...ROW.zh,
      title: "雅可比矩阵",
      f: "函数",
      caption: (f) => `${f} 的雅可比矩阵：第 i 行第 j 列是第 i 个输出对第 j 个 logit 的导数`,
      output: "输出",
      sum: "行和",
      columns: "列和",
      rank: ({ rank, count, values }) => `秩 ${rank}（共 ${count} 行），奇异值 ${values}`,
      noRank: () => "有元素不是有限数，秩没有定义",
    },
    en: {
      ...ROW.en,
      title: "Jacobian",
      f: "function",
      caption: (f) => `Jacobian of ${f}: row i, column j is the derivative of output i by logit j`,
      output: "output",
      sum: "row sum",
      columns: "column sum",
      rank: ({ rank, count, values }) => `rank ${rank} of ${count}, singular values ${values}`,
      noRank: () => "an entry is not finite: there is no rank",
    },
  };

  build() {
    const { words } = this;
    this.at = [0, 0];
    this.row = rowField(this);
    this.f = choice({
      label: words.f,
      choices: Object.keys(FUNCTIONS).map((name) => [name, name]),
      set: (f) => this.set({ f }),
    });
    this.moves = h("div", { class: "lab-moves" });
    this.caption = h("p", { class: "lab-caption" });
    this.table = h("table", {
      class: "lab-matrix",
      role: "grid",
      on: {
        pointerover: (event) => this.point(event.target),
        focusin: (event) => this.point(event.target),
        keydown: (event) => this.walk(event),
      },
    });
    this.rank = h("p", { class: "lab-rank", tabindex: "0" });
    this.detail = h("p", { class: "lab-steps", tabindex: "0" });
    this.body.append(
      this.row.element,
      this.f.element,
      this.moves,
      this.caption,
      h("div", { class: "lab-scroll" }, this.table),
      this.rank,
      this.detail,
    );
  }

  // -- what is shown

  /** The bars and the table's cells, made anew when the number of logits changes. */
  lines() {
    const { length } = this.state.x;
    if (this.length === length) return;
    this.length = length;
    this.at = [0, 0];
    this.shown = undefined;
    this.bars = this.state.x.map((_, j) => mover(this, j));
    this.moves.replaceChildren(...this.bars.map((own) => own.element));
    const head = (scope, text) => h("th", { scope }, text);
    const names = this.state.x.map((_, j) => head("col", `x[${j}]`));
    this.outputs = names.map(() => h("td", { class: "lab-output" }));
    this.cells = names.map(() => names.map(() => h("td", { tabindex: "-1" })));
    this.rowSums = names.map(() => h("td", { class: "lab-sum" }));
    this.columnSums = names.map(() => h("td", { class: "lab-sum" }));
    const lines = this.cells.map((cells, i) => {
      cells.forEach((cell, j) => (cell.at = [i, j]));
      return h("tr", {}, head("row", `y[${i}]`), this.outputs[i], ...cells, this.rowSums[i]);
    });
    this.table.replaceChildren(
      h("thead", {}, h("tr", {}, h("td", {}), head("col", this.words.output), ...names, head("col", this.words.sum))),
      h("tbody", {}, ...lines),
      h("tfoot", {}, h("tr", {}, head("row", this.words.columns), h("td", {}), ...this.columnSums, h("td", {}))),
    );
  }

  render() {
    const { x, f } = this.state;
    this.lines();
    this.span();
    this.y = FUNCTIONS[f].f(x);
    this.J = FUNCTIONS[f].jacobian(x);
    this.row.show(x);
    this.f.show(f);
    put(this.caption, this.words.caption(f));
    mark(this.table, { "aria-label": this.words.caption(f) });
    this.bars.forEach((own, j) => own.show(x[j]));
    this.J.forEach((line, i) => {
      put(this.outputs[i], show(this.y[i]));
      put(this.rowSums[i], sum(line));
      put(this.columnSums[i], sum(this.J.map((other) => other[i])));
      line.forEach((value, j) => {
        put(this.cells[i][j], show(value + 0)); // -0 is 0
        // an entry of either matrix lies between -1 and 1, and the colour is its size
        const share = Math.round(100 * Math.min(1, Math.abs(value)) ** 0.5 * 0.36) || 0;
        this.cells[i][j].style.setProperty("--share", `${share}%`);
        mark(this.cells[i][j], { class: value < 0 ? "lab-minus" : "lab-plus" });
      });
    });
    put(this.rank, this.judged());
    this.explain();
  }

  /** The rank as torch.linalg.matrix_rank counts it with atol = rtol = C eps. */
  judged() {
    const values = singularValues(this.J);
    if (Number.isNaN(values[0])) return this.words.noRank();
    const least = this.J.length * Number.EPSILON * Math.max(1, values[0]);
    const rank = values.filter((s) => s > least).length;
    const shown = values.map((s) => show(s > least ? s : 0)).join(", ");
    return this.words.rank({ rank, count: values.length, values: shown });
  }

  point(target) {
    const cell = target.closest?.("td");
    if (!cell?.at) return;
    this.at = cell.at;
    this.explain();
  }

  /** One entry with its numbers. */
  explain() {
    const [i, j] = this.at;
    const cell = this.cells[i][j];
    if (this.shown !== cell) {
      this.shown?.setAttribute("tabindex", "-1");
      cell.setAttribute("tabindex", "0");
      this.shown?.removeAttribute("data-at");
      cell.setAttribute("data-at", "");
      this.shown = cell;
    }
    const p = softmax(this.state.x).map(show);
    const same = i === j ? "1" : "0";
    const inner = `${same} − ${p[j]}`;
    const steps =
      this.state.f === "softmax" ? `p[${i}] (δ − p[${j}]) = ${p[i]} × (${inner})` : `δ − p[${j}] = ${inner}`;
    put(this.detail, `∂y[${i}]/∂x[${j}] = ${steps} = ${show(this.J[i][j])}`);
  }

  walk(event) {
    const way = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!way || !event.target.at) return;
    event.preventDefault();
    this.cells[this.at[0] + way[0]]?.[this.at[1] + way[1]]?.focus();
  }

  // -- what is said and copied

  spoken() {
    return `${this.state.f}: ${this.judged()}. ${this.detail.textContent}`;
  }

  code() {
    const { x, f } = this.state;
    const data = list([x], true);
    const finite = this.J.flat().every(Number.isFinite);
    const rank = `S = torch.linalg.svdvals(J)
least = len(x) * torch.finfo(J.dtype).eps
print(S.where(S > least * S.max().clamp(min=1), 0))
print(torch.linalg.matrix_rank(J, atol=least, rtol=least))
`;
    return `import torch
import torch.nn.functional as F
from torch.autograd.functional import jacobian

${preamble(data)}x = torch.tensor(${data}, dtype=torch.float64)
J = jacobian(lambda v: F.${f}(v, dim=0), x)
print(F.${f}(x, dim=0))
print(J)
print(J.sum(1).round(decimals=4))
print(J.sum(0).round(decimals=4))
${finite ? rank : ""}`;
  }
}

define(Jacobian);

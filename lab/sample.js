/* Sampling: a distribution at a temperature, and draws by the Gumbel-max trick from a seed. */

import { define, h, number, show } from "./base.js";
import { argmax, gumbel, random, softmax } from "./math.js";
import { Problem, list, preamble, source } from "./numbers.js";
import { field, fillTo, mark, put, range } from "./parts.js";
import { ROW, RowLab, few, mover, rowField } from "./row.js";

const MOST = 10000;
const COLDEST = 0.01; // the slider's least, short of the limit at 0

/** A whole number from 0 to `high`. */
const whole = (initial, high) => ({
  initial,
  parse(text) {
    const taken = number(initial, 0, high).parse(text);
    if (!Number.isInteger(taken.value)) throw new Problem("whole", { text });
    return taken;
  },
  write: String,
});

class Sample extends RowLab {
  static key = "sample";
  static fields = {
    x: few([3, 2, 0]),
    t: number(1, 0, 1000),
    seed: whole(0, 2 ** 32 - 1),
    n: whole(0, MOST),
  };
  static words = {
    zh: {
      ...ROW.zh,
      title: "温度与采样",
      temperature: "温度 T",
      seed: "种子",
      n: "次数",
      whole: ({ text }) => `“${text}”不是整数`,
      index: "下标",
      p: "概率",
      score: "x / T + 噪声",
      count: "抽中次数",
      expected: "期望 ± 标准差",
      step: "抽一次",
      run: "连续抽",
      pause: "暂停",
      again: "清零",
      caption: "横条是抽中的比例，浅色带是概率上下各两个标准差，竖线是概率",
      full: ({ most }) => `已抽满 ${most} 次。`,
      none: "没有概率分布，不能采样：logits 里有 inf 或 nan，或者全是 -inf",
      limit: "T = 0 取极限：最大的一项概率为 1，并列则平分",
      drawn: ({ n, name }) => `抽了 ${n} 次，最近一次是 ${name}`,
      undrawn: "还没有抽",
    },
    en: {
      ...ROW.en,
      title: "Temperature and sampling",
      temperature: "temperature T",
      seed: "seed",
      n: "draws",
      whole: ({ text }) => `“${text}” is not a whole number`,
      index: "index",
      p: "probability",
      score: "x / T + noise",
      count: "drawn",
      expected: "expected ± std",
      step: "Draw one",
      run: "Run",
      pause: "Pause",
      again: "Clear",
      caption:
        "The bar is the share of the draws, the light band the probability ± two standard deviations, the line the probability",
      full: ({ most }) => `All ${most} draws are made.`,
      none: "No distribution, nothing to draw: a logit is inf or nan, or all are -inf",
      limit: "T = 0 is the limit: the largest entry has probability 1, equal ones share it",
      drawn: ({ n, name }) => `${n} drawn, the last one ${name}`,
      undrawn: "nothing drawn yet",
    },
  };

  build() {
    const { words } = this;
    const { fields } = Sample;
    const refuse = (problem, value) => this.refuse(problem, value);
    this.row = rowField(this);
    this.temperature = range({
      label: words.temperature,
      low: COLDEST,
      high: 10,
      step: 0.02,
      to: Math.log10,
      from: (v) => (v <= Math.log10(COLDEST) ? 0 : 10 ** v),
      parse: fields.t.parse,
      set: (t, notes) => this.set({ t }, notes),
      refuse,
    });
    const small = (name) => {
      const typed = field({
        "aria-label": words[name],
        class: "lab-field lab-whole",
        inputmode: "numeric",
        step: (v, way) => Math.max(0, Math.min(name === "n" ? MOST : 2 ** 32 - 1, v + way)),
        parse: fields[name].parse,
        set: (value, notes) => {
          this.pause();
          this.set({ [name]: value }, notes);
        },
        refuse,
      });
      const element = h("label", { class: "lab-control" }, h("span", {}, words[name]), typed.element);
      return { element, show: typed.show };
    };
    [this.seed, this.n] = [small("seed"), small("n")];
    const button = (name, act) =>
      h("button", { type: "button", class: "lab-button", on: { click: act } }, words[name]);
    this.one = button("step", () => {
      this.pause();
      this.draw(1);
    });
    this.go = button("run", () => (this.running ? this.pause() : this.run()));
    this.clear = button("again", () => {
      this.pause();
      this.set({ n: 0 });
    });
    this.lines = h("div", { class: "lab-moves" });
    this.table = h("table", { class: "lab-matrix lab-draws" });
    this.said = h("p", { class: "lab-rank", tabindex: "0" });
    this.body.append(
      this.row.element,
      h("div", { class: "lab-controls" }, this.temperature.element, this.seed.element, this.n.element),
      this.lines,
      h("div", { class: "lab-controls" }, this.one, this.go, this.clear),
      h("p", { class: "lab-caption" }, words.caption),
      h("div", { class: "lab-scroll", tabindex: "0", role: "group", "aria-label": words.title }, this.table),
      this.said,
    );
  }

  disconnectedCallback() {
    this.pause();
  }

  // -- chance

  /** The logits over T, the largest at 0; at T = 0 the limit. */
  scaled() {
    const { x, t } = this.state;
    const top = x[argmax(x)];
    return x.map((v) => (t === 0 ? (v === top ? 0 : v < top ? -Infinity : NaN) : (v - top) / t));
  }

  /** The noise of draws 0 to n, C numbers each, kept while the seed and C stay. */
  noise() {
    const { x, seed, n } = this.state;
    const name = `${seed} ${x.length}`;
    if (this.kept !== name) {
      this.kept = name;
      this.uniform = random(seed);
      this.drawn = [];
    }
    while (this.drawn.length < n * x.length) this.drawn.push(gumbel(this.uniform));
    return this.drawn;
  }

  /** What draw k picks. */
  pick(z, g, k) {
    let best = 0;
    for (let j = 1; j < z.length; j++) {
      if (z[j] + g[k * z.length + j] > z[best] + g[k * z.length + best]) best = j;
    }
    return best;
  }

  compute() {
    const { x, n } = this.state;
    this.z = this.scaled();
    this.p = softmax(this.z);
    this.possible = this.p.every((v) => !Number.isNaN(v));
    this.counts = x.map(() => 0);
    const g = this.possible ? this.noise() : [];
    for (let k = 0; this.possible && k < n; k++) this.counts[this.pick(this.z, g, k)]++;
    this.last = this.possible && n ? this.pick(this.z, g, n - 1) : -1;
    this.scores = this.z.map((v, j) => (this.last < 0 ? NaN : v + g[(n - 1) * x.length + j]));
  }

  // -- drawing

  draw(count) {
    const n = Math.min(MOST, this.state.n + count);
    if (n === MOST) this.pause();
    this.set({ n }, n === MOST ? [{ kind: "full", at: { most: MOST } }] : []);
  }

  /** Draw on, faster as there are more; at once to the next power of ten for who wants no motion. */
  run() {
    const { n } = this.state;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      return this.draw(10 ** Math.floor(Math.log10(Math.max(10, n)) + 1) - n);
    }
    const step = () => {
      this.running = requestAnimationFrame(step);
      this.draw(Math.max(1, Math.round(this.state.n / 60)));
    };
    if (n < MOST) step();
  }

  pause() {
    cancelAnimationFrame(this.running);
    this.running = undefined;
    if (this.go) put(this.go, this.words.run);
  }

  // -- what is shown

  shape() {
    const { length } = this.state.x;
    if (this.length === length) return;
    this.length = length;
    const { words } = this;
    this.bars = this.state.x.map((_, j) => mover(this, j));
    this.lines.replaceChildren(...this.bars.map((own) => own.element));
    const heads = ["index", "p", "score", "count", "expected"];
    this.cells = this.state.x.map((_, j) => {
      const [p, score, count, expected] = heads.slice(1).map(() => h("td", {}));
      const parts = ["lab-band", "lab-fill", "lab-tick"].map((name) => h("i", { class: name }));
      const track = h("td", { class: "lab-share", "aria-hidden": "true" }, h("span", {}, ...parts));
      const line = h("tr", {}, h("th", { scope: "row" }, `[${j}]`), p, track, score, count, expected);
      return { line, p, score, count, expected, parts };
    });
    const titles = heads.map((name) => h("th", { scope: "col" }, words[name]));
    titles.splice(2, 0, h("td", { "aria-hidden": "true" }));
    this.table.replaceChildren(
      h("thead", {}, h("tr", {}, ...titles)),
      h("tbody", {}, ...this.cells.map((cell) => cell.line)),
    );
  }

  render() {
    const { x, t, seed, n } = this.state;
    this.shape();
    this.span();
    this.compute();
    this.row.show(x);
    this.temperature.show(t);
    this.seed.show(seed);
    this.n.show(n);
    this.bars.forEach((own, j) => own.show(x[j]));
    put(this.go, this.running ? this.words.pause : this.words.run);
    for (const own of [this.one, this.go]) own.disabled = !this.possible || n >= MOST;
    this.cells.forEach((cell, j) => this.line(cell, j, this.p[j], n));
    put(this.said, this.state.t === 0 && this.possible ? `${this.judged()}. ${this.words.limit}.` : `${this.judged()}.`);
  }

  line(cell, j, p, n) {
    const spread = Math.sqrt(p * (1 - p) * n);
    const share = n && this.possible ? this.counts[j] / n : 0;
    put(cell.p, show(p));
    put(cell.score, this.last < 0 ? "" : show(this.scores[j]));
    put(cell.count, this.possible ? String(this.counts[j]) : "");
    put(cell.expected, this.possible ? `${(n * p).toFixed(1)} ± ${spread.toFixed(1)}` : "");
    mark(cell.line, { class: j === this.last ? "lab-picked" : "" });
    const [band, fill, tick] = cell.parts;
    const [low, high] = n ? [p - (2 * spread) / n, p + (2 * spread) / n] : [p, p];
    const [from, to] = [Math.max(0, low || 0), Math.min(1, high || 0)];
    band.style.left = `${100 * from}%`;
    band.style.width = `${100 * (to - from)}%`;
    tick.style.left = `${100 * (p || 0)}%`;
    fillTo(fill, share);
  }

  judged() {
    const { n } = this.state;
    if (!this.possible) return this.words.none;
    return n ? this.words.drawn({ n, name: `[${this.last}]` }) : this.words.undrawn;
  }

  // -- what is said and copied

  spoken() {
    if (!this.possible) return this.judged();
    const shares = this.counts.map((count, j) => `[${j}] ${count} (${show(this.p[j])})`);
    return `${this.judged()}. ${shares.join(", ")}`;
  }

  code() {
    const { x, t, seed, n } = this.state;
    const data = list([x], true);
    const scaled = t ? `(x - x.max()) / ${source(t)}` : 'torch.where(x == x.max(), 0.0, float("-inf"))';
    const draws = `

def random(state):
    while True:
        state = (state + 0x6D2B79F5) % 2**32
        t = (state ^ state >> 15) * (1 | state) % 2**32
        t = ((t + (t ^ t >> 7) * (61 | t)) ^ t) % 2**32
        yield ((t ^ t >> 14) + 0.5) / 2**32


n = ${n}
uniform = random(${seed})
noise = [-math.log(-math.log(next(uniform))) for _ in range(n * len(x))]
g = torch.tensor(noise, dtype=torch.float64).reshape(n, len(x))
counts = (z + g).argmax(1).bincount(minlength=len(x))
print(counts)
print(n * p)
print((n * p * (1 - p)).sqrt())
`;
    return `import math

import torch
import torch.nn.functional as F

${preamble(data)}x = torch.tensor(${data}, dtype=torch.float64)
z = ${scaled}
p = F.softmax(z, dim=0)
print(p)
${this.possible ? draws : ""}`;
  }
}

define(Sample);

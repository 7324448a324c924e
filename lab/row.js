/* What the labs of one row of logits share: the field, the bars, and how the row changes. */

import { Lab, h, row, show } from "./base.js";
import { list } from "./numbers.js";
import { bar, ends, field, numberField } from "./parts.js";

const MOST = 10;

export const ROW = {
  zh: { row: `logits（一行，最多 ${MOST} 个）` },
  en: { row: `logits (one row, at most ${MOST})` },
};

/** A row that has room for a bar of each logit. */
export const few = (initial) => row(initial, MOST);

/** A lab with a field `x`, made by few(). */
export class RowLab extends Lab {
  take(x, notes) {
    this.set({ x }, [{ kind: "moved", at: { count: x.length } }, ...notes]);
  }

  /** Several numbers pasted into the field of one. */
  paste(text) {
    const { parse, write } = this.constructor.fields.x;
    try {
      const { value, notes } = parse(text);
      this.take(value, notes);
    } catch (problem) {
      this.refuse(problem, write(this.state.x));
    }
  }

  /** One logit. */
  move(j, value, notes) {
    if (this.state.x[j] === undefined || Object.is(this.state.x[j], value)) return;
    this.set({ x: this.state.x.with(j, value) }, notes);
  }

  /** Where the bars end; not while one is dragged. */
  span() {
    if (!this.dragging) this.range = ends(this.state.x);
  }
}

/** The labelled field of the whole row. */
export function rowField(lab) {
  const label = lab.words.row;
  const typed = field({
    "aria-label": label,
    class: "lab-field lab-text",
    parse: lab.constructor.fields.x.parse,
    write: (x) => list([x], true),
    set: (x, notes) => lab.take(x, notes),
    refuse: (problem, value) => lab.refuse(problem, value),
    many: (text) => lab.paste(text),
  });
  return { element: h("label", { class: "lab-tensor" }, h("span", {}, label), typed.element), show: typed.show };
}

/** The bar and the number field of logit j. */
export function mover(lab, j) {
  const label = `logit [${j}]`;
  const slide = bar({
    label,
    reach: () => lab.range,
    set: (value) => lab.move(j, value, []),
    text: show,
    moving: (yes) => {
      lab.dragging = yes;
      lab.classList.toggle("lab-dragging", yes);
    },
  });
  const typed = numberField({
    "aria-label": label,
    set: (value, notes) => lab.move(j, value, notes),
    refuse: (problem, value) => lab.refuse(problem, value),
    many: (text) => lab.paste(text),
  });
  const element = h("div", { class: "lab-move" }, h("span", {}, `x[${j}]`), slide.element, typed.element);
  const shows = (value) => {
    slide.show(value);
    typed.show(value);
  };
  return { element, show: shows };
}

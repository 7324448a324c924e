/* The pieces labs are made of: elements, number fields, draggable bars, ranges, choices.

   Every piece that can be dragged has keys and a number field. A piece holds no state: it calls
   `set` with what the reader did, and its `show(value)` is called by the lab's render(). */

import { Problem, parseNumber, source } from "./numbers.js";

/** An element: attributes, listeners under `on`, children. */
export function h(tag, { on = {}, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const [name, act] of Object.entries(on)) element.addEventListener(name, act);
  element.append(...children);
  return element;
}

/** Set text where it differs: a frame leaves most as it is, and the browser has less to lay out. */
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Set attributes where they differ. */
export function mark(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
  }
}

/** Draw a bar from its origin to `share`, between -1 and 1. */
export function fillTo(element, share) {
  const transform = `scaleX(${Number(share.toPrecision(6))})`;
  if (element.style.transform !== transform) element.style.transform = transform;
}

/** A field for text that is parsed while it is typed, and judged when it is left.

    parse(text) -> {value, notes} or throws Problem; set(value, notes) takes it; refuse(problem)
    says why not. While typing, an unfinished text is no fault; left so, or entered, it is refused
    and the value from before is put back. Escape puts it back too. Several pasted numbers go to
    many(text), where there is one. */
export function field({ parse, set, refuse, write = source, step, many, ...attributes }) {
  let value; // what is shown
  let before; // what was shown when the reader came
  const input = h(attributes.rows ? "textarea" : "input", {
    class: "lab-field",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    enterkeyhint: "done",
    ...attributes,
  });
  const valid = (yes) => (yes ? input.removeAttribute("aria-invalid") : input.setAttribute("aria-invalid", "true"));
  const restore = () => {
    valid(true);
    input.value = write(value);
  };
  input.addEventListener("focus", () => (before = value));
  input.addEventListener("input", () => {
    try {
      const taken = parse(input.value);
      valid(true);
      set(taken.value, taken.notes);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
    }
  });
  input.addEventListener("change", () => {
    try {
      const taken = parse(input.value);
      value = taken.value;
      restore();
    } catch (problem) {
      set(before, []);
      valid(false);
      refuse(problem, write(before));
    }
  });
  input.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text").trim();
    if (input.tagName !== "INPUT" || !/[\s,，、;；]/.test(text)) return;
    // a browser would join the lines of a column, and 1 and 2 would become 12
    event.preventDefault();
    if (many) {
      restore();
      many(text);
    } else {
      input.setRangeText(text.replace(/\s+/g, " "), input.selectionStart, input.selectionEnd, "end");
      input.dispatchEvent(new Event("input"));
    }
  });
  input.addEventListener("keydown", (event) => {
    const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (event.key === "Escape") {
      set(before, []);
      value = before;
      restore();
    } else if (event.key === "Enter" && input.tagName === "INPUT") {
      input.dispatchEvent(new Event("change"));
    } else if (step && way) {
      event.preventDefault();
      value = step(value, way);
      set(value, []);
      restore();
    }
  });
  const shows = (next) => {
    value = next;
    const busy = input === document.activeElement || input.getAttribute("aria-invalid");
    if (!busy && input.value !== write(next)) input.value = write(next);
  };
  return { element: input, show: shows, clear: () => valid(true) };
}

/** Round a dragged or stepped value to the grid of `step`, without binary dust. */
export const snap = (value, step) => Number((Math.round(value / step) * step).toPrecision(12));

/** Where the bars end: the least of 5, 10, 20, 50, 100 … above every finite logit, so that one that
    was dragged to the end can be dragged further. */
export function ends(values) {
  const most = Math.max(4, ...values.map(Math.abs).filter(Number.isFinite));
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10, 20].map((k) => k * power).find((end) => end > most && end < Infinity) ?? most;
}

/** The bar of one number between -reach() and reach(): dragged, or moved by keys.

    It is a slider for a screen reader, which hears text(value). Arrows move by a fiftieth of
    reach, Page keys by a fifth, Home and End to the ends. moving(true|false) brackets a drag. */
export function bar({ label, reach, set, text, moving = () => {} }) {
  const fill = h("i", { class: "lab-fill" });
  const element = h(
    "div",
    { class: "lab-slide", role: "slider", tabindex: "0", "aria-label": label },
    fill,
  );
  let value = 0;
  let start = null; // the value before a drag
  const bound = (v) => Math.min(reach(), Math.max(-reach(), v));
  const follow = (event) => {
    const box = element.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    set(snap(bound((2 * share - 1) * reach()), reach() / 100));
  };
  const end = () => {
    if (start === null) return;
    start = null;
    moving(false);
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    start = value;
    element.setPointerCapture(event.pointerId);
    element.focus({ preventScroll: true });
    moving(true);
    // a finger may be about to scroll: it sets nothing before it moves sideways
    if (event.pointerType === "mouse") follow(event);
  });
  element.addEventListener("pointermove", (event) => start !== null && follow(event));
  element.addEventListener("pointerup", (event) => {
    if (start !== null) follow(event);
    end();
  });
  element.addEventListener("pointercancel", () => {
    if (start !== null) set(start);
    end();
  });
  element.addEventListener("keydown", (event) => {
    const from = Number.isNaN(value) ? 0 : bound(value);
    const small = reach() / 50;
    const to = {
      ArrowRight: from + small,
      ArrowUp: from + small,
      ArrowLeft: from - small,
      ArrowDown: from - small,
      PageUp: from + reach() / 5,
      PageDown: from - reach() / 5,
      Home: -reach(),
      End: reach(),
    }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    set(bound(Number(to.toPrecision(12))));
  });
  const shows = (next) => {
    value = next;
    const share = Number.isNaN(next) ? 0 : bound(next) / reach();
    fillTo(fill, share);
    element.classList.toggle("lab-nan", Number.isNaN(next));
    element.classList.toggle("lab-over", Math.abs(next) > reach());
    mark(element, {
      "aria-valuemin": -reach(),
      "aria-valuemax": reach(),
      "aria-valuenow": share * reach(),
      "aria-valuetext": text(next),
    });
  };
  return { element, show: shows };
}

/** A labelled range with its number field. `parse` as in a lab's field; `to` and `from` map the
    value to the slider's scale and back (for a logarithmic one). */
export function range({ label, low, high, step, to = (v) => v, from = (v) => v, parse, set, refuse }) {
  const slider = h("input", {
    type: "range",
    class: "lab-range",
    min: to(low),
    max: to(high),
    step,
    "aria-label": label,
    on: { input: () => set(Number(from(Number(slider.value)).toPrecision(3)), []) },
  });
  const typed = field({ parse, set, refuse, "aria-label": label, class: "lab-field lab-short" });
  const element = h("label", { class: "lab-control" }, h("span", {}, label), slider, typed.element);
  const shows = (value) => {
    slider.value = to(Math.min(high, Math.max(low, value)));
    slider.setAttribute("aria-valuetext", String(value));
    typed.show(value);
  };
  return { element, show: shows };
}

let groups = 0;

/** A few choices side by side: radio buttons, as [value, words]. */
export function choice({ label, choices, set }) {
  const name = `lab-choice-${++groups}`;
  const inputs = new Map();
  const element = h("fieldset", { class: "lab-choice" }, h("legend", {}, label));
  for (const [value, words] of choices) {
    const input = h("input", { type: "radio", name, value, on: { change: () => set(value, []) } });
    inputs.set(value, input);
    element.append(h("label", {}, input, h("span", {}, words)));
  }
  const shows = (value, allowed = [...inputs.keys()]) => {
    for (const [key, input] of inputs) {
      input.checked = key === value;
      input.disabled = !allowed.includes(key);
    }
  };
  return { element, show: shows };
}

/** A number field of its own, with steps by the arrow keys. */
export const numberField = (options) =>
  field({ parse: parseNumber, step: (v, way) => snap((Number.isFinite(v) ? v : 0) + way * 0.1, 0.01), ...options });

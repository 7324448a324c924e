/* What every element of the lab shares: state and address, messages, copying, the frame.

   A lab is a subclass of Lab with
     static key     its name in the tag (logits-KEY) and in the address (?KEY.FIELD=…)
     static fields  {name: field}: the state; a field is {initial, parse(text), write(value)},
                    made by tensor(), number() and option() below
     static words   {zh: {…}, en: {…}}: strings, and functions of a message's details
     build()        the elements, once, appended to this.body
     render()       state to screen; called at most once a frame
     code()         the PyTorch program that prints what is shown
     spoken()       a sentence or two for a screen reader after a change
     tidy(given)    optional: makes the fields agree with each other; `given` are the names just
                    given by the reader; returns notes
   An attribute of the tag, named like a field, sets that page's initial value. */

import { h } from "./parts.js";
import { Problem, list, parseNumber, parseTensor, show, source } from "./numbers.js";

export const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";

const WORDS = {
  zh: {
    code: "复制 PyTorch 代码",
    link: "复制链接",
    reset: "还原",
    codeCopied: "代码已复制，运行后打印的就是这里显示的数。",
    linkCopied: "链接已复制，打开后就是现在的样子。",
    notCopied: "浏览器不允许写剪贴板，没有复制成功。",
    wasReset: "已还原为本页的初始值。",
    empty: () => "没有填数字",
    text: ({ text }) => `“${text}”不是数字`,
    brackets: () => "方括号不配对，或者有数字写在括号外面",
    deep: ({ count }) => `方括号有 ${count} 层，这里只收一行或一个矩阵`,
    many: ({ count, most }) => `共 ${count} 个数，这里最多收 ${most} 个`,
    oneRow: ({ count }) => `这里只收一行 logits，给了 ${count} 行`,
    moved: ({ count }) => `收下 ${count} 个数。`,
    hole: ({ row, column }) => `第 ${row} 行第 ${column} 个位置是空的（从 0 数起）`,
    ragged: ({ row, count, first }) =>
      `第 ${row} 行有 ${count} 个数，第 0 行却有 ${first} 个（从 0 数起）`,
    low: ({ text, low }) => `${text} 太小，最小是 ${low}`,
    high: ({ text, high }) => `${text} 太大，最大是 ${high}`,
    choice: ({ text, choices }) => `“${text}”不在可选项之中：${choices}`,
    unknown: ({ text }) => `没有名为“${text}”的设置`,
    kept: ({ why, value }) => `${why}。仍然是 ${value}。`,
    address: ({ name, why, value }) => `地址里的 ${name} 不能用：${why}。改用 ${value}。`,
    stranger: ({ why }) => `地址里有看不懂的内容：${why}。已忽略。`,
    toInf: ({ text, value }) => `${text} 超出 float64 的范围，按 ${value} 计算。`,
    toZero: ({ text }) => `${text} 小到 float64 存不下，按 0 计算。`,
  },
  en: {
    code: "Copy PyTorch code",
    link: "Copy link",
    reset: "Reset",
    codeCopied: "Copied: run, the code prints what is shown here.",
    linkCopied: "Copied: the link opens the lab as it is now.",
    notCopied: "The browser does not allow writing to the clipboard: nothing was copied.",
    wasReset: "Back to this page's initial values.",
    empty: () => "There is no number",
    text: ({ text }) => `“${text}” is not a number`,
    brackets: () => "The brackets do not match, or a number stands outside them",
    deep: ({ count }) => `${count} levels of brackets, and the lab takes a row or a matrix`,
    many: ({ count, most }) => `${count} numbers, and the lab takes at most ${most}`,
    oneRow: ({ count }) => `This lab takes one row of logits, and there are ${count} rows`,
    moved: ({ count }) => `Took ${count} numbers.`,
    hole: ({ row, column }) => `Position ${column} of row ${row} is empty (counted from 0)`,
    ragged: ({ row, count, first }) =>
      `Row ${row} has ${count} numbers but row 0 has ${first} (counted from 0)`,
    low: ({ text, low }) => `${text} is too small, the least is ${low}`,
    high: ({ text, high }) => `${text} is too large, the most is ${high}`,
    choice: ({ text, choices }) => `“${text}” is none of ${choices}`,
    unknown: ({ text }) => `there is no setting “${text}”`,
    kept: ({ why, value }) => `${why}. It is still ${value}.`,
    address: ({ name, why, value }) => `${name} in the address: ${why}. It is ${value} instead.`,
    stranger: ({ why }) => `In the address, ${why}. It was left out.`,
    toInf: ({ text, value }) => `${text} is beyond float64 and was taken as ${value}.`,
    toZero: ({ text }) => `${text} is too small for float64 and was taken as 0.`,
  },
};

// -- fields ----------------------------------------------------------------------------------

/** A row or matrix of logits: {rows, flat}. */
export const tensor = (initial, most = 100) => ({
  initial,
  parse(text) {
    const { rows, flat, notes } = parseTensor(text, most);
    return { value: { rows, flat }, notes };
  },
  write: ({ rows, flat }) => list(rows, flat).replace(/ /g, ""),
});

/** One row of at most `most` logits: an array. */
export const row = (initial, most = 100) => ({
  initial,
  parse(text) {
    const { rows, notes } = parseTensor(text, most);
    if (rows.length > 1) throw new Problem("oneRow", { count: rows.length });
    return { value: rows[0], notes };
  },
  write: (x) => x.map(source).join(","),
});

/** A number between `low` and `high`, both allowed; NaN is not. */
export const number = (initial, low = -Infinity, high = Infinity) => ({
  initial,
  parse(text) {
    const { value, notes } = parseNumber(text);
    if (Number.isNaN(value)) throw new Problem("text", { text });
    if (value < low) throw new Problem("low", { text, low });
    if (value > high) throw new Problem("high", { text, high });
    return { value, notes };
  },
  write: String,
});

/** One of a few strings. */
export const option = (initial, choices) => ({
  initial,
  parse(text) {
    const value = text.trim();
    if (!choices.includes(value)) throw new Problem("choice", { text, choices: choices.join(", ") });
    return { value, notes: [] };
  },
  write: String,
});

// -- the element -----------------------------------------------------------------------------

export class Lab extends HTMLElement {
  connectedCallback() {
    if (this.state) return; // moved, not made
    const { key, fields, words } = this.constructor;
    this.words = { ...WORDS[language], ...words[language] };
    const before = [...document.querySelectorAll(`logits-${key}`)].indexOf(this);
    this.stem = before ? `${key}${before + 1}.` : `${key}.`;
    this.initial = {};
    for (const [name, field] of Object.entries(fields)) {
      const text = this.getAttribute(name);
      this.initial[name] = text === null ? field.initial : field.parse(text).value;
    }
    this.state = { ...this.initial };
    this.tidy([]);
    this.initial = { ...this.state };
    this.frame();
    this.build();
    this.readAddress();
    this.paint();
    this.update = this.update.bind(this);
  }

  /** Overridden where fields depend on each other: mends this.state, returns notes. */
  tidy(_given) {
    return [];
  }

  /** The parts every lab has: body, message line, buttons, what is spoken. */
  frame() {
    const button = (name, act) =>
      h("button", { type: "button", class: "lab-button", on: { click: act } }, this.words[name]);
    this.body = h("div", { class: "lab-body" });
    this.message = h("p", { class: "lab-message", role: "status" });
    this.live = h("p", { class: "lab-live", "aria-live": "polite" });
    this.buttons = h(
      "div",
      { class: "lab-buttons" },
      button("code", () => this.copy(this.code(), "codeCopied")),
      button("link", () => this.copy(this.address(), "linkCopied")),
      button("reset", () => {
        this.set({ ...this.initial });
        this.report([{ kind: "wasReset" }]);
      }),
    );
    const panel = h("div", { class: "lab", role: "group", "aria-label": this.words.title });
    panel.append(this.body, h("div", { class: "lab-foot" }, this.message, this.buttons), this.live);
    this.replaceChildren(panel);
  }

  // -- state

  /** Change some fields, and show it in the next frame; `notes` say what was done to the input. */
  set(change, notes = []) {
    Object.assign(this.state, change);
    this.report([...notes, ...this.tidy(Object.keys(change))]);
    this.waiting ??= requestAnimationFrame(this.update);
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.settled(), 400);
  }

  update() {
    this.waiting = undefined;
    this.paint();
  }

  /** Render, and tell how long it took, for those who measure. */
  paint() {
    const start = performance.now();
    this.render();
    this.took = performance.now() - start;
  }

  /** After the last change of a movement: browsers allow few changes of the address a second. */
  settled() {
    try {
      history.replaceState(history.state, "", this.address());
    } catch {
      // an address that may not change, as in some readers of offline pages: copying still works
    }
    this.live.textContent = this.spoken();
  }

  // -- address

  /** The page's address with the state of this lab in it: what differs from the page's initial. */
  address() {
    const url = new URL(location.href);
    const others = url.search
      .slice(1)
      .split("&")
      .filter((part) => part && !part.startsWith(this.stem));
    const own = Object.entries(this.constructor.fields)
      .map(([name, field]) => [name, field.write(this.state[name]), field.write(this.initial[name])])
      .filter(([, text, initial]) => text !== initial)
      .map(([name, text]) => `${this.stem}${name}=${readable(text)}`);
    url.search = [...others, ...own].join("&");
    return url.href;
  }

  readAddress() {
    const { fields } = this.constructor;
    const notes = [];
    const given = [];
    for (const [name, text] of new URLSearchParams(location.search)) {
      if (!name.startsWith(this.stem)) continue;
      const own = name.slice(this.stem.length);
      const field = Object.hasOwn(fields, own) ? fields[own] : undefined;
      try {
        if (!field) throw new Problem("unknown", { text: name });
        const taken = field.parse(text);
        this.state[own] = taken.value;
        given.push(own);
        notes.push(...taken.notes);
      } catch (problem) {
        const why = this.reason(problem);
        const value = field?.write(this.initial[own]);
        notes.push({ kind: field ? "address" : "stranger", at: { name, why, value }, bad: true });
      }
    }
    this.report([...notes, ...this.tidy(given)]);
  }

  // -- messages

  /** The words of a Problem; any other error is ours and goes on. */
  reason(problem) {
    if (!(problem instanceof Problem)) throw problem;
    return this.words[problem.kind](problem.at);
  }

  /** Say what was taken and done: notes are {kind, at, bad}, the same one once. */
  report(notes) {
    const said = notes.map(({ kind, at }) => {
      const words = this.words[kind];
      return typeof words === "function" ? words(at) : words;
    });
    const text = [...new Set(said)].slice(0, 3).join(language === "zh" ? "" : " ");
    if (this.message.textContent !== text) this.message.textContent = text;
    this.message.classList.toggle("lab-bad", notes.some((note) => note.bad));
  }

  /** What was typed cannot be taken: say why, and what is shown instead. */
  refuse(problem, value) {
    this.report([{ kind: "kept", at: { why: this.reason(problem), value }, bad: true }]);
  }

  async copy(text, said) {
    let kind = said;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      kind = "notCopied";
    }
    this.report([{ kind, bad: kind !== said }]);
  }
}

/** Encoded for a query, with the marks left that a query may hold. */
function readable(text) {
  return encodeURIComponent(text).replace(/%(2C|5B|5D|3B|3A)/g, decodeURIComponent);
}

/** Make the element of a lab; a page that holds several answers its reader between one and the next. */
export const define = (lab) => setTimeout(() => customElements.define(`logits-${lab.key}`, lab));

export { h, show };

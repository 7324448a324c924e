// A field on the page of magic numbers: type a number, and perhaps the number of classes, and see
// what it is, with the page's own words.
//
// The numbers are read from the table that the page's first block prints: number, classes, section,
// diagnosis. The formulas below give them for any number of classes; the page derives and checks
// them. What is said of a match is the diagnosis in its section.
(() => {
  const WORDS = {
    zh: {
      number: "看到的数",
      classes: "类别数（可不填）",
      hint: "例如 2.3026、−0.1、nan，也可以粘贴整行日志",
      nothing: "没有读到数。写法如 2.3026、1e-3、nan。",
      badClasses: "类别数是不小于 2 的整数，例如 10。",
      huge: (number) => `${number} 比 float64 的最大值还大，只能是 inf。`,
      found: (number, count) => `${number}：有 ${count} 种可能。`,
      none: (number) => `${number}：没有恰好相符的。`,
      nearest: "最接近的：",
      forClasses: (classes) => `C = ${classes} 时的数：`,
      other: (classes) => `，不是 C = ${classes}`,
      or: "–",
    },
    en: {
      number: "The number you see",
      classes: "Number of classes (optional)",
      hint: "For example 2.3026, −0.1 or nan; a whole line of a log will do",
      nothing: "There is no number in this. Write it like 2.3026, 1e-3 or nan.",
      badClasses: "The number of classes is a whole number from 2 on, such as 10.",
      huge: (number) => `${number} is above the largest float64, so it can only be inf.`,
      found: (number, count) => `${number}: ${count} ${count === 1 ? "reading" : "readings"}.`,
      none: (number) => `${number}: nothing fits exactly.`,
      nearest: "The nearest: ",
      forClasses: (classes) => `The numbers for C = ${classes}:`,
      other: (classes) => `, not C = ${classes}`,
      or: " to ",
    },
  };
  const words = WORDS[document.documentElement.lang] ?? WORDS.en;

  // -- what is known -------------------------------------------------------------------------

  /** The lines of the printed table; classes is NaN where any number will do. */
  const table = document
    .getElementById("table")
    .parentElement.querySelector("#table ~ .language-text code")
    .textContent.split("\n")
    .map((line) => line.match(/^\s*(-?[\d.]+)\s+(\d+|any)\s+([\w-]+)\s+(.+)$/))
    .filter(Boolean)
    .map(([, value, classes, section, name]) => ({
      value: Number(value),
      classes: Number(classes),
      section,
      name,
    }));

  const floor = (eps) => (C) => {
    const [right, wrong] = [1 - eps + eps / C, eps / C];
    return -right * Math.log(right) - (C - 1) * wrong * Math.log(wrong);
  };
  /** Numbers of C classes; `inverse` gives C, where one number can tell. */
  const BY_CLASSES = [
    { section: "ln-c", name: "ln C", at: Math.log, inverse: Math.exp },
    {
      section: "softmax-twice",
      name: "ln(1 + (C − 1)/e)",
      at: (C) => Math.log1p((C - 1) / Math.E),
      inverse: (x) => 1 + Math.E * Math.expm1(x),
    },
    {
      section: "softmax-twice",
      name: "1 + ln(1 + (C − 1)/e)",
      at: (C) => 1 + Math.log1p((C - 1) / Math.E),
      inverse: (x) => 1 + Math.E * Math.expm1(x - 1),
    },
    ...[0.05, 0.1, 0.2].map((eps) => ({
      section: "smoothing",
      name: `label_smoothing=${eps}`,
      at: floor(eps),
    })),
    { section: "negative", name: "−1/C", at: (C) => -1 / C, inverse: (x) => -1 / x },
  ];
  /** Numbers of something else that is counted: elements of a batch, digits of an epsilon. */
  const BY_COUNT = [
    { section: "bce-100", name: "100/N", symbol: "N", most: 4096, inverse: (x) => 100 / x },
    { section: "log-eps", name: "−ln 10⁻ᵏ", symbol: "k", least: 5, most: 40, inverse: (x) => x / Math.LN10 },
  ];

  // -- reading what was typed ----------------------------------------------------------------

  // digits in groups of three, a plain number, or one that starts with its point
  const GROUPS = String.raw`\d{1,3}(?:[ '_,]\d{3})+(?!\d)(?:\.\d+)?|\d{1,3}(?:\.\d{3})+,\d+`;
  const PLAIN = String.raw`\d+(?:[.,]\d*)?|[.,]\d+`;
  const SPECIAL = String.raw`nan|inf(?:inity)?|∞`;
  const TOKEN = new RegExp(
    String.raw`([-+]?)(?:(${SPECIAL})(?![a-z])|(?<![\d.])(${GROUPS}|${PLAIN})(?:e([-+]?\d+))?)`,
    "gi",
  );
  const LABEL = /(?:loss(?:es)?(?![a-z])|损失)\D*?(?=[-+]?(?:[.,]?\d|nan\b|inf|∞))/i;

  /** Full-width digits, Chinese points and typographic signs as a program writes them. */
  const plain = (text) =>
    text
      .normalize("NFKC")
      .replace(/[−–—﹣]/g, "-")
      .replace(/(?<=\d)。(?=\d)/g, ".")
      .replace(/[\u00a0\u2009\u202f]/g, " ")
      .replace(/^\s*([-+])\s+/, "$1")
      .trim();

  /** One reading of a number: its value and how many decimals were typed. */
  const reading = (sign, digits, exponent) => {
    const decimals = digits.split(".")[1]?.length ?? 0;
    const text = `${sign}${digits}${exponent ? `e${exponent}` : ""}`;
    return { text, value: Number(text), decimals: decimals - Number(exponent ?? 0) };
  };

  /**
   * The readings of a text, the likelier first; none where it holds no number. In a line of a log
   * the number behind "loss" counts, else the first with a point, else the first.
   */
  const read = (text) => {
    const line = plain(text);
    const label = line.match(LABEL);
    const rest = label ? line.slice(label.index + label[0].length) : line;
    const tokens = [...rest.matchAll(TOKEN)].filter(
      ({ index, 2: special }) => !special || !/[a-z]/i.test(rest[index - 1] ?? ""),
    );
    const token = label ? tokens[0] : (tokens.find(([all]) => /[.,]\d|[a-z∞]/i.test(all)) ?? tokens[0]);
    if (!token) return [];
    const [, sign, special, digits, exponent] = token;
    if (special) {
      const value = /nan/i.test(special) ? NaN : sign === "-" ? -Infinity : Infinity;
      return [{ text: special === "∞" ? `${sign}∞` : `${sign}${special.toLowerCase()}`, value }];
    }
    if (/^\d{1,3}(?:\.\d{3})+,/.test(digits)) {
      return [reading(sign, digits.replaceAll(".", "").replace(",", "."), exponent)];
    }
    const grouped = new RegExp(`^(?:${GROUPS})$`).test(digits) && !digits.startsWith("0");
    const whole = reading(sign, digits.replace(/[ '_,]/g, ""), exponent);
    const decimal = reading(sign, digits.replace(",", "."), exponent);
    if (!grouped) return [decimal];
    return /^\d{1,3},\d{3}$/.test(digits) ? [whole, decimal] : [whole];
  };

  /** The number of classes: undefined where nothing was typed, NaN where it is no such number. */
  const readClasses = (text) => {
    const digits = plain(text).replace(/^C\s*=\s*/i, "").replace(/(?<=\d)[ '_,](?=\d{3})/g, "");
    if (!digits) return undefined;
    const value = /^\+?\d+(?:\.0*)?(?:e\+?\d+)?$/i.test(digits) ? Number(digits) : NaN;
    return Number.isInteger(value) && value >= 2 ? value : NaN;
  };

  // -- matching ------------------------------------------------------------------------------

  /** As printed: four decimals, a real minus sign. */
  const shown = (value) => value.toFixed(4).replace("-", "−");

  /** One unit of the last digit typed, so that rounded and cut-off numbers fit; float32's noise. */
  const tolerance = ({ value, decimals }, least) =>
    Math.max(10 ** -Math.max(decimals, 1), 1e-6 * Math.abs(value), least) * (1 - 1e-6);

  /** The whole numbers whose formula fits, as a text, or nothing where they are none or too many. */
  const counts = (number, { inverse, symbol, least = 2, most = 1e7 }) => {
    const width = tolerance(number, 0);
    const [middle, ...ends] = [0, -width, width].map((step) => inverse(number.value + step));
    const near = Math.round(middle);
    let [low, high] = [Math.ceil(Math.min(...ends)), Math.floor(Math.max(...ends))];
    // a class count that gives the number as typed, such as 5 for -0.2, is meant
    if (!symbol && Math.abs(near - middle) < 1e-6 * near) [low, high] = [near, near];
    const few = symbol ? high === low : high <= low * 1.02;
    if (!(low >= least && high >= low && high <= most && few)) return null;
    return low === high ? String(low) : `${low}${words.or}${high}`;
  };

  /** What is known and computable for a number of classes (undefined: whatever the table has). */
  const candidates = (classes) => {
    const computed = BY_CLASSES.map(({ section, name, at }) => ({
      section,
      name,
      value: at(classes),
      classes,
    }));
    const rows = table.filter((row) => row.classes !== classes);
    return classes ? [...computed, ...rows] : table;
  };

  /** Everything that a number may be, best first: {section, name, value or count}. */
  const matches = (number, classes) => {
    const off = ({ value }) => Math.abs(value - number.value);
    const known = candidates(classes).filter(
      (row) => off(row) <= tolerance(number, row.value && 5.1e-5), // printed with four decimals
    );
    known.sort((a, b) => (b.classes === classes) - (a.classes === classes) || off(a) - off(b));
    const solved = classes ? BY_COUNT : [...BY_CLASSES.filter(({ inverse }) => inverse), ...BY_COUNT];
    const implied = solved
      .map((family) => ({ ...family, count: counts(number, family) }))
      .filter(({ count, section, symbol }) => {
        const same = (row) => row.section === section && (symbol || String(row.classes) === count);
        return count && !known.some(same);
      });
    return [...known, ...implied];
  };

  // -- showing -------------------------------------------------------------------------------

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  /** One match in a line: 2.3026 · ln C · C = 10. */
  const line = ({ value, name, count, symbol = "C", classes }, wanted) => {
    const item = make("li");
    if (value !== undefined) item.append(`${shown(value)} · `);
    item.append(make("code", { textContent: name }));
    if (count) item.append(` · ${symbol} = ${count}`);
    else if (classes) {
      item.append(` · C = ${classes}${wanted && wanted !== classes ? words.other(wanted) : ""}`);
    }
    if (value !== undefined) item.dataset.value = value;
    return item;
  };

  /** A section's title, the matches that lead there, and its own diagnosis. */
  const card = (section, found, wanted) => {
    const heading = document.getElementById(section);
    const title = [...heading.childNodes].filter((node) => !node.classList?.contains("headerlink"));
    const link = make("a", { href: `#${section}` }, ...title.map((node) => node.cloneNode(true)));
    const said = make("p");
    for (const [k, node] of [...heading.nextElementSibling.childNodes].entries()) {
      if (k && node.nodeName === "STRONG") break; // the proof follows
      said.append(node.cloneNode(true));
    }
    const box = make("section", {}, make("p", { className: "hb-title" }, link));
    if (found.length) box.append(make("ul", {}, ...found.map((match) => line(match, wanted))));
    box.append(said);
    box.dataset.section = section;
    return box;
  };

  const cards = (found, wanted) => {
    const sections = new Map();
    for (const match of found) {
      sections.set(match.section, [...(sections.get(match.section) ?? []), match]);
    }
    return [...sections].map(([section, list]) => card(section, list, wanted));
  };

  /** The nearest two that are known, if they are within a twentieth. */
  const nearest = (number, classes) => {
    const off = ({ value }) => Math.abs(value - number.value);
    const near = candidates(classes).filter((row) => off(row) <= 0.05 * Math.abs(row.value));
    return near.sort((a, b) => off(a) - off(b)).slice(0, 2);
  };

  /** What to say and to show for what was typed: [sentence, elements]. */
  const answer = (text, classesText) => {
    const classes = readClasses(classesText);
    if (Number.isNaN(classes)) return [words.badClasses, []];
    if (!text.trim()) {
      const rows = classes ? candidates(classes).filter((row) => row.classes === classes) : [];
      return [classes ? words.forClasses(classes) : "", cards(rows, classes)];
    }
    const readings = read(text);
    if (!readings.length) return [words.nothing, []];
    const [first] = readings;
    const written = first.text.replace("-", "−");
    if (!Number.isFinite(first.value)) {
      const huge = first.decimals !== undefined;
      const sentence = huge ? words.huge(written) : words.found(written, 1);
      return [sentence, [card("not-a-number", [])]];
    }
    for (const number of readings) {
      const found = matches(number, classes);
      if (found.length) {
        return [words.found(number.text.replace("-", "−"), found.length), cards(found, classes)];
      }
    }
    const near = nearest(first, classes);
    const list = make("ul", {}, ...near.map((match) => line(match, classes)));
    const parts = near.length ? [make("p", { textContent: words.nearest }), list] : [];
    return [words.none(written), [...parts, card("other", [])]];
  };

  // -- the form ------------------------------------------------------------------------------

  const input = (mode) => make("input", { type: "text", inputMode: mode, autocomplete: "off", spellcheck: false });
  const number = input("text");
  const classes = input("numeric");
  const hint = make("p", { className: "hb-hint", id: "number-hint", textContent: words.hint });
  number.setAttribute("aria-describedby", hint.id);
  const status = make("p", { className: "hb-status" });
  status.setAttribute("role", "status");
  const result = make("div", { className: "hb-result" });
  const form = make(
    "form",
    { className: "hb-tool hb-numbers" },
    make(
      "div",
      { className: "hb-fields" },
      make("label", {}, make("span", { textContent: words.number }), number),
      make("label", {}, make("span", { textContent: words.classes }), classes),
    ),
    hint,
    status,
    result,
  );

  const render = () => {
    const [sentence, elements] = answer(number.value, classes.value);
    status.textContent = sentence;
    status.hidden = !sentence;
    classes.setAttribute("aria-invalid", Number.isNaN(readClasses(classes.value)));
    result.replaceChildren(...elements);
    for (const link of document.querySelectorAll(".hb-language")) link.search = location.search;
  };

  /** Both fields in the address, so that it can be shared. */
  const remember = () => {
    const address = new URL(location.href);
    for (const [name, field] of Object.entries({ number, C: classes })) {
      const value = field.value.trim();
      if (value) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
    }
    address.hash = "";
    try {
      history.replaceState(null, "", address);
    } catch {
      // a browser that forbids it for file: addresses, or that counts changes; the field works
    }
  };

  const recall = () => {
    const address = new URLSearchParams(location.search);
    number.value = address.get("number") ?? "";
    classes.value = address.get("C") ?? "";
    render();
  };

  form.addEventListener("input", () => {
    remember();
    render();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("popstate", recall);
  document.getElementById("table").before(form);
  recall();
})();

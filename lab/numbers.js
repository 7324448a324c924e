/* Numbers as people write them, and as torch prints them. */

/** What a reader typed cannot be taken: `kind` is a key of the words, `at` what it speaks of. */
export class Problem extends Error {
  constructor(kind, at = {}) {
    super(kind);
    this.kind = kind;
    this.at = at;
  }
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Full-width and typographic forms to ASCII: ，；、－−∞１２．５【】（） and no-break spaces. */
export function ascii(text) {
  return text
    .normalize("NFKC")
    .replace(/[\u2212\u2010-\u2015]/g, "-")
    .replace(/[、،]/g, ",")
    .replace(/[。]/g, ".")
    .replace(/[【〔「]/g, "[")
    .replace(/[】〕」]/g, "]")
    .replace(/∞/g, "inf");
}

/** One number, and what had to be done to it: {value, notes: [{kind, at}]}; throws Problem. */
export function parseNumber(text) {
  const word = ascii(text).trim();
  if (word === "") throw new Problem("empty");
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(word);
  if (special) {
    const size = special[2].toLowerCase() === "nan" ? NaN : Infinity;
    return { value: special[1] === "-" ? -size : size, notes: [] };
  }
  if (!DECIMAL.test(word)) throw new Problem("text", { text: text.trim() });
  const value = Number(word);
  const notes = [];
  if (!Number.isFinite(value)) notes.push({ kind: "toInf", at: { text: word, value: show(value) } });
  if (value === 0 && /[1-9]/.test(word.split(/e/i)[0])) {
    notes.push({ kind: "toZero", at: { text: word } });
  }
  return { value, notes };
}

/** A row or a matrix: {rows: [[…]], flat: is it one row without brackets of its own, notes}.

    Takes what Python, NumPy, torch and a spreadsheet write: brackets, `tensor(…, dtype=…)`,
    commas of any script, semicolons and line ends between rows. At most `most` numbers. */
export function parseTensor(text, most = 100) {
  let body = ascii(text).trim();
  body = body.replace(/\b(torch\.)?(tensor|(np\.)?array)\s*\(/g, "").replace(/\)/g, "");
  body = body.replace(/,?\s*\b(dtype|device|requires_grad|grad_fn)\s*=\s*[^,\]]*/g, "");
  body = body.trim().replace(/,$/, "");
  if (body.replace(/[[\](),;\s]/g, "") === "") throw new Problem("empty");
  const { deepest, groups } = nesting(body);
  const lines = groups > 1 || deepest === 2 ? body.split("]") : deepest ? [body] : body.split(/[;\n]/);
  const words = lines
    .map((line) => line.replace(/[[\]]/g, " ").replace(/^\s*[,;]|[,;]\s*$/g, "").trim())
    .filter((line) => line !== "")
    .map((line) => line.split(/\s*[,;]\s*|\s+/));
  const count = words.reduce((n, line) => n + line.length, 0);
  if (count > most) throw new Problem("many", { count, most });
  const notes = [];
  const rows = words.map((line, i) =>
    line.map((word, j) => {
      if (word === "") throw new Problem("hole", { row: i, column: j });
      const number = parseNumber(word);
      notes.push(...number.notes);
      return number.value;
    }),
  );
  const odd = rows.findIndex((row) => row.length !== rows[0].length);
  if (odd >= 0) {
    throw new Problem("ragged", { row: odd, count: rows[odd].length, first: rows[0].length });
  }
  return { rows, flat: deepest < 2 && groups < 2 && rows.length === 1, notes };
}

/** How deep brackets nest, and how many innermost ones there are; numbers stand in those alone. */
function nesting(body) {
  let depth = 0;
  let deepest = 0;
  let groups = 0;
  const between = {};
  for (const mark of body) {
    if (mark === "[") {
      groups = ++depth > deepest ? 1 : groups + (depth === deepest);
      deepest = Math.max(deepest, depth);
    } else if (mark === "]") {
      if (--depth < 0) throw new Problem("brackets");
    } else if (!/[\s,;]/.test(mark)) between[depth] = true;
  }
  if (depth !== 0) throw new Problem("brackets");
  if (deepest > 2) throw new Problem("deep", { count: deepest });
  if (Object.keys(between).some((level) => Number(level) !== deepest)) throw new Problem("brackets");
  return { deepest, groups };
}

/** The digits of `long`, the same number written with more of them, cut by ties to even. */
function tieToEven(short, long, cut) {
  const [head, tail] = [long.slice(0, cut), long.slice(cut)];
  if (!/^50*(e|$)/.test(tail)) return short;
  return /[02468]\.?$/.test(head) ? head + (/e.*/.exec(tail)?.[0] ?? "") : short;
}

/** A number as torch prints it alone: four decimals, or an exponent below 1e-4 and above 1e8.
    A tie is cut to even, as C does, where JavaScript would cut it upwards. */
export function show(x) {
  if (Number.isNaN(x)) return "nan";
  const sign = x < 0 || Object.is(x, -0) ? "-" : "";
  const size = Math.abs(x);
  if (size === Infinity) return `${sign}inf`;
  if (size !== 0 && (size < 1e-4 || size > 1e8)) {
    const text = tieToEven(size.toExponential(4), size.toExponential(60), 6);
    return sign + text.replace(/e([+-])(\d)$/, "e$10$2");
  }
  const text = size.toFixed(4);
  return sign + tieToEven(text, size.toFixed(60), text.length);
}

/** A number as Python source, to the last bit; inf and nan are names that `preamble` defines. */
export function source(x) {
  if (Number.isFinite(x)) return Object.is(x, -0) ? "-0.0" : String(x);
  return show(x);
}

/** Lines that define inf and nan where `code` uses them. */
export function preamble(code) {
  return ["inf", "nan"]
    .filter((name) => new RegExp(`\\b${name}\\b`).test(code))
    .map((name) => `${name} = float("${name}")\n`)
    .join("");
}

/** Rows as a Python list, one line a row. */
export function list(rows, flat) {
  const lines = rows.map((row) => `[${row.map(source).join(", ")}]`);
  return flat ? lines[0] : `[${lines.join(", ")}]`;
}

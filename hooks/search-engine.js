// What finds: used by the build in V8 to make the index (hooks/search.py), and by the browser to
// search it. MiniSearch ranks (BM25 over fields); this file says what a word is, what a document
// is, and packs the index, whose plain form is twice as large.
import MiniSearch from "minisearch";

// a page is one document (title, aliases, what stands before its first section), and so is each
// of its sections; the weights were found on the searches marked "fit" in tests/searches.tsv
const FIELDS = { title: 3, alias: 3, lead: 1, heading: 2, text: 1, message: 1.5 };
const SECOND = 0.2; // what the second-best section of a page adds to the best one
const NAMED = 1.5; // a page whose whole title is in the query

const WORD = /\p{Script=Han}+|\d+(?:\.\d+)+|\d+|[\p{L}_][\p{L}\p{N}_]*/gu;
const HAN = /^\p{Script=Han}/u;
const DECIMAL = /^\d+\.\d+$/;
// words that stand everywhere; Chinese ones also end a run of characters
const STOP = new Set(
  ("a an and are as at be but by can do does for from has have i if in into is it its my of on " +
    "or s so t than that the their then there these they this to was when where who will with " +
    "you your how why what should use instead").split(" "),
);
const PARTICLES = /[的了是在和与也都而就把被它这那个吗呢么会要以及或]/u;

/** Full-width letters, digits and signs as their ASCII twins; no character moves. */
const narrow = (text) =>
  text.replace(/[\uff01-\uff5e]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0));

/** An English word without its ending, roughly: masked, masking and masks are one word. */
function stem(word) {
  if (word.length < 4 || !/^[a-z]+$/.test(word)) return word;
  const short = word.replace(/ies$/, "y").replace(/sses$/, "ss").replace(/(?<=[^su])s$/, "");
  const bare = short.length > 5 ? short.replace(/(?:ing|ed|ly)$/, "") : short;
  return bare.length > 4 ? bare.replace(/(.)\1$/, "$1").replace(/e$/, "") : bare;
}

/**
 * The words of a text, each with its place and the terms it stands for. Chinese is cut into pairs
 * of characters, which needs no dictionary and cannot differ between build and browser; a name in
 * code counts as a whole and in its parts: nn.LogSigmoid is nn, logsigmoid, log and sigmoid.
 */
export function* words(text) {
  for (const { 0: word, index } of narrow(text).matchAll(WORD)) {
    if (HAN.test(word)) {
      const characters = [...word];
      let start = index;
      for (const [k, character] of characters.entries()) {
        const next = characters[k + 1];
        const alone = !next || PARTICLES.test(next);
        const first = k === 0 || PARTICLES.test(characters[k - 1]);
        if (!PARTICLES.test(character) && (!alone || first)) {
          const term = alone ? character : character + next;
          yield { start, end: start + term.length, terms: [term] };
        }
        start += character.length;
      }
      continue;
    }
    if (STOP.has(word.toLowerCase())) continue;
    const parts = word
      .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
      .replace(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
      .toLowerCase()
      .split("_")
      .filter(Boolean);
    const terms = parts.map(stem);
    if (parts.length > 1) terms.push(parts.join(""));
    yield { start: index, end: index + word.length, terms };
  }
}

const terms = (text) => [...words(text)].flatMap((word) => word.terms);
const options = (tokenize) => ({
  fields: Object.keys(FIELDS),
  tokenize,
  processTerm: (term) => term,
});

/**
 * What a reader means by a pasted message: the part after the last "…Error:", which ends a
 * traceback, and no more of it than a message is long.
 */
export function meant(query) {
  const last = [...query.matchAll(/\b[\w.]*(?:Error|Exception|Warning):\s+(?=\S)/g)].pop();
  return (last ? query.slice(last.index + last[0].length) : query).slice(0, 600);
}

// ---- at build

/**
 * The index of one language, as the text of a JSON file.
 * pages: [{address, title, group, alias, lead, sections: [{id, heading, text, message}]}, …]
 */
export function build(pages, vocabulary) {
  const documents = pages.flatMap(({ sections, ...page }) => [page, ...sections]);
  documents.forEach((document, id) => (document.id_ = id));
  const junk = rare(documents);
  const index = new MiniSearch({
    ...options((text) => terms(text).filter((term) => !junk.has(term))),
    idField: "id_",
  });
  index.addAll(documents);
  const contents = pages.map(({ address, title, group, sections }) => ({
    address,
    title,
    group,
    sections: sections.map(({ id, heading }) => [id, heading]),
  }));
  return JSON.stringify({ pages: contents, vocabulary, ...pack(index.toJSON()) });
}

/**
 * Pairs of Chinese characters that occur once in all texts: most of them join the end of one word
 * to the start of the next, and half the pairs are such.
 */
function rare(documents) {
  const count = new Map();
  for (const document of documents)
    for (const field of Object.keys(FIELDS))
      for (const term of terms(document[field] ?? ""))
        // a name or a heading is never left out
        count.set(term, (count.get(term) ?? 0) + (FIELDS[field] > 1 ? 2 : 1));
  return new Set([...count.keys()].filter((term) => HAN.test(term) && count.get(term) === 1));
}

/**
 * MiniSearch's serialised form, in less than half the bytes: document numbers as differences in
 * base 36, lengths in one list, and nothing that can be worked out.
 */
function pack({ index, documentCount, averageFieldLength, fieldLength }) {
  const fields = Object.keys(FIELDS).map((_, k) => k);
  const sorted = index.sort(([a], [b]) => (a < b ? -1 : 1));
  const list = (counts = {}) => {
    let last = -1;
    return Object.entries(counts).map(([id, count]) => {
      const step = (id - last).toString(36);
      last = Number(id);
      return count > 1 ? `${step}:${Math.min(count, 4)}` : step;
    });
  };
  const ids = [...Array(documentCount).keys()];
  return {
    averages: averageFieldLength,
    lengths: fields.map((k) => ids.map((id) => fieldLength[id]?.[k] ?? 0)),
    terms: sorted.map(([term]) => term).join("\n"),
    postings: sorted.map(([, of]) => fields.map((k) => list(of[k])).join("|")).join("\n"),
  };
}

// ---- in the browser

function unpack({ averages, lengths, terms, postings }) {
  const lines = postings.split("\n");
  const read = (list) => {
    let id = -1;
    return list.split(",").map((entry) => {
      const [step, count = 1] = entry.split(":");
      return [(id += parseInt(step, 36)), Number(count)];
    });
  };
  const index = terms.split("\n").map((term, k) => {
    const lists = lines[k].split("|").map((list, field) => list && [field, Object.fromEntries(read(list))]);
    return [term, Object.fromEntries(lists.filter(Boolean))];
  });
  const ids = [...lengths[0].keys()];
  return {
    index,
    documentCount: ids.length,
    nextId: ids.length,
    documentIds: { ...ids },
    fieldIds: Object.fromEntries(Object.keys(FIELDS).map((field, k) => [field, k])),
    fieldLength: Object.fromEntries(ids.map((id) => [id, lengths.map((list) => list[id])])),
    averageFieldLength: averages,
    storedFields: {},
    dirtCount: 0,
    serializationVersion: 2,
  };
}

/** A language's index, ready to be searched. */
export class Index {
  constructor(data) {
    this.pages = data.pages;
    this.vocabulary = data.vocabulary;
    this.known = new Set(data.terms.split("\n"));
    this.places = data.pages.flatMap((page) => [[page], ...page.sections.map((s) => [page, s])]);
    this.titles = new Map(data.pages.map((page) => [page, terms(page.title)]));
    this.engine = MiniSearch.loadJS(unpack(data), { ...options(terms), idField: "id_" });
  }

  /**
   * Pages for a query, best first: {page, sections, terms}, where sections are at most three
   * [id, heading], best first, and terms what was matched. A page that has more of what was asked
   * for stands before one that has some of it often.
   */
  search(query) {
    const asked = [...new Set(terms(meant(query)))];
    const hits = this.engine.search(asked.join(" "), {
      tokenize: () => asked,
      boost: FIELDS,
      // a number is found by its first digits, the last word while it is being typed
      prefix: (term, k) => DECIMAL.test(term) || (k === asked.length - 1 && term.length > 2),
    });
    const found = new Map();
    for (const hit of hits) {
      const [page, section] = this.places[hit.id];
      if (!found.has(page)) found.set(page, { page, own: 0, sections: [], asked: new Set(), terms: new Set() });
      const entry = found.get(page);
      if (section) entry.sections.push([hit.score, section]);
      else entry.own = hit.score;
      hit.queryTerms.forEach((term) => entry.asked.add(term));
      hit.terms.forEach((term) => entry.terms.add(term));
    }
    const entries = [...found.values()];
    const weight = (term) => {
      const count = entries.filter((entry) => entry.asked.has(term)).length;
      return count && Math.log(1 + this.pages.length / count);
    };
    const weights = new Map(asked.map((term) => [term, weight(term)]));
    const sum = (list) => list.reduce((total, term) => total + weights.get(term), 0);
    for (const entry of entries) {
      const [best = 0, second = 0, third = 0] = entry.sections.map(([score]) => score);
      const covered = sum([...entry.asked]) / sum(asked);
      const own = entry.own * (this.titles.get(entry.page).every((t) => weights.has(t)) ? NAMED : 1);
      entry.score = covered * (own + best + SECOND * (second + third / 2));
    }
    return entries
      .sort((a, b) => b.score - a.score)
      .map(({ page, sections, terms }) => ({
        page,
        sections: sections.slice(0, 3).map(([, section]) => section),
        terms: [...terms],
      }));
  }

  /** The query with each unknown word replaced by its nearest known one, or null. */
  nearest(query) {
    let changed = false;
    const corrected = narrow(query).replace(/\p{Script=Han}{3,}|\p{L}{4,}/gu, (word) => {
      const term = terms(word);
      if (!term.length || term.every((t) => this.known.has(t))) return word;
      const low = word.toLowerCase();
      const limit = HAN.test(word) || low.length < 6 ? 1 : 2;
      const [best] = this.vocabulary
        .map((candidate) => [distance(low, candidate), candidate])
        .filter(([far]) => far <= limit && far > 0)
        .sort(([a], [b]) => a - b);
      changed ||= Boolean(best);
      return best ? best[1] : word;
    });
    return changed ? corrected : null;
  }
}

/** Letters to insert, drop, replace or swap with their neighbour to make one word the other. */
function distance(a, b) {
  if (Math.abs(a.length - b.length) > 2) return Infinity;
  const rows = [[...Array(b.length + 1).keys()]];
  for (let i = 1; i <= a.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + same);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.length][b.length];
}

/**
 * The stretch of a text that holds most of the terms, as [words, is it a hit] pieces: at most
 * `room` characters, from the start of a sentence or a word where there is one.
 */
export function excerpt(text, wanted, room = 160) {
  const hits = [...words(text)].filter((word) => word.terms.some((term) => wanted.has(term)));
  let [best, most] = [0, 0];
  for (const { start } of hits) {
    const inside = hits.filter((hit) => hit.start >= start && hit.end <= start + room * 0.8);
    const count = new Set(inside.flatMap((hit) => hit.terms)).size;
    if (count > most) [best, most] = [start, count];
  }
  const before = text.slice(Math.max(0, best - room / 4), best);
  const lead = /(?:[。；！？\n]|[.;!?]\s)(?!.*(?:[。；！？\n]|[.;!?]\s))/s.exec(before);
  const space = before.indexOf(" ");
  const skip = lead ? lead.index + lead[0].length : best <= room / 4 ? 0 : space + 1;
  const from = best - before.length + skip;
  const shown = text.slice(from, from + room).replace(/\n/g, " ");
  const pieces = from && !lead ? [["… ", false]] : [];
  let end = 0;
  for (const hit of hits) {
    const [a, b] = [hit.start - from, hit.end - from];
    if (a < 0 || b > shown.length || b <= end) continue;
    if (a > end) pieces.push([shown.slice(end, a), false]);
    pieces.push([shown.slice(Math.max(a, end), b), true]);
    end = b;
  }
  pieces.push([shown.slice(end) + (from + room < text.length ? " …" : ""), false]);
  return pieces.filter(([piece]) => piece);
}

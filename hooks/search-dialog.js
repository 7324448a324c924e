// What a reader sees of search: the dialog, its keys, results with excerpts, and the marks on the
// page that is opened from it. Loaded by docs/assets/search.js on the first search.
import { Index, excerpt, meant, words } from "./search-engine.js";

const zh = document.documentElement.lang.startsWith("zh");
const SAY = {
  label: zh ? "搜索" : "Search",
  hint: zh ? "函数、现象、报错信息、数字" : "A function, a symptom, an error message, a number",
  close: zh ? "关闭" : "Close",
  loading: zh ? "正在读取索引" : "Reading the index",
  failed: zh
    ? "读不到搜索索引：请检查网络，再试一次"
    : "The search index cannot be read: check the connection and try again",
  none: zh ? "没有找到页面" : "No page found",
  found: (all, shown) => {
    const more = all > shown;
    if (zh) return `找到 ${all} 个页面${more ? `，列出前 ${shown} 个` : ""}`;
    return `${all} ${all === 1 ? "page" : "pages"} found${more ? `, the first ${shown} listed` : ""}`;
  },
  meant: zh ? "你要找的是不是：" : "Did you mean: ",
  start: zh ? "可以从这些页面找起：" : "Places to start from:",
  keys: zh ? "↑ ↓ 选择，Enter 打开，Esc 关闭" : "↑ ↓ to choose, Enter to open, Esc to close",
};
// where a reader goes who does not find a word for the trouble
const ENTRIES = /(^|\/)(help\/errors|help\/magic_numbers|start\/choose)\/$/;
const SHOWN = 8;

const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};
const read = async (address) => {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
};

/** Opens the dialog, with a query or with the last one. */
export async function open(root, query) {
  dialog ??= make(root);
  await styled(root);
  if (!dialog.frame.open) dialog.frame.showModal();
  if (query !== undefined) dialog.input.value = query;
  dialog.input.select();
  dialog.run();
}

let dialog;
let style;
const styled = (root) =>
  (style ??= new Promise((resolve) => {
    const link = element("link", { rel: "stylesheet", href: `${root}assets/search.css` });
    link.onload = link.onerror = resolve;
    document.head.append(link);
  }));

function make(root) {
  const input = element("textarea", { rows: 1, placeholder: SAY.hint, spellcheck: false });
  input.setAttribute("aria-label", SAY.label);
  input.setAttribute("aria-describedby", "hb-find-keys");
  input.setAttribute("enterkeyhint", "search");
  const close = element("button", { type: "button", textContent: "×", className: "hb-find-close" });
  close.setAttribute("aria-label", SAY.close);
  const status = element("p", { className: "hb-find-status" });
  status.setAttribute("role", "status"); // announced when it changes
  const hints = element("div");
  const results = element("ol", { className: "hb-find-results" });
  const keys = element("p", { className: "hb-find-keys", id: "hb-find-keys", textContent: SAY.keys });
  const form = element("search", {}, input, close);
  const body = element("div", { className: "hb-find-body" }, hints, results);
  const frame = element("dialog", { className: "hb-find" }, form, status, body, keys);
  frame.setAttribute("aria-label", SAY.label);
  document.body.append(frame);

  let index;
  let turn = 0; // only the last search may write
  const run = async () => {
    if (!frame.open) return; // closed while a letter waited
    const mine = ++turn;
    const query = input.value.trim();
    remember(query);
    status.textContent ||= SAY.loading;
    try {
      index ??= new Index(await read(`${root}search/${zh ? "zh" : "en"}.json`));
    } catch {
      status.textContent = SAY.failed; // the next letter tries again
      return;
    }
    if (mine !== turn) return;
    const found = query ? index.search(query) : [];
    const shown = found.slice(0, SHOWN);
    status.textContent = !query ? "" : found.length ? SAY.found(found.length, shown.length) : SAY.none;
    hints.replaceChildren(...advice(index, query, found, root, search));
    results.replaceChildren(...shown.map((entry) => result(entry, root)));
    results.dataset.query = query;
    body.scrollTop = 0;
  };
  const search = (query) => {
    input.value = query;
    input.focus();
    run();
  };

  let wait;
  input.addEventListener("input", (event) => {
    if (event.isComposing) return; // pinyin, not yet a word
    clearTimeout(wait);
    wait = setTimeout(run, 30);
  });
  input.addEventListener("compositionend", run);
  close.addEventListener("click", () => frame.close());
  frame.addEventListener("click", (event) => event.target === frame && frame.close());
  frame.addEventListener("close", () => remember(""));
  frame.addEventListener("keydown", (event) => key(event, frame, input, run));
  return { frame, input, run };
}

/** Arrows walk through the links, Enter opens the first, a letter goes on with the query. */
async function key(event, frame, input, run) {
  event.stopPropagation(); // the theme has shortcuts of its own
  if (event.isComposing) return;
  const links = [...frame.querySelectorAll(".hb-find-body a")];
  const at = links.indexOf(document.activeElement);
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const inside = event.target === input && input.value.includes("\n");
    if (inside && event.key === "ArrowUp") return;
    event.preventDefault();
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    (next < 0 ? input : links[Math.min(next, links.length - 1)])?.focus();
  } else if (event.key === "Enter" && event.target === input && !event.shiftKey) {
    event.preventDefault();
    await run(); // what was typed last counts
    frame.querySelector(".hb-find-results a")?.click();
  } else if (event.key.toLowerCase() === "k" && !plain) {
    event.preventDefault();
    input.select();
  } else if (plain && event.key.length === 1 && event.target.tagName === "A") {
    input.focus();
  }
}

/** The query in the address, so that it can be shared and Back returns to it. */
function remember(query) {
  const here = new URL(location.href);
  if (query) here.searchParams.set("q", query);
  else here.searchParams.delete("q");
  if (here.href !== location.href) history.replaceState(history.state, "", here);
}

/** What helps when nothing was found or a word is unknown: its nearest one, and entry pages. */
function advice(index, query, found, root, search) {
  const made = [];
  const nearest = query && index.nearest(meant(query));
  if (nearest) {
    const button = element("button", { type: "button", textContent: nearest });
    button.addEventListener("click", () => search(nearest));
    made.push(element("p", { className: "hb-find-meant" }, SAY.meant, button));
  }
  if (!found.length) {
    const entries = index.pages.filter((page) => ENTRIES.test(page.address));
    const links = entries.map((page) =>
      element("li", {}, element("a", { href: root + page.address, textContent: page.title })),
    );
    made.push(element("p", {}, SAY.start), element("ul", {}, ...links));
  }
  return made;
}

/** A page with its best sections; the excerpts follow when their text has come. */
function result({ page, sections, terms }, root) {
  const link = (id, text) => {
    const made = element("a", { href: `${root}${page.address}${id && `#${id}`}`, textContent: text });
    made.addEventListener("click", () => {
      const address = new URL(made.href).pathname;
      sessionStorage.setItem("hb-found", JSON.stringify({ address, terms }));
      if (address !== location.pathname) return;
      remember(""); // with another query the link would load this page again
      dialog.frame.close();
      mark(root);
    });
    return made;
  };
  const excerpts = new Map();
  const line = (id) => {
    const made = element("p");
    excerpts.set(id, made);
    return made;
  };
  const parts = sections.map(([id, heading]) => element("li", {}, link(id, heading), line(id)));
  const title = element("h2", {}, link("", page.title));
  if (page.group) title.append(element("span", { textContent: page.group }));
  const made = element("li", {}, title);
  made.append(parts.length ? element("ul", {}, ...parts) : line(""));
  texts(root, page).then((text) => {
    const wanted = new Set(terms);
    for (const [id, place] of excerpts) {
      const pieces = excerpt(text[id] ?? "", wanted);
      place.replaceChildren(...pieces.map(([t, hit]) => (hit ? element("mark", {}, t) : t)));
    }
  });
  return made;
}

const known = new Map();
const texts = (root, { address }) => {
  const name = address.replace(/\/$/, "") || "index";
  // without its excerpts a result is still a result
  if (!known.has(name)) known.set(name, read(`${root}search/text/${name}.json`).catch(() => ({})));
  return known.get(name);
};

/** Marks on the page what the search had found, until Escape; the page itself is not changed. */
export async function mark(root) {
  const { address, terms } = JSON.parse(sessionStorage.getItem("hb-found"));
  sessionStorage.removeItem("hb-found");
  if (address !== location.pathname || !globalThis.CSS?.highlights) return;
  await styled(root);
  const wanted = new Set(terms);
  const walker = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT);
  const ranges = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.parentElement.closest(".katex, figure, script, style, .headerlink")) continue;
    for (const word of words(node.data)) {
      if (!word.terms.some((term) => wanted.has(term))) continue;
      const range = new Range();
      range.setStart(node, word.start);
      range.setEnd(node, word.end);
      ranges.push(range);
    }
  }
  CSS.highlights.set("hb-found", new Highlight(...ranges));
  const clear = (event) => event.key === "Escape" && CSS.highlights.delete("hb-found");
  document.addEventListener("keydown", clear);
}

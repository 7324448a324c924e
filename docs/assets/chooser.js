// Turns the questions of a page into a form that leads to one row of its table and that row's block.
//
// The page is the source: a question is a heading whose id starts with "ask-", its answers are the
// links with data-answer in the list below, and an answer leads to another question or to a
// section. The row of the table that links to the section says the rest. Without this script the
// links do the same.
(() => {
  const WORDS = {
    zh: {
      next: "下一个问题：",
      found: "结果：",
      copy: "复制代码",
      copied: "已复制",
      selected: "已选中，请按 Ctrl+C 复制",
      section: "看这一节的说明",
      again: "重新开始",
    },
    en: {
      next: "Next question: ",
      found: "Result: ",
      copy: "Copy the block",
      copied: "Copied",
      selected: "Selected: press Ctrl+C to copy",
      section: "Read this section",
      again: "Start again",
    },
  };
  const words = WORDS[document.documentElement.lang] ?? WORDS.en;

  /** An element with properties and children. */
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  /** A fieldset of radio buttons in place of a heading and its list of links. */
  const field = (heading) => {
    const list = heading.nextElementSibling;
    const name = heading.id.replace("ask-", "");
    heading.querySelector(".headerlink")?.remove();
    const answers = [...list.children].map((item) => {
      const link = item.querySelector("a[data-answer]");
      const input = make("input", { type: "radio", name, value: link.dataset.answer });
      const label = make("label", {}, input, make("span", {}, ...item.childNodes));
      const goal = link.hash.slice(1);
      link.replaceWith(...link.childNodes);
      return { input, goal, label };
    });
    list.remove();
    const legend = make("legend", {}, heading);
    const box = make("fieldset", {}, legend, ...answers.map((answer) => answer.label));
    return { name, box, answers, text: heading.textContent.trim() };
  };

  const headings = [...document.querySelectorAll('article [id^="ask-"]')];
  const form = make("form", { className: "hb-tool hb-chooser" });
  headings[0].before(form);
  const questions = new Map(headings.map((heading) => [heading.id, field(heading)]));
  const first = headings[0].id;
  const status = make("p", { className: "hb-status" });
  status.setAttribute("role", "status");
  const result = make("div", { className: "hb-result" });
  const again = make("button", { type: "button", className: "hb-button", textContent: words.again });
  form.append(...[...questions.values()].map((question) => question.box), status, result, again);

  // the table of contents lists sections; the questions are now one form
  for (const id of questions.keys()) {
    for (const link of document.querySelectorAll(`.md-nav a[href="#${id}"]`)) {
      const list = link.closest("ul");
      link.closest("li").remove();
      if (!list.children.length) list.closest("nav").remove();
    }
  }

  /** What the table says of a section: [column, cell] pairs. */
  const row = (id) => {
    const cell = document.querySelector(`article td:first-child a[href="#${id}"]`).closest("td");
    const columns = cell.closest("table").querySelectorAll("th");
    return [...cell.parentElement.cells].map((each, k) => [columns[k], each]);
  };

  /** The block of a section with its output, copied from where it stands. */
  const block = (id) => {
    let element = document.getElementById(id);
    while (!element.matches(".language-python")) element = element.nextElementSibling;
    const parts = [element, element.nextElementSibling].map((part) => part.cloneNode(true));
    for (const part of parts) {
      for (const named of part.querySelectorAll("[id]")) named.removeAttribute("id");
      for (const button of part.querySelectorAll("nav, button")) button.remove();
    }
    return parts;
  };

  const copy = async (code, button) => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = status.textContent = words.copied;
    } catch {
      getSelection().selectAllChildren(code);
      status.textContent = words.selected;
    }
  };

  const show = (id) => {
    const [[, task], ...cells] = row(id);
    const list = make("dl");
    for (const [column, cell] of cells) {
      const value = make("dd", {}, ...cell.cloneNode(true).childNodes);
      list.append(make("dt", { textContent: column.textContent }), value);
    }
    const parts = block(id);
    const button = make("button", { type: "button", className: "hb-button", textContent: words.copy });
    button.addEventListener("click", () => copy(parts[0].querySelector("code"), button));
    const link = make("a", { href: `#${id}`, textContent: words.section });
    const actions = make("p", { className: "hb-actions" }, button, link);
    result.replaceChildren(list, actions, ...parts);
    status.textContent = words.found + task.textContent;
  };

  /** Show the questions that the answers lead through, and where they end. */
  const render = (answers) => {
    const path = new Map();
    let id = first;
    while (questions.has(id)) {
      const question = questions.get(id);
      const chosen = question.answers.find(({ input }) => input.value === answers.get(question.name));
      path.set(id, chosen);
      id = chosen?.goal;
    }
    for (const [key, { box, answers: all }] of questions) {
      box.hidden = !path.has(key);
      for (const { input } of all) input.checked = path.get(key)?.input === input;
    }
    const open = [...path.keys()].at(-1);
    again.hidden = path.size === 1 && !id;
    result.hidden = !id;
    status.classList.toggle("hb-unseen", !id);
    if (id) show(id);
    else {
      result.replaceChildren();
      status.textContent = again.hidden ? "" : words.next + questions.get(open).text;
    }
    for (const link of document.querySelectorAll(".hb-language")) link.search = location.search;
    return id ? result : questions.get(open).box;
  };

  /** Write the answers into the address, where one can share them and go back from them. */
  const remember = (answers) => {
    const address = new URL(location.href);
    address.search = answers;
    address.hash = "";
    try {
      history.pushState(null, "", address);
    } catch {
      // a browser that forbids it for file: addresses; the form works all the same
    }
  };

  form.addEventListener("change", ({ target }) => {
    const answers = new URLSearchParams();
    for (const { name, box, answers: all } of questions.values()) {
      const chosen = all.find(({ input }) => input.checked);
      if (chosen && !box.hidden) answers.set(name, chosen.input.value);
      if (name === target.name) break;
    }
    remember(answers);
    render(answers).scrollIntoView({ block: "nearest" });
  });
  again.addEventListener("click", () => {
    remember("");
    render(new URLSearchParams());
    questions.get(first).answers[0].input.focus();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("popstate", () => render(new URLSearchParams(location.search)));

  render(new URLSearchParams(location.search));
  if (questions.has(location.hash.slice(1))) form.scrollIntoView();
})();

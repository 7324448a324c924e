// Opens Pagefind's dialog from the header's button, or with "/" or Ctrl+K; loads it on first use.
const button = document.querySelector(".hb-search");
const bundle = new URL(button.dataset.bundle, location.href).href;

const load = (tag, attributes, parent) =>
  new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.onload = resolve;
    element.onerror = () => reject(new Error(`${bundle} cannot be read`));
    parent.append(element);
  });

let ready;
const prepare = async () => {
  await Promise.all([
    load("link", { rel: "stylesheet", href: `${bundle}pagefind-component-ui.css` }, document.head),
    load("script", { src: `${bundle}pagefind-component-ui.js` }, document.head),
  ]);
  // long pages are the thorough ones here; by default they rank last
  window.PagefindComponents.configureInstance("default", { ranking: { pageLength: 0.1 } });
  const config = document.createElement("pagefind-config");
  config.setAttribute("bundle-path", bundle);
  config.setAttribute("lang", document.documentElement.lang);
  const dialog = document.createElement("pagefind-modal");
  document.body.append(config, dialog);
  await customElements.whenDefined("pagefind-modal");
  return dialog;
};

const open = async () => (await (ready ??= prepare())).open();

button.addEventListener("click", open);
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  const slash = event.key === "/" && !typing && !event.ctrlKey && !event.metaKey;
  if (slash || (event.key === "k" && (event.ctrlKey || event.metaKey))) {
    event.preventDefault();
    open();
  }
});

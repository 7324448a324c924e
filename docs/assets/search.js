// Opens the search dialog, which is fetched then, and not before
const button = document.querySelector(".hb-search");
const root = new URL(button.dataset.root, location.href).href;
const dialog = () => import(`${root}search/dialog.js`);
const open = async (query) => (await dialog()).open(root, query);

button.addEventListener("click", () => open());
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  const command = event.ctrlKey || event.metaKey;
  const slash = event.key === "/" && !typing && !command && !event.altKey;
  if (slash || (event.key.toLowerCase() === "k" && command)) {
    event.preventDefault();
    open();
  }
});

const query = new URLSearchParams(location.search).get("q");
if (query) open(query);

// marks on the page what a reader found
if (sessionStorage.getItem("hb-found")) dialog().then(({ mark }) => mark(root));

// the page for unknown addresses offers a search for the last part of the address
for (const link of document.querySelectorAll("a[data-search-address]")) {
  const part = location.pathname.replace(/\/(index\.html)?$/, "").split("/").pop();
  const words = decodeURIComponent(part).replace(/\.html$/, "").replace(/[-+\s]+/g, " ");
  link.href += `?q=${encodeURIComponent(words)}`;
  link.append(` ${words}`);
  link.parentElement.hidden = !words;
}

// From file:// a page may neither fetch nor import a module. Both are answered here, for what lies
// in this folder, from classic scripts that stand beside the files (hosting/offline.py).
"use strict";
{
  const root = new URL("..", document.currentScript.src).href;
  const loading = new Map();
  const contents = new Map();
  const load = (address) => {
    if (!loading.has(address)) {
      const script = Object.assign(document.createElement("script"), { src: address });
      const loaded = new Promise((resolve, reject) => {
        script.onload = resolve;
        script.onerror = () => reject(new TypeError(`${address} cannot be read`));
      });
      loading.set(address, loaded);
      document.head.append(script);
    }
    return loading.get(address);
  };
  const inside = (address) => {
    const { href } = new URL(address?.url ?? address, location.href);
    const bare = href.replace(/[?#].*/, "");
    return bare.startsWith(root) && bare;
  };

  window.offlineModules = {};
  window.offlineFile = (name, held) => contents.set(name, held);
  window.offlineImport = async (address) => {
    const bare = inside(address);
    await load(bare);
    return window.offlineModules[bare.slice(root.length)];
  };

  const { fetch } = window;
  window.fetch = async (address, options) => {
    const bare = inside(address);
    if (!bare) return fetch(address, options);
    try {
      await load(`${bare}.js`);
    } catch {
      return new Response(null, { status: 404 });
    }
    const held = atob(contents.get(bare.slice(root.length)));
    return new Response(Uint8Array.from(held, (character) => character.charCodeAt(0)));
  };

  // scripts make links to folders, as on the site: here a folder has no page of its own
  const named = (event) => {
    const link = event.target.closest?.("a[href]");
    const bare = link && inside(link.href);
    if (bare?.endsWith("/")) link.href = link.href.replace(bare, `${bare}index.html`);
  };
  document.addEventListener("click", named, true);
  document.addEventListener("auxclick", named, true);
}

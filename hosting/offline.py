"""Pack the built site so that it works from the file system, without a server: `make offline`.

    python -m hosting.offline SITE FILE.zip

From file:// a browser opens folders as lists, and refuses fetch and module scripts. So links to
folders name their index.html, modules become classic scripts, and each file that a script may
fetch has a twin that is one; hosting/offline.js answers fetch and import from these. Pages, search
engine and index are those of the site itself. The same site gives the same bytes.
"""

import base64
import json
import re
import sys
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

from hooks.esbuild import bundle

SHIM = Path(__file__).with_name("offline.js")
FOLDER = "logits-handbook"
# for hosts, crawlers and debuggers, and the theme's own search, which the site does not use; the
# pages for unknown addresses hold absolute links
LEFT_OUT = re.compile(
    r"(.*/)?404\.html|_headers|_redirects|_nginx/.*|vercel\.json|sitemap\.xml.*|.*\.map"
    r"|(.*/)?llms.*\.txt|handbook\.json|assets/cards/.*|assets/javascripts/(lunr|workers)/.*"
)
# a browser reads these itself; any other file is read by a script, if at all
SHOWN = {".html", ".css", ".js", ".svg", ".png", ".woff2", ".ttf", ".ico", ".md", ".txt", ".ipynb"}
MODULE = re.compile(r"\bimport\(|\bimport\.meta\b|(?:^|[;}\s])export\s*[{*]|^import\s", re.M)
EXPORTS = re.compile(r"(?:^|[;}\s])export\s*(?:[{*]|default\b|const\b|function\b|async\b|class\b)")
LINK = re.compile(r'(?P<before><a\b[^>]*?\bhref=")(?P<target>[^"]*)"')
# checked against an origin, which a file has not
ORIGIN = re.compile(
    r'<link rel="?preload"?[^>]*>|<meta http-equiv="?Content-Security-Policy"?[^>]*>'
    r'|(?<= )(?:crossorigin|integrity)(?:="[^"]*")?(?=[ >])',
    re.I,
)
DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold


def pack(site: Path, archive: Path) -> int:
    """Write the archive; its size in bytes."""
    files = {}
    for path in sorted(path for path in site.rglob("*") if path.is_file()):
        name = path.relative_to(site).as_posix()
        if not LEFT_OUT.fullmatch(name):
            files |= offline(name, path, site)
    files["assets/offline.js"] = SHIM.read_bytes()
    part = archive.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name, data in sorted(files.items()):
            info = zipfile.ZipInfo(f"{FOLDER}/{name}", DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            packed.writestr(info, data)
    part.replace(archive)
    return archive.stat().st_size


def offline(name: str, path: Path, site: Path) -> dict[str, bytes]:
    """What stands for a file of the site in the archive, by name."""
    if path.suffix == ".html":
        return {name: page(name, path.read_text("utf-8"), site).encode()}
    if path.suffix == ".js":
        return {name: script(name, path).encode()}
    if path.suffix in SHOWN:
        return {name: path.read_bytes()}
    held = base64.b64encode(path.read_bytes()).decode()
    return {f"{name}.js": f"offlineFile({json.dumps(name)}, {json.dumps(held)});\n".encode()}


def page(name: str, text: str, site: Path) -> str:
    """A page whose links name files, and which loads the shim before any other script."""

    def named(match: re.Match) -> str:
        target = urlsplit(match["target"])
        if target.scheme or target.netloc or not target.path:
            return match[0]
        place = (site / name).parent / target.path
        if not place.resolve().is_dir():
            return match[0]
        path = f"{target.path.rstrip('/')}/index.html"
        return f'{match["before"]}{target._replace(path=path).geturl()}"'

    up = "../" * name.count("/")
    text = ORIGIN.sub("", LINK.sub(named, text))
    return text.replace("<head>", f'<head><script src="{up}assets/offline.js"></script>', 1)


def script(name: str, path: Path) -> str:
    """A script that file:// may run: a module's exports go to offlineModules, import() to us."""
    text = path.read_text("utf-8")
    if not MODULE.search(text):
        return text
    if EXPORTS.search(text):
        text = classic(name, path)
    return re.sub(r"\bimport\(", "offlineImport(", text)


def classic(name: str, path: Path) -> str:
    """A module, with all that it imports, as a classic script. Raises on a fault in it."""
    text = bundle(
        path,
        "--format=iife",
        f"--global-name=offlineModules[{json.dumps(name)}]",
        # import.meta is a module's alone: here its address is that of the script
        "--define:import.meta.url=offlineAddress",
    )
    return f"{{const offlineAddress=document.currentScript.src;{text}}}\n"


def main(site: str, archive: str) -> None:
    size = pack(Path(site).resolve(), Path(archive))
    print(f"{archive}: {size / 1e6:.1f} MB; unpack it and open {FOLDER}/index.html")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Tell every host the same: headers, cache times and redirects, from the one definition here.

Netlify and Cloudflare Pages read `_headers` and `_redirects`, Vercel reads `vercel.json`, nginx
includes `_nginx/` (hosting/nginx.conf). GitHub Pages takes no headers.
"""

import json
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

from mkdocs.plugins import event_priority

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from hooks.redirects import address, moves  # noqa: E402
from hooks.security import site_policy  # noqa: E402

# Strict-Transport-Security is left to whoever holds the certificate
HEADERS = {
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "accelerometer=(), camera=(), display-capture=(), geolocation=(), "
    "gyroscope=(), microphone=(), payment=(), usb=()",
}
SHORT, LONG = "public, max-age=300", "public, max-age=31536000, immutable"
# what has a hash in its name never changes
HASHED = (
    "/assets/javascripts/bundle.*",
    "/assets/stylesheets/main.*",
)


@event_priority(-300)  # when both languages are there
def on_post_build(config) -> None:
    """Write each host's files."""
    if config.extra["serving"] or config.plugins["i18n"].building:
        return
    headers = {"Content-Security-Policy": site_policy(Path(config.site_dir))} | HEADERS
    # below another path a page that leads on does the work: a host's rules start at its root
    table = redirects(config) if urlsplit(config.site_url).path == "/" else {}
    files = {
        "_headers": netlify(headers),
        "_redirects": "".join(f"{old} {new} 301\n" for old, new in table.items())
        + "/en/* /en/404.html 404\n",
        "vercel.json": vercel(headers, table),
        "_nginx/http.conf": nginx_cache(),
        "_nginx/server.conf": nginx_server(headers, table),
    }
    for name, text in files.items():
        place = Path(config.site_dir) / name
        place.parent.mkdir(exist_ok=True)
        place.write_text(text, "utf-8")


def redirects(config) -> dict[str, str]:
    """Old address to new one, from the host's root, in both languages."""
    return {
        f"/{home}{move.old}/": f"/{address(home, move.new)}"
        + (move.new[move.new.index("#") :] if "#" in move.new else "")
        for move in moves(config)
        if not move.within
        for home in ("", "en/")
    }


def netlify(headers: dict[str, str]) -> str:
    """`_headers`; both hosts revalidate what is not named, which suits pages."""
    lines = ["/*", *(f"  {name}: {value}" for name, value in headers.items())]
    for path in HASHED:
        lines += [path, f"  Cache-Control: {LONG}"]
    return "\n".join(lines) + "\n"


def vercel(headers: dict[str, str], table: dict[str, str]) -> str:
    """`vercel.json`."""

    def rule(source: str, values: dict[str, str]) -> dict:
        pairs = [{"key": name, "value": value} for name, value in values.items()]
        return {"source": source, "headers": pairs}

    hashed = [rule(path.replace("*", "(.*)"), {"Cache-Control": LONG}) for path in HASHED]
    moved = [{"source": o, "destination": n, "permanent": True} for o, n in table.items()]
    parts = {
        "trailingSlash": True,
        "headers": [rule("/(.*)", headers), *hashed],
        "redirects": moved,
    }
    return json.dumps(parts, indent=1) + "\n"


def nginx_cache() -> str:
    """How long an address may be kept; an error answers from /404.html, and so for a short time."""
    known = "".join(f'  ~^{re.escape(path[:-1])} "{LONG}";\n' for path in HASHED)
    return f'map $uri $handbook_cache {{\n  default "{SHORT}";\n{known}}}\n'


def nginx_server(headers: dict[str, str], table: dict[str, str]) -> str:
    """Headers of every answer, errors included, and the redirects."""
    lines = ["add_header Cache-Control $handbook_cache always;"]
    lines += [f'add_header {name} "{value}" always;' for name, value in headers.items()]
    lines += [f"rewrite ^{re.escape(old)}?$ {new} permanent;" for old, new in table.items()]
    return "\n".join(lines) + "\n"

"""A Content-Security-Policy in every page: only this site's own files, and only known scripts.

The theme writes a few scripts into each page; each page names the hashes of its own, so that a
script which got in some other way does not run. A page under `mkdocs serve` has none, because the
reload is put into it later. `site_policy` is the same for a host that sends headers.
"""

import base64
import hashlib
import html
import re
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",  # style attributes: KaTeX and the figures
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
}
REFERRER = "strict-origin-when-cross-origin"
SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<code>.*?)</script>", re.S)
DATA = re.compile(r"\bsrc=|\btype=[\"']?application/(?:ld\+)?json\b")


@event_priority(-400)  # the page as it is written
def on_post_page(output: str, page, config) -> str:
    return output if config.extra["serving"] else guarded(output, page.file.src_uri)


@event_priority(-400)
def on_post_template(output: str, template_name: str, config) -> str:
    governed = template_name.endswith(".html") and not config.extra["serving"]
    return guarded(output, template_name) if governed else output


def guarded(page: str, name: str) -> str:
    """The page with its policy, before anything that it governs."""
    content = html.escape(policy(inline_scripts(page)), quote=False)
    tags = (
        f'<meta http-equiv="Content-Security-Policy" content="{content}">'
        f'<meta name="referrer" content="{REFERRER}">'
    )
    guarded, count = re.subn(r"(<meta charset=[^>]*>)", rf"\1{tags}", page, count=1)
    if not count:
        raise PluginError(f"{name}: no <meta charset>, behind which the policy stands")
    return guarded


def inline_scripts(page: str) -> set[str]:
    """The hashes of a page's inline scripts, as a policy names them; blocks of JSON are none."""
    codes = (m["code"] for m in SCRIPT.finditer(page) if not DATA.search(m["attributes"]))
    digests = (hashlib.sha256(code.encode()).digest() for code in codes)
    return {f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests}


def policy(scripts: set[str]) -> str:
    """The policy of a page that holds these inline scripts, and no others."""
    sources = " ".join([POLICY["script-src"], *sorted(scripts)])
    return "; ".join(
        f"{name} {value}" for name, value in (POLICY | {"script-src": sources}).items()
    )


def site_policy(site: Path) -> str:
    """The header for a whole built site: every page's scripts, and no frame around it.

    What a page's own policy forbids stays forbidden: a browser asks both.
    """
    pages = (path.read_text("utf-8") for path in site.rglob("*.html"))
    return f"{policy(set().union(*map(inline_scripts, pages)))}; frame-ancestors 'none'"

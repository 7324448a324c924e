"""Stop the build where a page loads what the site does not hold, in the page as readers get it.

MkDocs checks the links of Markdown; not those of raw HTML, of templates and of hooks.
"""

import posixpath
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority

LOADS = re.compile(
    r"<(?:audio|iframe|img|link|script|source|video)\b[^>]*?\s(?:href|poster|src)=\"([^\"]*)\""
)
_loads: dict[tuple[str, str], str] = {}  # file and what it loads: the page that says so


@event_priority(-500)  # the page as it is written
def on_post_page(output: str, page, config) -> str:
    if not config.extra["serving"]:
        folder = posixpath.dirname(page.file.dest_uri)
        for load in set(LOADS.findall(output)):
            _loads[folder, load] = f"docs/{page.file.src_uri}"
    return output


@event_priority(-500)
def on_post_template(output: str, template_name: str, config) -> str:
    if template_name.endswith(".html") and not config.extra["serving"]:
        for load in set(LOADS.findall(output)):
            _loads["", load] = template_name
    return output


@event_priority(-400)  # when everything else has been written
def on_post_build(config) -> None:
    """Look for every file that is loaded."""
    if config.plugins["i18n"].building:
        return
    loads, root = dict(_loads), urlsplit(config.site_url).path
    _loads.clear()
    missing = []
    for (folder, load), page in loads.items():
        target = urlsplit(load)
        if target.scheme or target.netloc or not target.path:
            continue
        path = unquote(target.path)
        below = path.removeprefix(root) if path.startswith("/") else posixpath.join(folder, path)
        if not (Path(config.site_dir) / below).exists():
            missing.append(f"{page} loads {load}, which the site does not hold")
    if missing:
        advice = "put the file into docs/, or mend the address"
        raise PluginError("\n".join([*sorted(missing), advice]))

"""What every page's frame needs to know: the versions it was checked with, and its languages."""

import platform
import re
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urljoin

_serving = False


def on_startup(command: str, dirty: bool) -> None:
    global _serving
    _serving = command == "serve"
    if _serving:  # what a writer does not look at would only delay each reload
        print("Left out while serving: files for hosts and machines", flush=True)


def on_config(config):
    """Read the stamp from the environment that builds, which the tests share (constraints.txt)."""
    config.extra["serving"] = _serving
    config.extra["stamp"] = {
        "torch": version("torch").partition("+")[0],
        "python": platform.python_version(),
    }
    return config


def on_post_page(output: str, page, config) -> str:
    """Make the links to the other language absolute, as search engines want them.

    The space after "alternate" is for Material's script, which looks for `[rel=alternate]` and
    asks for a sitemap.xml below every page it finds; readers of HTML trim it.
    """
    address = page.canonical_url or config.site_url

    def absolute(match: re.Match) -> str:
        return f'<link rel="alternate " href="{urljoin(address, match[1])}" hreflang='

    return re.sub(r'<link rel="alternate" href="([^"]*)" hreflang=', absolute, output)


def on_post_template(output_content: str, template_name: str, config) -> str:
    """The 404 page stands for no page, so it has none in the other language.

    Each language has its own: /404.html and /en/404.html.
    """
    output = re.sub(r'<link rel="alternate" href="[^"]*" hreflang=[^>]*>\s*', "", output_content)
    language = config.plugins["i18n"].current_language
    if template_name == "404.html" and language != "zh":
        place = Path(config.site_dir) / language / template_name
        place.parent.mkdir(exist_ok=True)
        place.write_text(output, "utf-8")
        return ""  # or MkDocs would write it over the one at the root
    return output

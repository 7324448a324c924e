"""What every page's frame needs to know: the versions it was checked with, and its languages."""

import platform
import re
from importlib.metadata import version
from urllib.parse import urljoin


def on_config(config):
    """Read the stamp from the environment that builds, which the tests share (constraints.txt)."""
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
    """The 404 page stands for no page, so it has none in the other language."""
    return re.sub(r'<link rel="alternate" href="[^"]*" hreflang=[^>]*>\s*', "", output_content)

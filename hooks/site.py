"""What every page's frame needs to know: the versions it was checked with, and its languages."""

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urljoin

from mkdocs.plugins import event_priority

_serving = False


def on_startup(command: str, dirty: bool) -> None:
    global _serving
    _serving = command == "serve"
    if _serving:  # what a writer does not look at would only delay each reload
        print("Left out while serving: files for hosts and machines", flush=True)


def on_config(config):
    """Read the stamp from the environment that builds, which the tests share (constraints.txt)."""
    config.extra["serving"] = _serving
    if not config.repo_url:  # MkDocs takes edit_uri for a whole address then
        config.edit_uri = None
    config.extra["stamp"] = {
        "torch": version("torch").partition("+")[0],
        "python": platform.python_version(),
        "date": date(Path(config.config_file_path).parent),
    }
    return config


def date(folder: Path) -> str | None:
    """The day of what is built: SOURCE_DATE_EPOCH, else the commit's, else nobody knows.

    The tests run on every commit, so that is the day of the last check. MkDocs is told as well,
    or the sitemap would hold the day of the build.
    """
    if "SOURCE_DATE_EPOCH" not in os.environ:
        git = ["git", "-C", folder, "log", "-1", "--format=%ct"]
        try:
            said = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            return None
        os.environ["SOURCE_DATE_EPOCH"] = said
    moment = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC)
    return moment.date().isoformat()


def on_template_context(context, template_name: str, config):
    """The page for unknown addresses has a language as well, though it stands for no page."""
    context["i18n_page_locale"] = context.get("i18n_current_language")
    return context


def on_post_page(output: str, page, config) -> str:
    """Make the links to the other language absolute, as search engines want them.

    The space after "alternate" is for Material's script, which looks for `[rel=alternate]` and
    asks for a sitemap.xml below every page it finds; readers of HTML trim it.
    """
    address = page.canonical_url or config.site_url

    def absolute(match: re.Match) -> str:
        return f'<link rel="alternate " href="{urljoin(address, match[1])}" hreflang='

    return re.sub(r'<link rel="alternate" href="([^"]*)" hreflang=', absolute, output)


@event_priority(-500)  # when every other hook has had the page
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

"""A server that remembers shows exactly what one that remembers nothing shows."""

import sys
import warnings
from pathlib import Path

import pytest
from jinja2 import Template
from mkdocs.commands.build import build
from mkdocs.config import load_config

EDITS = {
    "text of a page": ("docs/functions/one.zh.md", "[home]", "edited [home]"),
    "title in the neighbour's navigation": ("docs/functions/one.en.md", "# One", "# edited"),
    "figure": ("snippets/functions/one.py", "return", "say('edited', 'edited')\n    return"),
    "template": ("overrides/main.html", "{{ super() }}", "edited {{ super() }}"),
    "style": ("docs/assets/handbook.css", "/* The", "/* edited The"),
    "name of the site": ("mkdocs.yml", "site_name: The", "site_name: edited The"),
    "name of a section": ("mkdocs.yml", "functions: Functions", "functions: edited"),
}


@pytest.fixture
def server(handbook, monkeypatch):
    """Builds as `mkdocs serve` does after an edit; gives every page by its address."""
    monkeypatch.syspath_prepend(str(handbook))
    loaded = {name: sys.modules.pop(name) for name in list(sys.modules) if "snippets" in name}

    def run(remember: bool = True) -> dict[str, str]:
        for name in [name for name in sys.modules if "snippets" in name]:
            del sys.modules[name]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            site = handbook / "site"
            config = load_config(str(handbook / "mkdocs.yml"), site_dir=str(site))
            config.plugins.on_startup(command="build", dirty=False)
            config.hooks["hooks/site.py"].on_startup("serve", False)
            if not remember:
                config.hooks["hooks/cache.py"]._rendered.clear()
            build(config)
        return {str(path.relative_to(site)): path.read_text("utf-8") for path in pages(site)}

    yield run
    sys.modules.update(loaded)


def pages(site: Path) -> list[Path]:
    return [path for path in site.rglob("*.html")]


@pytest.mark.parametrize("edit", EDITS)
def test_every_edit_is_shown(edit, handbook, server):
    name, old, new = EDITS[edit]
    before = server()
    text = (handbook / name).read_text("utf-8")
    assert old in text
    (handbook / name).write_text(text.replace(old, new, 1), "utf-8")
    after = server()
    assert after == server(remember=False)
    assert edit == "figure" or after != before


def test_what_has_not_changed_is_not_rendered_again(server, monkeypatch):
    rendered, render = [], Template.render

    def noted(template, *args):
        rendered.append(template.name)
        return render(template, *args)

    monkeypatch.setattr(Template, "render", noted)
    server()
    assert rendered.count("main.html") == 4
    server()
    assert rendered.count("main.html") == 4

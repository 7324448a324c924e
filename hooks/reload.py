"""Make `mkdocs serve` show an edit at once: what has not changed is not converted again.

MkDocs builds every page anew after each edit. Markdown and highlighting are most of that time,
and a page's result depends on its Markdown, on the set of files (links) and on the configuration;
where these are the same, the last result is used. `mkdocs build` is not touched.
"""

import hashlib

from mkdocs.structure.pages import Page

# what Page.render leaves on the page
RESULT = ("content", "toc", "_title_from_render", "present_anchor_ids", "links_to_anchors")
_results: dict[str, tuple[str, dict]] = {}


def on_startup(command: str, dirty: bool) -> None:
    """Wrap the conversion of pages, once, for a server."""
    if command == "serve" and Page.render.__name__ == "render":
        convert = Page.render

        def render_changed(page: Page, config, files) -> None:
            uris = sorted(file.src_uri for file in files)
            parts = (page.markdown, uris, config.markdown_extensions, config.mdx_configs)
            key = hashlib.sha256(repr(parts).encode()).hexdigest()
            known, result = _results.get(page.file.src_uri, ("", {}))
            if known != key:
                convert(page, config, files)
                result = {name: getattr(page, name, None) for name in RESULT}
                _results[page.file.src_uri] = key, result
            for name, value in result.items():
                setattr(page, name, value)
            # links point to the files of this build, or a heading that went would not be missed
            page.links_to_anchors = {
                files.get_file_from_path(file.src_uri) or file: links
                for file, links in (page.links_to_anchors or {}).items()
            }

        Page.render = render_changed

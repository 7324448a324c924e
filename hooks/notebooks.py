"""Let notebooks be pages in both languages.

static-i18n rebuilds every file as a plain File, which takes an .ipynb for an asset: the notebook
would be copied to index.html as raw JSON, and a strict build would not mind.
"""

from mkdocs.structure.files import File

if File.is_documentation_page.__name__ == "is_documentation_page":
    _is_markdown = File.is_documentation_page

    def _is_markdown_or_notebook(self: File) -> bool:
        return _is_markdown(self) or self.src_uri.endswith(".ipynb")

    File.is_documentation_page = _is_markdown_or_notebook

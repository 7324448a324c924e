"""Notebooks as pages: the same Markdown, in cells: `python -m tests.notebooks FILE ...`.

A notebook is a page whose blocks are cells. As Markdown it is what any page is: text, blocks with
their outputs below them; so that one parser, one contract and one pipeline serve both. From the
command line, X.md becomes X.ipynb and X.ipynb becomes X.md, beside it, to write in either form.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

OUTPUT_MARK = "<!--pytest-codeblocks:expected-output-->"
BLOCK = re.compile(
    rf"^```python\n(?P<code>.*?)\n?```$(?:\n{OUTPUT_MARK}\n```text\n(?P<output>.*?)```$)?",
    re.M | re.S,
)
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def to_markdown(notebook: dict) -> tuple[str, list[int]]:
    """The page that a notebook is, and the line on which each cell starts (1-based).

    Raises ValueError for a cell that holds an error, or an output that is not printed text.
    """
    parts = [_cell(number, cell) for number, cell in enumerate(notebook["cells"], 1)]
    starts, line = [], 1
    for part in parts:
        starts.append(line)
        line += part.count("\n") + 2
    return "\n\n".join(parts) + "\n", starts


def _cell(number: int, cell: dict) -> str:
    source = "".join(cell["source"]).strip("\n")
    if cell["cell_type"] == "markdown":
        return source
    printed = ""
    for output in cell["outputs"]:
        if output["output_type"] == "error":
            raise ValueError(f"cell {number} failed: {output['ename']}: {output['evalue']}")
        if output.get("name") != "stdout":
            raise ValueError(f"cell {number} holds an output that is not printed text: print it")
        printed += "".join(output["text"])
    block = f"```python\n{source}\n```"
    shown = f"\n{OUTPUT_MARK}\n```text\n{printed}```" if printed or "print(" in source else ""
    return block + shown


def from_markdown(text: str) -> dict:
    """The notebook that a page is: a cell for each block, one for the text between two blocks."""
    cells, at = [], 0
    for match in BLOCK.finditer(text):
        cells += _text_cell(text[at : match.start()])
        cells.append(_code_cell(match["code"], match["output"] or ""))
        at = match.end()
    cells += _text_cell(text[at:])
    for number, cell in enumerate(cells, 1):
        cell["id"] = f"cell-{number}"
    return {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}


def _text_cell(text: str) -> list[dict]:
    text = text.strip("\n")
    source = text.splitlines(keepends=True)
    return [{"cell_type": "markdown", "metadata": {}, "source": source}] if text else []


def _code_cell(code: str, printed: str = "") -> dict:
    text = printed.splitlines(keepends=True)
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [{"name": "stdout", "output_type": "stream", "text": text}] if printed else [],
        "source": code.splitlines(keepends=True),
    }


def dumped(notebook: dict) -> str:
    """The file's text, as Jupyter writes it."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def carrying(notebook: dict, files: Iterable[tuple[str, str]]) -> dict:
    """The notebook with cells in front that write these files, (path, text), where it is run."""
    files = list(files)
    folders = sorted({str(Path(name).parent) for name, _ in files})
    made = "\n".join(f'Path("{folder}").mkdir(parents=True, exist_ok=True)' for folder in folders)
    cells = [_code_cell(f"from pathlib import Path\n\n{made}")]
    cells += [_code_cell(f"%%writefile {name}\n{text}") for name, text in files]
    for number, cell in enumerate(cells, 1):
        cell["id"] = f"file-{number}"
        cell["metadata"] = {"jupyter": {"source_hidden": True}}
    title, *others = notebook["cells"]
    return notebook | {"cells": [title, *cells, *others]}


def main(files: list[str]) -> None:
    for name in files:
        path = Path(name)
        text = path.read_text("utf-8")
        if path.suffix == ".ipynb":
            path.with_suffix(".md").write_text(to_markdown(json.loads(text))[0], "utf-8")
        else:
            path.with_suffix(".ipynb").write_text(dumped(from_markdown(text)), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

"""The signatures at the top of function and loss pages are those of the installed torch."""

import inspect
import re

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.markdown import Page, pages

SPACES = {"nn": nn, "F": F, "torch": torch, "Tensor": torch.Tensor}
# the code that a row's second cell starts with; words before it make it an example, not a form
CALL = re.compile(r"^\|[^|]*\|\s*`(?P<name>[A-Za-z][\w.]*)\((?P<args>[^`]*)\)`")


def stated(page: Page) -> list[tuple[int, str, str]]:
    """(line, name, arguments) of the signatures in the table above the first section."""
    end = next((h.line for h in page.headings if h.level == 2), len(page.lines))
    rows = [p for p in page.prose if p.line < end and p.text.startswith("|")]
    return [(p.line, m["name"], m["args"]) for p in rows if (m := CALL.match(p.text))]


def actual(name: str) -> set[str] | None:
    """The arguments as torch has them, without annotations; None where torch states none.

    Builtin functions have no signature; their docstring starts with one or more. Those of tensor
    methods leave keywords out ("See torch.softmax"), so nothing is compared with them.
    """
    if name.startswith("Tensor."):
        return None
    thing = SPACES[name.split(".")[0]]
    for part in name.split(".")[1:]:
        thing = getattr(thing, part)
    try:
        signature = inspect.signature(thing)
    except ValueError:
        lines = re.findall(
            rf"^{re.escape(name.split('.')[-1])}\((.*?)\)", (thing.__doc__ or "").strip(), re.M
        )
        return {line.replace(" or ", " ") for line in lines} or None
    bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    bare = [p for p in bare if p.name != "self"]
    text = str(inspect.Signature(bare))[1:-1]
    text = "" if text == "*args, **kwargs" else text  # modules without an __init__ of their own
    return {re.sub(r"<function (?:boolean_dispatch.<locals>.)?(\w+) at \w+>", r"\1", text)}


FOUND = [
    (page, line, name, args)
    for page in pages()
    if page.language == "en" and re.match("(functions|losses)/", page.stem)
    for line, name, args in stated(page)
    if name.split(".")[0] in SPACES
]


@pytest.mark.parametrize(
    ("page", "line", "name", "args"), FOUND, ids=lambda v: v if isinstance(v, str) else ""
)
def test_a_signature_is_torchs_own(page, line, name, args):
    known = actual(name)
    if known is not None:
        known |= {arguments.removesuffix(", *, out=None") for arguments in known}
        assert args in known, f"docs/{page.stem}.en.md:{line}: {name} takes {known}"


def test_most_pages_state_a_signature():
    assert len({page.stem for page, *_ in FOUND}) > 10

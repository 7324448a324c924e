"""A block is safe to run: it ends, it leaves nothing behind, it reads no state of another."""

import textwrap

import pytest
import torch

from tests import execution
from tests.execution import ROOT, Forbidden, printed
from tests.markdown import Page
from tests.update import renewed

pytest_plugins = ["pytester"]


def test_a_block_that_never_ends_is_stopped(monkeypatch):
    monkeypatch.setattr(execution, "SECONDS", 0.2)
    with pytest.raises(TimeoutError, match="did not end"):
        printed("while True: pass")


@pytest.mark.parametrize(
    "code",
    [
        f"open({str(ROOT / 'docs/x.txt')!r}, 'w')",
        f"import pathlib; pathlib.Path({str(ROOT / 'x')!r}).write_text('')",
        f"import os; os.open({str(ROOT / 'x')!r}, os.O_CREAT | os.O_WRONLY)",
    ],
)
def test_a_block_may_not_write_into_the_repository(code):
    with pytest.raises(Forbidden, match="must not write into the repository"):
        printed(code)
    assert not (ROOT / "x").exists() and not (ROOT / "docs/x.txt").exists()


def test_what_a_block_writes_beside_itself_is_gone_after_it():
    """torch.save writes from C++, where no hook of Python sees it: its folder is not ours."""
    before = sorted(path.name for path in ROOT.iterdir())
    assert printed("import os, torch; torch.save([], 'x.pt'); print(os.listdir())") == "['x.pt']\n"
    assert sorted(path.name for path in ROOT.iterdir()) == before


@pytest.mark.parametrize(
    "code",
    [
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:1/')",
        "import socket; socket.create_connection(('127.0.0.1', 1))",
        "import socket; socket.getaddrinfo('localhost', 80)",
    ],
)
def test_a_block_has_no_network(code):
    with pytest.raises(Forbidden, match="network"):
        printed(code)


LEAKS = {
    "default dtype": "torch.set_default_dtype(torch.float64)",
    "print options": "torch.set_printoptions(precision=1)",
    "gradient mode": "torch.set_grad_enabled(False)",
    "anomaly mode": "torch.autograd.set_detect_anomaly(True)",
    "determinism": "torch.use_deterministic_algorithms(True)",
    "digits of mpmath": "import mpmath; mpmath.mp.dps = 5",
    "environment": "import os; os.environ['X_LEAK'] = '1'",
    "folder": "import os; os.chdir('/')",
    "warnings": "import warnings; warnings.simplefilter('ignore')",
}
STATE = """
import mpmath, os, warnings, torch
print(torch.tensor(1 / 3), torch.get_default_dtype(), torch.is_grad_enabled(),
      torch.is_anomaly_enabled(), torch.are_deterministic_algorithms_enabled(),
      os.environ.get('X_LEAK'), len(os.getcwd()), warnings.filters[0][0], mpmath.mp.dps)
"""


@pytest.mark.parametrize("leak", LEAKS)
def test_nothing_leaks_into_the_next_block(leak):
    before = printed(STATE)
    printed(f"import torch\n{LEAKS[leak]}")
    assert printed(STATE) == before


def test_what_torch_compile_learnt_does_not_leak():
    """It remembers by file name and line which sizes vary, and all blocks share those."""
    code = """
import torch
graphs = []
def backend(graph_module, inputs):
    graphs.append(graph_module)
    return graph_module.forward
f = torch.compile(lambda x: x.exp(), backend=backend)
for n in (8, 16, 32):
    f(torch.zeros(n))
print(len(graphs))
"""
    assert [printed(code), printed(code)] == ["2\n", "2\n"]


def test_a_block_without_seed_is_seen():
    """It draws other numbers each time, so that its output cannot stay right by chance."""
    assert printed("import torch; print(torch.rand(8))") != printed(
        "import torch; print(torch.rand(8))"
    )


def test_a_warning_is_a_fault():
    with pytest.raises(UserWarning, match="Implicit dimension"):
        printed("import torch; torch.nn.functional.softmax(torch.ones(2))")


def page(code: str, output: str) -> Page:
    """A page with one block."""
    text = f"# A {{ #a }}\n\n```python\n{code}\n```\n"
    mark = "<!--pytest-codeblocks:expected-output-->"
    return Page(ROOT / "docs/a.en.md", f"{text}{mark}\n```text\n{output}\n```\n\nProse 1 stays.\n")


def test_update_writes_what_the_block_prints_and_nothing_else():
    old = page("print(2)", "1")
    assert renewed(old, {}) == old.text.replace("```text\n1\n", "```text\n2\n")


@pytest.mark.parametrize("code", ["1 / 0", "import warnings; warnings.warn('x')\nprint(1)"])
def test_update_refuses_an_exception_or_a_warning(code):
    with pytest.raises(RuntimeError, match=r"docs/a\.en\.md:3: the block fails"):
        renewed(page(code, "1"), {})


def test_update_refuses_to_invent_an_output():
    text = "# A { #a }\n\n```python\nprint(1)\n```\n"
    with pytest.raises(RuntimeError, match="no output to update"):
        renewed(Page(ROOT / "docs/a.en.md", text), {})


def test_blocks_fail_with_their_line(pytester):
    """Through pytest itself, with the conftest.py that guards the pages."""
    pytester.makeconftest((ROOT / "conftest.py").read_text("utf-8"))
    (pytester.path / "a.md").write_text(
        textwrap.dedent(
            """\
            ```python
            print(1)
            ```
            <!--pytest-codeblocks:expected-output-->
            ```text
            2
            ```

            ```python
            import torch
            torch.set_default_dtype(torch.float64)
            print(torch.zeros(1).dtype)
            ```
            <!--pytest-codeblocks:expected-output-->
            ```text
            torch.float64
            ```
            """
        )
    )
    result = pytester.runpytest("--codeblocks", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*line 1:*", "*but got*"])
    assert torch.get_default_dtype() == torch.float32


def test_under_ci_a_skipped_check_fails(pytester, monkeypatch):
    monkeypatch.setenv("CI", "true")
    pytester.makeconftest((ROOT / "conftest.py").read_text("utf-8"))
    pytester.makepyfile("import pytest\n\n@pytest.mark.skip\ndef test_a():\n    pass\n")
    result = pytester.runpytest("-p", "no:cacheprovider")
    result.assert_outcomes(errors=1)  # skipped before its call, so it fails before its call
    result.stdout.fnmatch_lines(["*skipped, which CI does not allow*"])

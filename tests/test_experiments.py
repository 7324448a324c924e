"""Experiments: stored results belong to their code, and notebooks print what they show."""

import json
import os
import shutil
from importlib import import_module

import nbclient
import nbformat
import pytest

from snippets.experiments import _results
from tests.contract import nav_pages
from tests.markdown import DOCS, Page
from tests.notebooks import OUTPUT_MARK, from_markdown, to_markdown

NAMES = _results.names()
SECONDS = 120  # a cell of a notebook, on a busy machine


def module(name: str):
    return import_module(f"snippets.experiments.{name}")


# -- results ---------------------------------------------------------------------------------


def test_every_experiment_has_its_notebooks():
    for language in ("zh", "en"):
        found = {path.name.split(".")[0] for path in (DOCS / "experiments").glob("*.ipynb")}
        assert found == set(NAMES), language
    assert {f"experiments/{name}" for name in NAMES} <= set(nav_pages())


@pytest.mark.parametrize("name", NAMES)
def test_stored_results_belong_to_the_code(name):
    results = _results.stored(name)
    assert results["versions"] == _results.versions(), (
        f"{name}.json was made with other versions: run `make experiments NAMES={name}`"
    )
    full = {key: value for key, value in module(name).FULL.items() if key != "seeds"}
    assert results["settings"] == json.loads(json.dumps(full))
    assert len(results["runs"]) == module(name).FULL["seeds"] >= 5


@pytest.mark.parametrize("name", NAMES)
def test_stored_results_support_the_claims(name):
    claims = module(name).claims(_results.stored(name))
    assert len(claims) >= 2 and all(claims.values()), claims


@pytest.fixture
def workshop(tmp_path, monkeypatch):
    """A copy of the experiments, to spoil."""
    shutil.copytree(_results.FOLDER, tmp_path / "experiments")
    monkeypatch.setattr(_results, "FOLDER", tmp_path / "experiments")
    return tmp_path / "experiments"


SPOILT = {
    "code that computes": ("scores.py", "topk(2", "topk(3", "made by other code or data"),
    "the shared module": ("_training.py", "split(64)", "split(32)", "made by other code or data"),
    "versions": ("scores.json", '"torch": "', '"torch": "1', "made by other code or data"),
    "a file that is none": ("scores.json", '"runs": [', '"runs": ', "is no results file"),
    "a file without key": ("scores.json", '"key"', '"lock"', "is no results file"),
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_foreign_results_are_refused(spoilt, workshop):
    name, old, new, said = SPOILT[spoilt]
    text = (workshop / name).read_text("utf-8")
    assert old in text
    (workshop / name).write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(RuntimeError, match=said) as caught:
        _results.stored("scores")
    assert "make experiments NAMES=scores" in str(caught.value)


def test_missing_results_are_named(workshop):
    (workshop / "scores.json").unlink()
    with pytest.raises(RuntimeError, match=r"scores\.json does not exist: run `make experiments"):
        _results.stored("scores")


def test_words_and_colours_are_no_part_of_the_key(workshop):
    path = workshop / "scores.py"
    text = path.read_text("utf-8").replace('say("轮", "epoch")', 'say("轮次", "epoch")')
    path.write_text(text.replace("import BLUE, ", "import RED, BLUE, "), "utf-8")
    assert _results.stored("scores")


def test_an_interval_is_that_of_student():
    mean, low, high = _results.interval([0.0, 1.0, 2.0, 3.0])
    half = 3.1824463 * (5 / 3) ** 0.5 / 2  # t of 3 degrees of freedom at 97.5%
    assert (mean, low, high) == pytest.approx((1.5, 1.5 - half, 1.5 + half))
    assert _results.interval([0.25, 0.25]) == (0.25, 0.25, 0.25)


# -- notebooks -------------------------------------------------------------------------------


def rerun(notebook: dict, folder) -> list[str]:
    """Run a notebook in a kernel of its own in a folder; what differs from what it shows."""
    shown, fresh = (nbformat.reads(json.dumps(notebook), as_version=4) for _ in range(2))
    client = nbclient.NotebookClient(
        fresh, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": folder}}
    )
    try:
        client.execute()
    except nbclient.exceptions.CellExecutionError as error:
        failed = [any(o.output_type == "error" for o in c.get("outputs", ())) for c in fresh.cells]
        return [f"cell {failed.index(True) + 1} fails: {error.ename}: {error}"]
    found = []
    for number, (old, new) in enumerate(zip(shown.cells, fresh.cells, strict=True), 1):
        if old.cell_type == "code" and not old.source.startswith("%%writefile"):
            texts = ["".join(o.get("text", "") for o in cell.outputs) for cell in (old, new)]
            if texts[0] != texts[1]:
                found.append(
                    f"cell {number} shows what it no longer prints; if what it prints is right, run"
                    f" `make update`\n  shown:\n{texts[0]}\n  printed:\n{texts[1]}"
                )
    return found


@pytest.fixture
def quiet(monkeypatch):
    """A kernel that knows nothing of the repository and speaks on loopback alone."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("name", NAMES)
def test_a_download_runs_in_an_empty_folder(name, site, tmp_path, quiet):
    """What a reader gets, executed where nothing of the repository is; outputs are compared.

    It trains the reduced case from scratch: that case must support every claim.
    """
    texts = [
        (site / folder / f"experiments/{name}/{name}.ipynb").read_text("utf-8")
        for folder in ("", "en")
    ]
    zh, en = map(json.loads, texts)
    code = [[c["source"] for c in n["cells"] if c["cell_type"] == "code"] for n in (zh, en)]
    assert code[0] == code[1]
    for notebook in (zh, en):
        nbformat.validate(notebook)
    (probe,) = from_markdown(
        f"""```python
print(_results.FOLDER)
print(results["settings"] | {{"seeds": len(results["runs"])}} == {name}.REDUCED)
print(len({name}.claims(results)) >= 2, all({name}.claims(results).values()))
```
{OUTPUT_MARK}
```text
{tmp_path / "snippets/experiments"}
True
True True
```"""
    )["cells"]
    zh["cells"].append(probe | {"id": "probe"})
    found = rerun(zh, str(tmp_path))
    assert not found, "\n".join(found)
    assert not any("](../" in "".join(c["source"]) for c in [*zh["cells"], *en["cells"]])


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_failing_cell_and_a_stale_output_are_named(tmp_path, quiet):
    good = f"# A {{ #a }}\n\n```python\nprint(1 + 1)\n```\n{OUTPUT_MARK}\n```text\n2\n```\n"
    assert rerun(from_markdown(good), str(tmp_path)) == []
    (stale,) = rerun(from_markdown(good.replace("\n2\n", "\n3\n")), str(tmp_path))
    assert "cell 2 shows what it no longer prints" in stale and "make update" in stale
    (failing,) = rerun(from_markdown(good.replace("1 + 1", "1 / 0")), str(tmp_path))
    assert "cell 2 fails: ZeroDivisionError" in failing


def test_a_stored_error_is_refused():
    notebook = from_markdown("# A { #a }\n\n```python\nprint(1)\n```\n")
    notebook["cells"][1]["outputs"] = [
        {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}
    ]
    with pytest.raises(ValueError, match="cell 2 failed: ValueError: no"):
        to_markdown(notebook)
    notebook["cells"][1]["outputs"] = [
        {"output_type": "display_data", "data": {"image/png": ""}, "metadata": {}}
    ]
    with pytest.raises(ValueError, match="cell 2 holds an output that is not printed text"):
        to_markdown(notebook)


@pytest.mark.parametrize(
    "path", sorted((DOCS / "experiments").glob("*.ipynb")), ids=os.path.basename
)
def test_a_notebook_and_its_markdown_are_the_same(path):
    notebook = json.loads(path.read_text("utf-8"))
    nbformat.validate(notebook)
    assert from_markdown(to_markdown(notebook)[0]) == notebook, (
        f"{path.name}: save it in the handbook's form: python -m tests.update experiments/..."
    )
    assert "REDUCED" in Page.read(path).text, "a notebook trains a reduced case itself"

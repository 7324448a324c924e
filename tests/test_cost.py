"""What guides/cost says of time: results and code belong together, and the sentences hold."""

import json
import re

import pytest
import torch

from snippets.guides import cost
from tests.contract import faults
from tests.markdown import DOCS, ROOT, Page
from tests.update import measured

STORED = json.loads(cost.RESULTS.read_text("utf-8"))
AGAIN = "run `make cost` on a quiet machine, read the page's sentences again, commit both"

# what the page's sentences and text alternatives say of the medians, with room for a second run:
# section, mode, name, at least, at most
SAID = [
    ("units", "forward", "log_softmax", 0.8, 1.25),
    ("units", "forward", "sigmoid", 0, 0.95),
    ("units", "forward", "exp", 1.1, 5),
    ("units", "forward", "argmax", 1, 5),
    ("units", "forward", "logsumexp", 1, 5),
    ("units", "forward", "softplus", 1, 5),
    ("units", "forward", "logsigmoid", 1, 5),
    ("units", "forward", "topk(5)", 1, 5),
    ("units", "forward", "tanh", 1, 5),
    ("units", "forward", "gumbel_softmax", 30, 99),
    ("units", "both", "gumbel_softmax", 20, 99),
    ("ways", "forward", "log(softmax) : log_softmax", 2, 3.4),
    ("ways", "both", "log(softmax) : log_softmax", 1.8, 3.4),
    ("ways", "forward", "x - logsumexp : log_softmax", 1.8, 4),
    ("ways", "both", "x - logsumexp : log_softmax", 1.8, 4),
    ("ways", "forward", "exp(log_softmax) : softmax", 2, 3.4),
    ("ways", "forward", "log(sum(exp)) : logsumexp", 0, 0.95),
    ("ways", "both", "log(sum(exp)) : logsumexp", 0, 0.95),
    ("ways", "forward", "log(sigmoid) : logsigmoid", 0.8, 1.25),
    ("ways", "both", "log(sigmoid) : logsigmoid", 0.8, 1.25),
    ("ways", "forward", "log_softmax + nll_loss : cross_entropy", 0.8, 1.25),
    ("ways", "both", "log_softmax + nll_loss : cross_entropy", 0.8, 1.25),
    ("ways", "forward", "logsumexp - gather : cross_entropy", 1.2, 99),
    ("ways", "forward", "one-hot target : index target", 1.1, 99),
    ("ways", "forward", "sigmoid + BCELoss : BCEWithLogits", 5, 9),
    ("ways", "both", "sigmoid + BCELoss : BCEWithLogits", 5, 9),
    ("ways", "both", "linear_cross_entropy, chunks : whole", 1.1, 3),
    ("decisions", "forward", "softmax, argmax : argmax", 1.2, 3),
    ("decisions", "forward", "softmax, topk(5) : topk(5)", 1.2, 3),
    ("decisions", "forward", "sigmoid > 0.5 : x > 0", 1.2, 3),
    ("samples", "forward", "logits + Gumbel noise, argmax", 0.8, 1.25),
    ("samples", "forward", "Categorical(logits).sample()", 1, 1.4),
    ("samples", "forward", "gumbel_softmax(hard=True), argmax", 1, 1.4),
    ("layout", "forward", "dim=0 of (1000, 256)", 1.2, 2),
    ("layout", "forward", "dim=1 of (1000, 256).t()", 1.8, 4),
    ("layout", "forward", "dim=1 of (128, 1000, 2)", 6, 8),
    ("dtype", "forward", "softmax, float64", 2, 4),
    ("dtype", "both", "log_softmax, float64", 2, 4),
    ("dtype", "forward", "softmax, bfloat16", 0.8, 1.4),
    ("dtype", "forward", "softmax, float16", 0.8, 1.4),
    ("size", "forward", "log(softmax) : log_softmax | 4 x 10", 1.1, 1.8),
    ("size", "forward", "log(softmax) : log_softmax | 256 x 1000", 2, 3.4),
    ("size", "forward", "sigmoid + BCELoss : BCEWithLogits | 4 x 10", 0.8, 1.4),
    ("size", "forward", "sigmoid + BCELoss : BCEWithLogits | 256 x 1000", 5, 9),
]


def test_results_belong_to_the_code_that_measured_them():
    assert STORED["code"] == cost._code(), (
        "snippets/guides/cost.py measures something else than what cost.json holds: " + AGAIN
    )


def test_results_belong_to_the_pinned_torch():
    pinned = re.search(r"^torch==(.*)$", (ROOT / "constraints.txt").read_text("utf-8"), re.M)[1]
    assert STORED["machine"]["torch"] == pinned, f"cost.json is of another torch: {AGAIN}"


def test_every_comparison_has_its_result():
    wanted = {(section, name) for section, named in cost._pairs(8).items() for name in named}
    held = {(s, name) for s in cost._pairs(8) for name in STORED.get(s, {}).get("forward", ())}
    assert held == wanted, AGAIN
    assert all(STORED["machine"].values()), "cost.json does not name its machine"


@pytest.mark.parametrize(("section", "mode", "name", "low", "high"), SAID)
def test_the_pages_words_hold(section, mode, name, low, high):
    middle = STORED[section][mode][name][1]
    assert low <= middle <= high, (
        f"{name}, {mode}: measured {middle}, while guides/cost says it lies in [{low}, {high}]: "
        "mend the sentence in both languages and this table, or measure on a quiet machine"
    )


def test_a_quick_trial_measures_every_comparison():
    pairs = cost._pairs(scale=8)
    with torch.random.fork_rng():
        found = cost._measure(pairs, rounds=3, burst=1e-5)
    assert {(s, n) for s in found for n in found[s]["forward"]} == {
        (s, n) for s, named in pairs.items() for n in named
    }
    for modes in found.values():
        for low, middle, high in (three for named in modes.values() for three in named.values()):
            assert 0 < low <= middle <= high
    assert "both" not in found["decisions"], "a label has no gradient"


@pytest.mark.parametrize("section", ["ways", "decisions"])
def test_a_comparison_is_of_two_ways_to_one_result(section):
    for name, (call, base, x) in cost._pairs(scale=8)[section].items():
        assert torch.allclose(call(x).float(), base(x).float(), atol=1e-5), name


def test_what_draws_is_no_part_of_the_hash(monkeypatch, tmp_path):
    text = (ROOT / "snippets/guides/cost.py").read_text("utf-8")
    copy = tmp_path / "cost.py"
    monkeypatch.setattr(cost, "__file__", str(copy))
    for old, new, same in (
        ('["units"], say, 3.6', '["units"], say, 3.7', True),
        ("# -- figures", "# -- drawings", True),
        ("ROUNDS = 60", "ROUNDS = 61", False),
        ("randn(256, 1000)", "randn(256, 1001)", False),
    ):
        assert old in text
        copy.write_text(text.replace(old, new), "utf-8")
        assert (cost._code() == STORED["code"]) == same, (old, new)


def test_a_stored_number_on_the_page_is_checked_and_renewed():
    page = Page.read(DOCS / "guides/cost.en.md")
    number = re.search(r"(\d)\.(\d)<!-- = stored", page.text)
    wrong = f"{number[1]}.{(int(number[2]) + 1) % 10}<!-- = stored"
    text = page.text.replace(number[0], wrong, 1)
    twin = Page.read(page.twin)
    messages = [str(fault) for fault in faults(Page(page.path, text), twin)]
    assert any("is not what its marker gives" in message for message in messages), messages
    assert "\n".join(measured(line, page.stem) for line in text.split("\n")) == page.text


def test_a_marker_of_no_result_is_named():
    with pytest.raises(RuntimeError, match=r"docs/guides/cost: the marker of 1\.0 fails"):
        measured('1.0<!-- = stored["ways"]["no such"] -->', "guides/cost")

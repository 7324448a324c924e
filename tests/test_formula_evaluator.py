r"""The formula evaluator accepts correct formulas and notices every single-token change.

Each formula below is right; a copy with one digit, sign, index letter or ``\max``/``\min`` changed
must be refused.  A sample of the copies is tried (`make mutate` hunts all those of the pages).
Changes that leave the mathematics true are listed with the reason.
"""

import random
import re
import time
from collections.abc import Iterator

import pytest

from tests.formulas import FormulaError, Result, check

SOFTMAX = r"\operatorname{softmax}(x) = F.softmax(x, 0)"
SIGMOID = r"x ~ randn(); \sigma(x) = torch.sigmoid(x)"
P = "p = F.softmax(x, 0)"
CLASSES = "x ~ randn(C); y ~ randint(C); p = F.softmax(x, 0)"
BATCH = "x ~ randn(N, C); y ~ randint(C, N); p = F.softmax(x, 1)"
LSE = r"\operatorname{LSE}(x) = torch.logsumexp(x, 0)"
BCE = "x ~ randn(N); y ~ rand(N); L = F.binary_cross_entropy_with_logits(x, y)"

CORRECT = {
    "softmax": (
        SOFTMAX,
        r"\operatorname{softmax}(x)_i = \frac{e^{x_i}}{\sum_{j=1}^{C} e^{x_j}}",
    ),
    "stable softmax": (
        r"\operatorname{softmax} = F.softmax(x, 0); m = x.max()",
        r"\operatorname{softmax}(x)_i = \frac{e^{x_i}}{\sum_{j=1}^{C} e^{x_j}}"
        r" = \frac{e^{x_i-m}}{\sum_j e^{x_j-m}}, \qquad m = \max_j x_j",
    ),
    "local definition": (
        P,
        r"p_i = \frac{e^{x_i}}{s}, \quad \text{where} \quad s = \sum_{j=1}^{C} e^{x_j}",
    ),
    "indexed local definition": (
        r"x ~ randn(N); \sigma(x) = torch.sigmoid(x)",
        r"z_n = 1 + e^{-x_n}, \quad \sigma(x_n) = \frac{1}{z_n}",
    ),
    "log_softmax": (
        r"\ell = F.log_softmax(x, 0); m = x.max()",
        r"\ell_i = x_i - \log \sum_{j=1}^{C} e^{x_j}"
        r" = x_i - m - \ln\left(\sum_j \exp(x_j - m)\right), \quad m = \max_k x_k",
    ),
    "Jacobian cases": (
        P,
        r"\frac{\partial p_i}{\partial x_j} = \begin{cases} p_i(1-p_i) & i = j \\"
        r" -p_i p_j & i \ne j \end{cases} = p_i(\delta_{ij} - p_j)",
    ),
    "log_softmax Jacobian": (
        P,
        r"\frac{\partial}{\partial x_j} \log p_i = \delta_{ij} - p_j = [i = j] - p_j",
    ),
    "Jacobian matrix": (
        "p = F.softmax(x, 0); J = torch.autograd.functional.jacobian(lambda z: F.softmax(z, 0), x)",
        r"J = \operatorname{diag}(p) - p p^{\top} = \frac{\partial p}{\partial x}",
    ),
    "conditional derivative": (
        P,
        r"\frac{\partial p_i}{\partial x_j} = -p_i\,p_j \quad \text{if } i \ne j",
    ),
    "where": (P + "; where i != j", r"\frac{\partial p_i}{\partial x_j} = -p_i\,p_j"),
    "Jacobian rows": (P, r"\sum_{j=1}^{C} \frac{\partial p_i}{\partial x_j} = 0"),
    "sum to one": (P, r"\sum_{i=1}^{C} p_i = 1"),
    "sigmoid": (SIGMOID, r"\sigma(x) = \frac{1}{1 + e^{-x}} = \frac{e^{x}}{e^{x} + 1}"),
    "sigmoid derivative": (
        SIGMOID,
        r"\sigma'(x) = \sigma(x)\bigl(1 - \sigma(x)\bigr)"
        r" = \frac{\mathrm{d}}{\mathrm{d}x}\sigma(x)",
    ),
    "sigmoid second derivative": (
        SIGMOID,
        r"\sigma''(x) = \sigma'(x)\,(1 - 2\sigma(x)) = \frac{d^2}{dx^2} \sigma(x)",
    ),
    "sigmoid reflection": (SIGMOID, r"\sigma(-x) = 1 - \sigma(x)"),
    "sigmoid tanh": (SIGMOID, r"\sigma(x) = \frac{1}{2}\left(1 + \tanh\frac{x}{2}\right)"),
    "sigmoid softmax": (
        SIGMOID + r"; \operatorname{softmax}(z) = F.softmax(z, 0)",
        r"\sigma(x) = \operatorname{softmax}([x, 0])_1",
    ),
    "sigmoid of a batch": (
        r"x ~ randn(N); \sigma(x) = torch.sigmoid(x)",
        r"\sigma(x_n) = \frac{1}{1 + \exp(-x_n)}",
    ),
    "logit": (
        r"p ~ rand(); \operatorname{logit}(p) = torch.logit(p)",
        r"\operatorname{logit}(p) = \log\frac{p}{1-p} = \ln p - \ln(1 - p)",
    ),
    "logsigmoid": (
        r"x ~ randn(); \operatorname{logsigmoid} = F.logsigmoid(x)",
        r"\begin{aligned} \operatorname{logsigmoid}(x) &= -\log(1 + e^{-x}) \\"
        r" &= \min(0, x) - \log\bigl(1 + e^{-|x|}\bigr). \end{aligned}",
    ),
    "softplus": (
        r"x ~ randn(); \operatorname{softplus}(x) = F.softplus(x); \sigma(x) = torch.sigmoid(x)",
        r"\frac{d}{dx}\operatorname{softplus}(x) = \sigma(x), \quad"
        r" \operatorname{softplus}(x) = \max(x, 0) + \ln(1 + e^{-\lvert x \rvert})",
    ),
    "softplus with beta": (
        r"x ~ uniform(-5, 5); \beta ~ uniform(0.3, 3); s = F.softplus(x, beta=beta.item())",
        r"s = \frac{1}{\beta}\log(1 + e^{\beta x})",
    ),
    "relu cases": (
        "x ~ randn(); r = F.relu(x)",
        r"r = \begin{cases} x & \text{if } x > 0 \\ 0 & x \le 0 \end{cases} = \max\{0, x\}",
    ),
    "cross entropy": (
        CLASSES + r"; \ell(x, y) = F.cross_entropy(x, y)",
        r"\ell(x, y) = -\log p_y = \log\sum_{j=1}^{C} e^{x_j} - x_y",
    ),
    "cross entropy gradient": (
        CLASSES + "; L = F.cross_entropy(x, y)",
        r"\frac{\partial L}{\partial x_i} = p_i - \delta_{iy}"
        r" = \begin{cases} p_i - 1 & i = y \\ p_i & i \neq y \end{cases}",
    ),
    "cross entropy gradient by p": (
        CLASSES + "; L = -p[y].log()",
        r"\frac{\partial L}{\partial p_i} = -\frac{[i = y]}{p_i}",
    ),
    "Hessian": (
        CLASSES + r"; \ell = F.cross_entropy(x, y)",
        r"\frac{\partial^2 \ell}{\partial x_i \partial x_j} = p_i(\delta_{ij} - p_j)",
    ),
    "batch mean": (
        BATCH + "; L = F.cross_entropy(x, y)",
        r"L = -\frac{1}{N}\sum_{n=1}^{N} \log p_{n,y_n}"
        r" = \frac{1}{N}\sum_{n=1}^{N}\left(\log\sum_{c=1}^{C} e^{x_{n,c}} - x_{n y_n}\right)",
    ),
    "weighted mean": (
        BATCH + "; w ~ rand(C); L = F.cross_entropy(x, y, weight=w)",
        r"L = \frac{-\sum_{n=1}^{N} w_{y_n} \log p_{n,y_n}}{\sum_{n=1}^{N} w_{y_n}}",
    ),
    "reductions": (
        BATCH + r"; \ell = F.nll_loss(p.log(), y, reduction='none');"
        r" L_{\mathrm{sum}} = ell.sum(); L_{\mathrm{mean}} = F.nll_loss(p.log(), y)",
        r"\ell_n = -\log p_{n,y_n}, \qquad L_{\mathrm{sum}} = \sum_{n=1}^{N} \ell_n, \qquad"
        r" L_{\mathrm{mean}} = \frac{1}{N} \sum_n \ell_n",
    ),
    "batch gradient": (
        BATCH + "; L = F.cross_entropy(x, y)",
        r"\frac{\partial L}{\partial x_{n,c}} = \frac{1}{N}\left(p_{n,c} - [c = y_n]\right)",
    ),
    "label smoothing": (
        CLASSES + r"; \varepsilon ~ rand(); L = F.cross_entropy(x, y,"
        " label_smoothing=varepsilon.item())",
        r"L = -(1 - \varepsilon)\log p_y - \frac{\varepsilon}{C}\sum_{c=1}^{C} \log p_c",
    ),
    "soft targets": (
        "q ~ simplex(C); p = F.softmax(x, 0); H(q, p) = F.cross_entropy(x, q);"
        r" D_{\mathrm{KL}}(q, p) = F.kl_div(p.log(), q, reduction='sum')",
        r"H(q, p) = -\sum_{c=1}^{C} q_c \log p_c"
        r" = D_{\mathrm{KL}}(q \,\|\, p) - \sum_c q_c \log q_c",
    ),
    "KL divergence": (
        r"p ~ simplex(C); q ~ simplex(C); D(p, q) = F.kl_div(q.log(), p, reduction='sum')",
        r"D(p \parallel q) = \sum_{i=1}^{C} p_i \log\frac{p_i}{q_i}",
    ),
    "BCE with logits": (
        BCE,
        r"L = \frac{1}{N}\sum_{n=1}^{N}\left(\max(x_n, 0) - x_n y_n"
        r" + \log\bigl(1 + e^{-|x_n|}\bigr)\right)",
    ),
    "BCE by sigmoid": (
        BCE + r"; \sigma(x) = torch.sigmoid(x)",
        r"L = -\frac{1}{N}\sum_{n=1}^{N} \left[ y_n \log\sigma(x_n)"
        r" + (1 - y_n)\log(1 - \sigma(x_n)) \right]",
    ),
    "pos_weight": (
        r"x ~ randn(N); y ~ rand(N); p_c ~ uniform(0.3, 3); \sigma(x) = torch.sigmoid(x);"
        r" \ell = F.binary_cross_entropy_with_logits(x, y, pos_weight=p_c, reduction='none')",
        r"\ell_n = -p_c\,y_n \log\sigma(x_n) - (1 - y_n)\log\sigma(-x_n)",
    ),
    "LSE bounds": (
        LSE,
        r"\max_i x_i \le \operatorname{LSE}(x) \le \max_i x_i + \ln C",
    ),
    "LSE shift": (LSE + "; c ~ randn()", r"\operatorname{LSE}(x + c) = \operatorname{LSE}(x) + c"),
    "LSE gradient": (
        LSE + "; " + P,
        r"\nabla_x \operatorname{LSE}(x) = p, \quad"
        r" \frac{\partial}{\partial x_i}\operatorname{LSE}(x) = p_i",
    ),
    "temperature": (
        r"T ~ uniform(0.3, 3); p = F.softmax(x / T, 0);"
        r" \operatorname{softmax}(z) = F.softmax(z, 0)",
        r"p_i = \frac{e^{x_i/T}}{\sum_{j=1}^{C} e^{x_j/T}} = \operatorname{softmax}(x/T)_i",
    ),
    "log-odds": (P, r"x_i - x_j = \log p_i - \log p_j = \log\frac{p_i}{p_j}"),
    "sum without one": (
        P,
        r"1 - p_i = \sum_{j \ne i} p_j = \frac{\sum_{j \ne i} e^{x_j}}{\sum_{j} e^{x_j}}",
    ),
    "rounded": ("", r"\ln 2 \approx 0.6931, \quad e^{-16} \approx 1.125 \times 10^{-7}"),
    "range": (SIGMOID, r"\sigma(x) \in (0, 1)"),
    "norm": (
        r"\hat{x} = F.normalize(x, dim=0)",
        r"\hat{x}_i = \frac{x_i}{\lVert x \rVert_2} = \frac{x_i}{\sqrt{\sum_{j=1}^{C} x_j^2}}",
    ),
    "linear layer": (
        "x ~ randn(D); W ~ randn(C, D); b ~ randn(C); z = F.linear(x, W, b)",
        r"z = W x + b, \qquad z_i = \sum_{d=1}^{D} W_{id} x_d + b_i",
    ),
    "positions": (
        P,
        r"p_1 = \frac{e^{x_1}}{\sum_{j=1}^{C} e^{x_j}}, \quad p_C = 1 - \sum_{j=1}^{C-1} p_j",
    ),
    "matrix": (
        "x ~ randn(2); p = F.softmax(x, 0); J = torch.diag(p) - torch.outer(p, p)",
        r"J = \begin{pmatrix} p_1(1-p_1) & -p_1 p_2 \\ -p_2 p_1 & p_2(1-p_2) \end{pmatrix}",
    ),
    "odot": (
        "x ~ randn(C); m ~ rand(C); z = x * m",
        r"z = x \odot m, \qquad \mathbf{1}^{\top} z = x^{\top} m",
    ),
    "entropy": (
        P + "; H = torch.special.entr(p).sum()",
        r"H = -\sum_{i=1}^{C} p_i \log p_i, \quad 0 \le H \le \ln C",
    ),
}

# (formula, changed piece) -> why the changed formula is still true
EQUIVALENT: dict[tuple[str, str], str] = {
    ("Jacobian rows", "6:j->i"): "the Jacobian is symmetric: its columns sum to 0 as well",
    **{
        ("Jacobian rows", f"32:i->{letter}"): "only renames i, which stands nowhere else"
        for letter in "knc"
    },
}

LETTERS = "ijknc"
SAMPLE, SOME, SEED = 3, 10, 20261123  # changes tried for each formula, formulas timed


def mutants(latex: str) -> Iterator[tuple[str, str]]:
    """Copies with one digit, sign, index letter or extremum changed, with what was changed."""
    text = [
        m.span()
        for m in re.finditer(
            r"\\(?:text|operatorname|mathrm|begin|end)\{[^}]*\}|\\[A-Za-z]+", latex
        )
    ]

    def put(start: int, end: int, new: str) -> tuple[str, str]:
        return f"{start}:{latex[start:end]}->{new}", latex[:start] + new + latex[end:]

    for at, char in enumerate(latex):
        if any(a <= at < b for a, b in text):
            continue
        if char.isdigit():
            yield put(at, at + 1, str((int(char) + 1) % 10))
            yield put(at, at + 1, str((int(char) - 1) % 10))
        elif char in "+-":
            yield put(at, at + 1, "-" if char == "+" else "+")
        elif char in LETTERS and in_index(latex, at):
            for other in LETTERS:
                if other != char:
                    yield put(at, at + 1, other)
    for found in re.finditer(r"\\(max|min)\b", latex):
        yield put(*found.span(1), "min" if found[1] == "max" else "max")
    for found in re.finditer(r"(?<![\w}])-|(?<=[({=])\s*-", latex):
        yield put(*found.span(), " ")


def passes(latex: str, marker: str) -> bool:
    try:
        check(latex, marker)
    except FormulaError:
        return False
    return True


def in_index(latex: str, at: int) -> bool:
    """Whether a letter stands in a subscript or in a condition on indices."""
    before = latex[:at]
    if before.endswith("_") or re.search(r"_\{[^{}]*(_\{?[^{}]*)?$", before):
        return True
    return bool(re.match(r"[a-z]?\s*(=|\\neq?\b)\s*[a-z]\b", latex[at:])) or bool(
        re.search(r"(&|\[|if \})\s*[a-z]\s*(=|\\neq?)\s*$", before)
    )


@pytest.mark.parametrize("name", CORRECT)
def test_correct_formula_passes(name):
    marker, latex = CORRECT[name]
    result = check(latex, marker)
    assert result.status == "checked"
    assert result.members >= 2


@pytest.mark.parametrize("name", CORRECT)
def test_changed_formula_is_refused(name):
    marker, latex = CORRECT[name]
    changed = {mutant: change for change, mutant in mutants(latex)}
    found = [(mutant, c) for mutant, c in changed.items() if (name, c) not in EQUIVALENT]
    sample = random.Random(f"{SEED} {name}").sample(found, min(SAMPLE, len(found)))
    assert [change for mutant, change in sample if passes(mutant, marker)] == []


@pytest.mark.parametrize(("name", "change"), EQUIVALENT)
def test_equivalent_change_passes(name, change):
    """Or it would not belong on the list."""
    marker, latex = CORRECT[name]
    assert passes(dict(mutants(latex))[change], marker)


@pytest.mark.parametrize("name", random.Random(SEED).sample(list(CORRECT), 2 * SOME))
def test_equality_is_not_an_inequality(name):
    r"""An ``=`` that becomes ``\le`` stays true, but is not what the formula should say."""
    marker, latex = CORRECT[name]
    places = [found.start() for found in re.finditer("=", latex)]
    for at in random.Random(f"{SEED} {name}").sample(places, min(1, len(places))):
        assert not passes(latex[:at] + r"\le " + latex[at + 1 :], marker)


ALSO_CORRECT = [
    ("x ~ randn(N, C); p = F.softmax(x, 1)", r"\sum_{n=1}^{N}\sum_{c=1}^{C} p_{n,c} = N"),
    (
        BATCH + r"; w ~ rand(C); \ell = F.nll_loss(p.log(), y, reduction='none');"
        " L = F.cross_entropy(x, y, weight=w)",
        r"L = \frac{\sum_{c=1}^{C} w_c \sum_{n: y_n = c} \ell_n}{\sum_n w_{y_n}}",
    ),
    (r"\hat{y} = x.argmax()", r"\hat y = \arg\max_c x_c"),
    (SIGMOID, r"\sigma(x)^2 + \sigma(x)\sigma(-x) = \sigma(x)"),
    ("x ~ randn()", r"\tanh^2(x) = 1 - \frac{d}{dx}\tanh x"),
    ("p ~ simplex(C); h = -(p * p.log2()).sum()", r"h = -\sum_i p_i \log_2 p_i"),
    (
        CLASSES + r"; \ell = F.cross_entropy(x, y)",
        r"\frac{\partial^2 \ell}{\partial x_i^2} = p_i(1 - p_i)",
    ),
    (
        CLASSES + "; L = F.cross_entropy(x, y); m = x.max()",
        r"\begin{aligned} L &= -\log p_y \\ &= -x_y \\ &\quad + \log \sum_j e^{x_j}, \\[4pt]"
        r" p_i &= e^{x_i - m} / \left(\sum_j e^{x_j-m}\right), \\ m &= \max_j x_j. \end{aligned}",
    ),
    ("L(x) = F.softplus(x)", r"L(0) = \ln 2 \approx 0.6931"),
    (
        r"C = 10; \ell(x) = F.cross_entropy(x, torch.tensor(0))",
        r"\ell(\mathbf{1}) = \ln C = \ln 10 \approx 2.303",
    ),
    (
        "q ~ simplex(C); p ~ simplex(C); H(q, p) = F.cross_entropy(p.log(), q);"
        " H(q) = torch.special.entr(q).sum(); D(q, p) = F.kl_div(p.log(), q, reduction='sum')",
        r"H(q, p) = H(q) + D(q \,\|\, p)",
    ),
    (
        r"\mathbf{x} ~ randn(C); \operatorname{softmax}(x) = F.softmax(x, 0)",
        r"\operatorname{softmax}(\mathbf{x})_i = e^{\mathbf{x}_i}"
        r" \frac{1}{\mathbf{1}^\top e^{\mathbf{x}}}",
    ),
    (
        "x ~ randn(N, C); p = F.softmax(x, 1); " + r"\operatorname{softmax}(z) = F.softmax(z, 0)",
        r"p_{n,c} = \operatorname{softmax}(x_n)_c = \frac{\exp x_{n,c}}{\sum_k \exp x_{n,k}}",
    ),
    (SIGMOID, r"\sigma'(x) \le \frac{1}{4}, \quad \sigma'(0) = \frac{1}{4}"),
    (SIGMOID, r"\frac{\mathrm{d}\sigma}{\mathrm{d}x} = \sigma(x)(1 - \sigma(x))"),
    (
        P,
        r"\lVert p \rVert_1 = 1, \; \|x\|_2^2 = x^\top x, \; \lVert x\rVert_\infty = \max_i |x_i|",
    ),
    (
        r"x ~ randn(); \alpha ~ rand(); r = torch.where(x > 0, x, alpha * torch.expm1(x))",
        r"r = \begin{cases} x & x > 0 \\ \alpha(e^x - 1) & \text{otherwise} \end{cases}",
    ),
    (BATCH + "; L = F.cross_entropy(x, y)", r"\prod_{n=1}^{N} p_{n,y_n} = e^{-N L}"),
    (P, r"p_i > p_j \quad \text{if } x_i > x_j"),
]


@pytest.mark.parametrize(("marker", "latex"), ALSO_CORRECT)
def test_further_constructs(marker, latex):
    assert check(latex, marker).status == "checked"


REFUSED = [
    (None, "p_i = q_i", "without a marker"),
    ("unchecked no reason", "p_i = q_i", "three words"),
    (P, "", "empty"),
    (P, "p_i", "no relation"),
    (P, "p_i = q_i", "'q' is not understood"),
    (P, r"p \in \mathbb{R}^C", "not an interval"),
    (P, r"p_i = \frac{e^{x_i}}{\sum_k e^{x_j}}", "used nowhere"),
    (P, r"p_i = \frac{e^{x_i}}{\sum_{j=1}^{N} e^{x_j}}", "on an axis of"),
    (P, r"p_i = \frac{e^{x_i}}{\sum_j e^{x_j}}, \; m = \max_j x_j", "never used"),
    (P, r"p_i = \frac{e^{x_i-m}}{\sum_j e^{x_j-m}}, \; m = \max_j x_j", "other values of m"),
    (P, r"p_i = \frac{e^{x_i}}{\sum_j e^{x_j}} \quad \text{if } i \ne 1", "superfluous"),
    (P, r"p_i = \frac{e^{x_i}}{\sum_j e^{x_j}} \quad \text{roughly}", "'roughly'"),
    (P + "; q = 2 * p", r"\sum_i p_i = 1", "declares q"),
    (P, r"\sum_i p_i + 1 = 1", "differ: left 2, right 1"),
    (P, r"p_i = (e^{x_i}", "not closed"),
    (P, r"\log p_i x_i = 1", "in ( )"),
    (P, r"\sum_{i=1}^{} p_i = 1", "operand is missing"),
    (P, r"\sum_{} p_i = 1", "start with a letter"),
    (P, r"p_i [i = j j] = p_i p_j", "not understood"),
    (P, r"p_i / 2 x_i = 1", "divisor"),
    (P, r"p_i \propto e^{x_i}", "no relation"),
    (P, r"p_i \star 1 = p_i", "is not understood"),
    (P, r"p_i + - 1 = p_i", "wrong place"),
    (P, r"x_i p = p_i", "rank"),
    (P, r"p_i < 2", "not tight"),
    (P, r"p_i \le p_i", "write ="),
    (P, r"\frac{1}{2} \approx x", "plain decimal"),
    (P, r"\frac12 = 0.5", "put braces"),
    (
        "x ~ randn(); r = F.relu(x)",
        r"r = \begin{cases} x & x \ge 0 \\ 0 & x \le 0 \end{cases}",
        "overlap",
    ),
    ("p = F.softmaxx(x, 0)", r"\sum_i p_i = 1", "softmaxx"),
    ("p = (1", r"\sum_i p_i = 1", "marker part"),
    ("F = x.sum()", "F = 1", "is taken"),
    ("p = p + 1", "p = 1", "by itself"),
]  # fmt: skip


@pytest.mark.parametrize(("marker", "latex", "message"), REFUSED)
def test_refusals_say_why(marker, latex, message):
    with pytest.raises(FormulaError, match=re.escape(message)):
        check(latex, marker)


def test_unchecked_keeps_its_reason():
    marker = "<!-- formula: unchecked a statement about sets -->"
    assert check(r"p \in \mathbb{R}^C", marker) == Result("unchecked", "a statement about sets")


def test_members_are_counted():
    assert check(r"\sum_i p_i = 1 = 2 - 1", "p ~ simplex(C)").members == 3


def test_check_is_fast():
    """Hundreds of formulas and thousands of mutants must stay cheap."""
    start = time.process_time()  # other processes do not count
    for marker, latex in random.Random(SEED).sample(list(CORRECT.values()), SOME):
        check(latex, marker)
    assert (time.process_time() - start) / SOME < 0.1

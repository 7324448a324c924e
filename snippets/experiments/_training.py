"""What the experiments train with: scikit-learn's digits, a small VGG, a loop, metrics.

An experiment is a module beside this one. It holds

- `FULL`: the settings of the stored run, with the number of seeds;
- `run(seed, **settings)`: trains for one seed and returns what was measured: numbers, and lists
  and dicts of them. Seeds are paired: the same seed gives every variant the same split, the same
  initial weights and the same batches;

and below a line that starts `# -- reading`

- `REDUCED`: settings of seconds, which the tests and the notebook repeat from scratch;
- functions that take `results` (`_results.stored(NAME)`) and return a table as text;
- `claims(results)`: what is concluded, each sentence with whether these results say so;
- functions that take `say` and return a figure (snippets/_style.py).

Stored results belong to this file and to what stands above that line (`_results.key`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn import functional as F

Part = tuple[Tensor, Tensor]  # images (N, 1, 8, 8) in [0, 1], labels (N,)


def digits(
    seed: int, train: int | None = None, noise: float = 0.0, validation: float = 0.0
) -> dict[str, Part]:
    """The parts `train` and `test` (and `validation`) of the 1797 digits, 60% and 40%, stratified.

    `train` keeps only so many training images; `noise` is the standard deviation of the noise
    added to every pixel; `validation` is the share of the 40% that becomes a part of its own.
    """
    images, labels = load_digits(return_X_y=True)
    fit, rest = _halves(np.arange(len(labels)), labels, seed, test_size=0.4)
    if train:
        fit, _ = _halves(fit, labels, seed, train_size=train)
    parts = {"train": fit, "test": rest}
    if validation:
        parts["test"], parts["validation"] = _halves(rest, labels, seed, test_size=validation)
    x = torch.tensor(images, dtype=torch.float32).view(-1, 1, 8, 8) / 16
    x += noise * torch.randn(x.shape, generator=torch.Generator().manual_seed(1000 + seed))
    y = torch.tensor(labels)
    return {name: (x[rows], y[rows]) for name, rows in parts.items()}


def _halves(rows, labels, seed: int, **size) -> tuple[np.ndarray, np.ndarray]:
    return train_test_split(rows, stratify=labels[rows], random_state=seed, **size)


def vgg(seed: int, classes: int = 10) -> nn.Sequential:
    """Two blocks of two 3x3 convolutions and a pooling, two linear layers: logits (N, classes)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            *_block(1, 16),
            *_block(16, 32),
            nn.Flatten(),
            nn.Linear(32 * 2 * 2, 64),
            nn.ReLU(),
            nn.Linear(64, classes),
        )


def _block(before: int, after: int) -> list[nn.Module]:
    first, second = nn.Conv2d(before, after, 3, padding=1), nn.Conv2d(after, after, 3, padding=1)
    return [first, nn.ReLU(), second, nn.ReLU(), nn.MaxPool2d(2)]


def fit(
    net: nn.Module,
    part: Part,
    loss: Callable[[Tensor, Tensor], Tensor],
    seed: int,
    at: Sequence[int],
    look: Callable[[nn.Module], object],
    optimiser: Callable = torch.optim.Adam,
    **options,
) -> list:
    """Train on batches of 64 until the last epoch of `at`; `look(net)` at each epoch of `at`.

    Epoch 0 is before the first step; `loss(logits, labels)` is a mean over the batch; `options`
    go to the optimiser, e.g. lr. Returns what `look` saw, in the order of `at`.
    """
    x, y = part
    steps = optimiser(net.parameters(), **{"lr": 1e-3} | options)
    order = torch.Generator().manual_seed(seed)
    seen = [look(net)] if 0 in at else []
    for epoch in range(1, max(at) + 1):
        for rows in torch.randperm(len(y), generator=order).split(64):
            steps.zero_grad()
            loss(net(x[rows]), y[rows]).backward()
            steps.step()
        if epoch in at:
            seen.append(look(net))
    return seen


def one_vs_rest(logits: Tensor, y: Tensor) -> Tensor:
    """BCEWithLogitsLoss on one-hot labels, summed over the classes, mean over the batch."""
    target = F.one_hot(y, logits.shape[1]).to(logits)
    return F.binary_cross_entropy_with_logits(logits, target, reduction="sum") / len(y)


def gradient_norm(net: nn.Module, part: Part, loss: Callable[[Tensor, Tensor], Tensor]) -> float:
    """The length of the gradient of the loss of a whole part with respect to all parameters."""
    gradients = torch.autograd.grad(loss(net(part[0]), part[1]), list(net.parameters()))
    return torch.cat([g.flatten() for g in gradients]).norm().item()


def accuracy(scores: Tensor, y: Tensor) -> float:
    """The share of rows whose largest score, (N, C), is that of the label, (N,)."""
    return (scores.argmax(1) == y).float().mean().item()


def ece(scores: Tensor, y: Tensor, bins: int = 15) -> float:
    """Expected calibration error of the top score: |score - accuracy|, mean over bins by size.

    `scores` (N, C) in [0, 1]; the bins have equal width. Within a bin the two means differ by
    the mean of (score - correct), so that the sums of these are all that is needed.
    """
    top, label = scores.max(1)
    bin_of = (top * bins).long().clamp(max=bins - 1)
    excess = torch.zeros(bins, dtype=top.dtype).scatter_add_(0, bin_of, top - (label == y).to(top))
    return excess.abs().sum().item() / len(y)


def log_loss(probs: Tensor, y: Tensor) -> float:
    """The mean of -log p of the label; `probs` (N, C) are divided by their row sums first."""
    probs = probs.double()
    return F.nll_loss((probs / probs.sum(1, keepdim=True)).clamp_min(1e-38).log(), y).item()

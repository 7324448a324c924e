"""A sample of the mutants of all pages; `make mutate` hunts every one."""

import random

from tests.markdown import pages
from tests.mutation import KINDS, Mutant, mutants, survives

SAMPLE = 60  # of each kind
SEED = 20261123


def test_every_sampled_mutant_dies():
    found = list(pages())
    for kind in KINDS:
        everyone = [mutant for page in found for mutant in mutants(page, [kind])]
        chosen = random.Random(SEED).sample(everyone, min(SAMPLE, len(everyone)))
        alive = [str(mutant) for mutant in chosen if survives(mutant)]
        assert chosen and not alive, "\n" + "\n".join(alive)


def test_a_page_as_it_stands_survives():
    """Or the mutants above would die of something else than their change."""
    for page in list(pages())[:6]:
        for kind in KINDS:
            first = next(mutants(page, [kind]), None)
            if first:
                same = Mutant(kind, page, first.line, 0, 0, "")
                assert survives(same), f"{page.path}: {kind}"

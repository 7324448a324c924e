"""Train everything anew and store it: `make experiments`.

    python -m snippets.experiments [NAME ...]      without a name, every experiment

The seeds of all experiments are shared out to one process a core.
"""

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib import import_module
from multiprocessing import get_context

from snippets.experiments import _results


def main() -> None:
    known = _results.names()
    parser = argparse.ArgumentParser(prog="python -m snippets.experiments")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    names = parser.parse_args().names or known
    if unknown := set(names) - set(known):
        parser.error(f"no such experiment: {', '.join(unknown)} (there are: {', '.join(known)})")
    context = get_context("spawn")  # torch's threads do not survive a fork
    begun = time.time()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        for name in names:
            start = time.time()
            full = import_module(f"snippets.experiments.{name}").FULL
            settings = {k: v for k, v in full.items() if k != "seeds"}
            seeds = range(full["seeds"])
            jobs = {pool.submit(_results.alone, name, seed, settings): seed for seed in seeds}
            runs = {}
            for job in as_completed(jobs):
                runs[jobs[job]] = job.result()
                done = f"{name}: {len(runs)} of {len(jobs)} seeds, {time.time() - start:.0f} s"
                print(done, flush=True)
            path = _results.store(name, settings, [runs[seed] for seed in sorted(runs)], start)
            print(f"{name}: stored in snippets/experiments/{path.name}", flush=True)
    print(f"{len(names)} experiments in {time.time() - begun:.0f} s")


if __name__ == "__main__":
    main()

"""Run one block of a page as the suite runs it: alone, guarded, its printed text returned."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import mpmath
import numpy
import torch
from pytest_codeblocks.main import stdout_io

ROOT = Path(__file__).resolve().parent.parent
# a block of a page answers at once; this stops one that never ends. The first to export a model
# imports for some seconds, many on a busy machine, and a stopped import is broken for all others
SECONDS = 60

DESK = tempfile.TemporaryDirectory()  # where a relative path that a block writes lands

_guarded = False


class Forbidden(RuntimeError):
    """The block did what a block of a page must not do. No OSError: libraries swallow those."""


def _audit(event: str, args: tuple) -> None:
    """Refuse what a block must not do: write into the repository, or talk to the network."""
    if not _guarded:
        return
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind"):
        raise Forbidden("a block of a page must not use the network")
    if event == "open" and isinstance(args[0], str | bytes | os.PathLike):
        mode, flags = args[1], args[2] or 0
        writes = any(c in (mode or "") for c in "wax+") or flags & (os.O_WRONLY | os.O_RDWR)
        target = Path(os.fsdecode(args[0])).absolute()
        # compiled modules and the like are caches of what is imported, not the block's doing
        if writes and target.is_relative_to(ROOT) and "__pycache__" not in target.parts:
            raise Forbidden(f"a block of a page must not write into the repository: {target}")


sys.addaudithook(_audit)
# tensors of a few numbers gain nothing from threads, which on a busy machine wait for each other
torch.set_num_threads(1)


def _stop(signum, frame):
    raise TimeoutError(f"the block did not end within {SECONDS} s")


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Put back whatever a block sets in torch, NumPy, mpmath, random, the environment, warnings.

    The block has SECONDS to end, may not write into the repository and has no network.
    """
    global _guarded
    numbers = random.getstate(), numpy.random.get_state(), torch.get_rng_state()
    dtype, grad = torch.get_default_dtype(), torch.is_grad_enabled()
    deterministic, threads = torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    anomaly = torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()
    validated = torch.distributions.Distribution._validate_args
    prints, digits = dict(vars(torch._tensor_str.PRINT_OPTS)), mpmath.mp.dps
    environment, folder, path = dict(os.environ), os.getcwd(), list(sys.path)
    os.chdir(DESK.name)
    before = signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    _guarded = True
    # another seed each time: a block that draws without a seed of its own is found
    torch.default_generator.seed()
    numpy.random.seed()
    random.seed()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield
    finally:
        _guarded = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        random.setstate(numbers[0])
        numpy.random.set_state(numbers[1])
        torch.set_rng_state(numbers[2])
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad)
        if torch.are_deterministic_algorithms_enabled() != deterministic:
            torch.use_deterministic_algorithms(deterministic)
        torch.set_num_threads(threads)
        torch.autograd.set_detect_anomaly(*anomaly)
        vars(torch._tensor_str.PRINT_OPTS).update(prints)
        # torch.compile turns the checks of every distribution off, for good
        torch.distributions.Distribution.set_default_validate_args(validated)
        mpmath.mp.dps = digits
        if os.environ != environment:
            os.environ.clear()
            os.environ.update(environment)
        os.chdir(folder)
        for left in os.listdir(DESK.name):
            rest = os.path.join(DESK.name, left)
            shutil.rmtree(rest) if os.path.isdir(rest) else os.remove(rest)
        sys.path[:] = path
        if "torch._dynamo" in sys.modules:  # else nothing was compiled, and reset would import it
            # torch.compile remembers by file name and line which sizes vary: blocks share both
            torch.compiler.reset()


def printed(code: str) -> str:
    """What the block prints; raises what it raises."""
    with guarded(), stdout_io() as out:
        exec(compile(code, "<block>", "exec"), {"__MODULE__": "__main__"})
    return out.getvalue()

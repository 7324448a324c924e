"""The cache, .cache: what was made once is not made again, and nothing half made is kept."""

import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def written(place: Path, content: bytes) -> Path:
    """Write a file in one step: a build that is stopped, or another beside it, leaves no half."""
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(place)
    return place


def kept(place: Path, make: Callable[[], bytes]) -> Path:
    """The file, made now where it is not there yet; its name says all that it depends on."""
    return place if place.exists() else written(place, make())


@cache
def installed(package: str) -> str:
    """The version of a package of node_modules, for the name of what is made with it."""
    text = (ROOT / "node_modules" / package / "package.json").read_text("utf-8")
    return json.loads(text)["version"]

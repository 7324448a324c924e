"""The cache, .cache: what was made once is not made again, and nothing half made is kept."""

import os
from collections.abc import Callable
from pathlib import Path


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

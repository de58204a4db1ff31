"""Where the files that travel with the program are: beside the package in a checkout, inside it once installed."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    installed = _PACKAGE / f"_{name}"
    return installed if installed.is_dir() else _PACKAGE.parent / name


def resources() -> Path:
    """Return the folder of fonts, icons and pictures."""
    return _folder("resources")


def examples() -> Path:
    """Return the folder of example projects."""
    return _folder("examples")

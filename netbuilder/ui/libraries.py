"""Which system libraries the window needs and this machine lacks: Qt's own message names the wrong one.

Imports the standard library alone, so that it can speak before Qt is imported.
"""

from __future__ import annotations

import ctypes
import sys

_ALWAYS = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libOpenGL.so.0": "libopengl0",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libxkbcommon.so.0": "libxkbcommon0",
}

_UNDER_X = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11-xcb.so.1": "libx11-xcb1",
}


def missing_packages(*, under_x: bool) -> list[str]:
    """Return the Debian packages that a window needs and that are not there: none on systems without such packages."""
    if not sys.platform.startswith("linux"):
        return []
    needed = _ALWAYS | _UNDER_X if under_x else _ALWAYS
    return sorted(package for library, package in needed.items() if not _loads(library))


def advice(packages: list[str]) -> str:
    """Say in a sentence what to install."""
    return (
        f"The window needs {len(packages)} system librar{'y' if len(packages) == 1 else 'ies'} "
        "that this machine lacks; "
        f"on Debian and Ubuntu: apt install {' '.join(packages)}."
    )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True

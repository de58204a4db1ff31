"""`netbuilder [FILE]`, `demo`, `screenshot`: what shows the window.

Where there is none to be had, the demo runs in the terminal.
"""

from __future__ import annotations

import ctypes
import os
import sys
from argparse import Namespace
from pathlib import Path

from netbuilder.commands import INTERRUPTED
from netbuilder.diagnostics import NetbuilderError
from netbuilder.examples import find
from netbuilder.ui.libraries import advice, missing_packages

DEMO = "digits_cnn"


def window(given: Namespace) -> int:
    """Open the window, with a project where one is given."""
    if given.file and not given.file.exists():
        hint = "" if given.file.suffix else " What netbuilder can do is listed by netbuilder --help."
        raise NetbuilderError(f"There is no file {given.file}.{hint}")
    no_window = why_no_window()
    if no_window:
        raise NetbuilderError(f"{no_window} check, train, evaluate, code and export need none: netbuilder --help.")
    from netbuilder.ui.app import main

    return main(given.file)


def demo(given: Namespace) -> int:
    """Open the digits example and train it; without a window, train it in the terminal and export it."""
    example = find(DEMO)
    no_window = None if given.no_window else why_no_window()
    if not given.no_window and not no_window:
        from netbuilder.ui.app import main

        return main(example.path, train=True)
    if no_window:
        print(f"{no_window} So the demo runs here, in the terminal.")
    print(f"{example.title}: {example.description}")
    return _demo_in_terminal(example.path)


def screenshot(given: Namespace) -> None:
    """Render the window to a PNG without a display."""
    packages = missing_packages(under_x=False)
    if packages:
        raise NetbuilderError(advice(packages))
    if "QT_QPA_PLATFORM" not in os.environ:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        # Qt would warn that this platform lacks what no picture needs.
        os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")
    from netbuilder.ui.screenshot import screenshot as render

    render(given.file, given.out, given.size, given.theme, given.train, given.inside)
    print(f"{given.out} is written.")


def why_no_window() -> str | None:
    """Say in a sentence why no window can be opened here, or return None. Qt itself would end the process."""
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    under_x = sys.platform.startswith("linux") and not platform and not os.environ.get("WAYLAND_DISPLAY")
    if under_x and not os.environ.get("DISPLAY"):
        return "There is no display to open a window on: neither DISPLAY nor WAYLAND_DISPLAY is set."
    packages = missing_packages(under_x=under_x or platform == "xcb")
    if packages:
        return advice(packages)
    if under_x and not _display_answers():
        return f"The display {os.environ['DISPLAY']} (DISPLAY) does not answer."
    return None


def _display_answers() -> bool:
    """Ask the X server for a connection, and hang up."""
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = (ctypes.c_void_p,)
    connection = xcb.xcb_connect(None, None)
    answers = xcb.xcb_connection_has_error(connection) == 0
    xcb.xcb_disconnect(connection)
    return answers


def _demo_in_terminal(file: Path) -> int:
    from netbuilder.commands.export import print_report
    from netbuilder.commands.runs import new_run_folder, print_result, train_to_its_end
    from netbuilder.graph.files import load
    from netbuilder.training.export import export_run
    from netbuilder.training.run import Run

    run = Run.create(load(file), new_run_folder())
    ended = train_to_its_end(run, quiet=False)
    print_result(run, ended)
    if ended.reason == "stopped":
        return INTERRUPTED
    print_report(export_run(run.folder, run.folder / f"{file.stem}.onnx", name=file.stem))
    return 0

"""The command line: one table of verbs. What a verb does is in `netbuilder.commands`, imported when it is called for.

Exit status: 0 done; 1 a problem in what the user gave, told in one sentence on standard error; 2 wrong usage; 130
interrupted.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from netbuilder import __version__
from netbuilder.atomic import reason
from netbuilder.commands import INTERRUPTED, WrongUsage
from netbuilder.diagnostics import NetbuilderError, one_line


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a verb: its names, and the keywords of `argparse.ArgumentParser.add_argument`."""

    names: tuple[str, ...]
    options: dict[str, Any]


def argument(*names: str, **options: Any) -> Argument:
    """Declare an argument of a verb."""
    return Argument(names, options)


@dataclass(frozen=True, slots=True)
class Verb:
    """One sub-command: `netbuilder.commands.<module>` has a function of its name that takes the parsed arguments."""

    name: str
    module: str
    help: str
    arguments: tuple[Argument, ...] = ()


def size(text: str) -> tuple[int, int]:
    """Read a size in pixels: 1600x1000."""
    match = re.fullmatch(r"([0-9]{2,4})x([0-9]{2,4})", text.lower())
    if not match:
        raise argparse.ArgumentTypeError(f"“{text}” is no size such as 1600x1000")
    return int(match[1]), int(match[2])


def seconds(text: str) -> float:
    """Read a time in seconds."""
    try:
        time = float(text)
    except ValueError:
        time = -1.0
    if not 0 <= time <= 3600:
        raise argparse.ArgumentTypeError(f"“{text}” is no number of seconds from 0 to 3600")
    return time


FILE = argument("file", metavar="FILE", type=Path, help="a project file (.netb)")
JSON = argument("--json", action="store_true", help="print one JSON object as the last line")

VERBS = (
    Verb(
        "demo",
        "window",
        "open the bundled digits classifier and train it",
        (argument("--no-window", action="store_true", help="do it in the terminal, and export the result"),),
    ),
    Verb("examples", "projects", "list the bundled examples", (JSON,)),
    Verb(
        "new",
        "projects",
        "write a new project file",
        (argument("--example", metavar="NAME", help="begin with this example"), FILE),
    ),
    Verb("check", "projects", "say what is wrong with a network, and how large it is", (FILE, JSON)),
    Verb(
        "train",
        "runs",
        "train a network",
        (
            argument("file", metavar="FILE", type=Path, nargs="?", help="a project file (.netb)"),
            argument("--epochs", type=int, metavar="N", help="passes over the training data, in all"),
            argument("--batch-size", type=int, metavar="N", help="samples per step"),
            argument("--device", metavar="NAME", help="auto, cpu, cuda, cuda:0, mps"),
            argument("--seed", type=int, metavar="N", help="start of all random choices"),
            argument("--out", type=Path, metavar="DIR", help="a new folder for the run"),
            argument("--resume", type=Path, metavar="RUN", help="go on with the run in this folder"),
            JSON,
        ),
    ),
    Verb(
        "evaluate",
        "runs",
        "measure a trained network",
        (
            argument("run", metavar="RUN", type=Path, help="the folder of a run"),
            argument("--split", choices=("train", "validation", "test"), default="test", help="default: test"),
            JSON,
        ),
    ),
    Verb(
        "code",
        "projects",
        "print a network as plain PyTorch",
        (FILE, argument("-o", "--out", type=Path, metavar="FILE.py", help="write to this file instead")),
    ),
    Verb(
        "export",
        "export",
        "write an ONNX file that is proven equal",
        (
            argument("source", metavar="FILE_OR_RUN", type=Path, help="a run's folder, or an untrained project file"),
            argument("-o", "--out", type=Path, metavar="MODEL.onnx", required=True, help="the file to write"),
            argument("--weights", choices=("best", "last"), default="best", help="which of a run's; default: best"),
            JSON,
        ),
    ),
    Verb(
        "blocks",
        "reference",
        "list all blocks with their parameters",
        (JSON, argument("--markdown", action="store_true", help="print the whole reference as Markdown")),
    ),
    Verb(
        "screenshot",
        "window",
        "render the window to a picture, with no display needed",
        (
            FILE,
            argument("-o", "--out", type=Path, metavar="PNG", required=True, help="the file to write"),
            argument("--size", type=size, metavar="WxH", default=(1600, 1000), help="default: 1600x1000"),
            argument("--theme", choices=("light", "dark"), default="dark", help="default: dark"),
            argument("--inside", metavar="GROUP", help="show the inside of this group"),
            argument("--train", type=seconds, metavar="SECONDS", default=0.0, help="train for so long before"),
        ),
    ),
)

_WINDOW = Verb(
    "window",
    "window",
    "open the window",
    (argument("file", metavar="FILE", type=Path, nargs="?", help="a project file (.netb)"),),
)
"""What is meant where there is no verb."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    _open_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = _run(sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
        return status
    except NetbuilderError as error:
        _tell(str(error))
        return 2 if isinstance(error, WrongUsage) else 1
    except KeyboardInterrupt:
        _tell("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:  # whoever read the output has had enough of it, and needs no telling
        _close_output()
        return 1
    except OSError as error:
        _close_output()
        _tell(f"{error.filename or 'The output'} can't be used: {reason(error)}.")
        return 1


def _run(arguments: Sequence[str]) -> int:
    verbs = {verb.name: verb for verb in VERBS}
    if len(arguments) == 0 or (len(arguments) == 1 and arguments[0] not in verbs and arguments[0][:1] != "-"):
        verbs = {_WINDOW.name: _WINDOW}
        arguments = [_WINDOW.name, *arguments]
    try:
        given = _parser(verbs.values()).parse_args(arguments)
    except SystemExit as end:  # usage or help has been printed
        sys.stdout.flush()
        return int(end.code or 0)
    verb = verbs[given.verb]
    command = getattr(import_module(f"netbuilder.commands.{verb.module}"), verb.name)
    return command(given) or 0


def _parser(verbs: Iterable[Verb]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="netbuilder",
        description="Design neural networks by drag and drop, watch them train live, export proven ONNX.",
        usage="netbuilder [FILE]\n       netbuilder VERB ...",
        epilog="“netbuilder FILE” opens a project in the window. “netbuilder VERB --help” explains a verb.",
    )
    parser.add_argument("--version", action="version", version=f"NetBuilder {__version__}")
    commands = parser.add_subparsers(dest="verb", metavar="VERB", required=True, prog="netbuilder")
    for verb in verbs:
        command = commands.add_parser(verb.name, help=verb.help, description=f"{verb.help[0].upper()}{verb.help[1:]}.")
        for each in verb.arguments:
            command.add_argument(*each.names, **each.options)
    return parser


def _tell(sentence: str) -> None:
    """Put a sentence on standard error, on one line whatever it quotes."""
    print(one_line(sentence), file=sys.stderr)


def _open_streams() -> None:
    """Let a stream that was closed before the start, which Python has no object for, lead nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - open until the end


def _close_output() -> None:
    """Point standard output nowhere, or Python would try once more to write what is left in it, and complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())

"""Problems of the user's making, as data. Imports nothing of ours, so that every layer can speak of problems alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

LONGEST_SENTENCE = 1000

Severity = Literal["error", "warning"]


class NetbuilderError(Exception):
    """What the user gave can't be used.

    The message is one sentence that a person can act on, fit to be shown as it is.
    """


def one_line(text: str) -> str:
    """Take out of a sentence what a stranger's name in it could do to a terminal or a dialog."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text[: 2 * LONGEST_SENTENCE])
    line = " ".join(printable.split())
    return line if len(line) <= LONGEST_SENTENCE else line[: LONGEST_SENTENCE - 2] + " …"


@dataclass(frozen=True, slots=True)
class Fix:
    """A one-click repair: `edit` is a `netbuilder.graph.edits.Edit`, applied and undone like any other."""

    title: str
    edit: Any


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem, at its place.

    `message` names the cause and the shapes in plain words; `node` is a node id, `port` a port of it, `parameter` one
    of its parameters. A problem of the whole project has none of the three.
    """

    severity: Severity
    code: str
    message: str
    node: str | None = None
    port: str | None = None
    parameter: str | None = None
    fixes: tuple[Fix, ...] = ()

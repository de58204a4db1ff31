"""What the verbs of the command line do: a function each, in a module for each family of verbs.

Torch and Qt are imported inside the functions, after the arguments have been looked at: a wrong file name is answered
at once.
"""

from __future__ import annotations

from netbuilder.diagnostics import NetbuilderError

INTERRUPTED = 130
"""Exit status after Ctrl+C: 128 and the signal's number, as shells have it."""


class WrongUsage(NetbuilderError):
    """The arguments of a command don't go together."""

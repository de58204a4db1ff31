"""How an export fails: one sentence for the user, and what the libraries said at length."""

from __future__ import annotations

from netbuilder.diagnostics import NetbuilderError


class ExportError(NetbuilderError):
    """The network can't be exported. `details` is for a bug report: what the exporter said at length."""

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message, details)
        self.details = details

    def __str__(self) -> str:
        return self.args[0]


def root(error: BaseException) -> str:
    """Return the first line of what an error goes back to, as a sentence."""
    while error.__cause__ is not None:
        error = error.__cause__
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return line if line.endswith(".") else f"{line}."

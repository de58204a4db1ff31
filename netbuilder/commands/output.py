"""What the commands print."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from netbuilder.graph.model import finite


def print_json(content: Mapping[str, Any]) -> None:
    """Print one JSON object on one line. A number that is not finite, which JSON has no word for, becomes null."""
    print(json.dumps(finite(content), allow_nan=False))


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows with their columns aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def leave_dead_terminal() -> None:
    """Point the streams that led to a terminal which is gone nowhere: writing to it would fail from now on."""
    for stream in (sys.stdout, sys.stderr):
        number = stream.fileno()
        if stat.S_ISCHR(os.fstat(number).st_mode) and not os.isatty(number):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, number)
            os.close(nowhere)


def metric(value: float) -> str:
    """Write a loss or a metric with four digits that count."""
    return f"{value:.4f}" if 0.001 <= abs(value) < 1000 or value == 0 else f"{value:.3e}"


def metrics(values: Mapping[str, float]) -> str:
    """Write losses and metrics in a row: `loss 0.0934 · accuracy 0.9778`."""
    return " · ".join(f"{name.replace('_', ' ')} {metric(value)}" for name, value in values.items())

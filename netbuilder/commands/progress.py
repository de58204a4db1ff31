"""How a run is shown in a terminal: a bar that moves, or plain lines where the output is no terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from netbuilder.commands.output import metric, metrics
from netbuilder.training.telemetry import Ended, EpochEnded, Event, Started

if TYPE_CHECKING:
    from netbuilder.training.run import Run

REFRESH_SECONDS = 0.1
MOST_LINES = 20
"""Lines for epochs where the output is no terminal."""


def follow(run: Run, *, quiet: bool) -> Ended:
    """Show a started run until it has ended. `quiet` leaves standard output alone: a bar goes to a terminal, or nowhere."""
    stream = sys.stderr if quiet else sys.stdout
    if stream.isatty():
        return _with_bar(run, stream)
    return _with_lines(run, None if quiet else stream)


def _with_bar(run: Run, stream: TextIO) -> Ended:
    bar = Progress(
        TextColumn("{task.fields[epoch]}"),
        BarColumn(bar_width=None),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[figures]}"),
        console=Console(file=stream, highlight=False),
        expand=True,
        refresh_per_second=1 / REFRESH_SECONDS,
    )
    ended = None
    with bar:
        task = bar.add_task("", total=None, epoch="starting", figures="")
        while ended is None:
            over = run.join(REFRESH_SECONDS)
            progress, losses = run.telemetry.progress, run.telemetry.step_losses.view()
            bar.update(
                task,
                completed=progress.step,
                total=progress.total_steps or None,
                epoch=f"epoch {progress.epoch}/{progress.epochs}",
                figures=_figures(losses[-1] if len(losses) else None, progress.steps_per_second, progress.seconds_left),
            )
            for event in run.telemetry.take_events():
                if isinstance(event, Started | EpochEnded):
                    bar.console.print(_line(event), soft_wrap=True)
                ended = event if isinstance(event, Ended) else ended
            assert ended or not over, "a run that is over has said so"
    return ended


def _with_lines(run: Run, stream: TextIO | None) -> Ended:
    ended = None
    while ended is None:
        over = run.join(REFRESH_SECONDS)
        epochs = run.telemetry.progress.epochs
        for event in run.telemetry.take_events():
            if stream and (isinstance(event, Started) or (isinstance(event, EpochEnded) and _is_due(event, epochs))):
                print(_line(event), file=stream, flush=True)
            ended = event if isinstance(event, Ended) else ended
        assert ended or not over, "a run that is over has said so"
    return ended


def _is_due(event: EpochEnded, epochs: int) -> bool:
    return event.epoch % max(1, epochs // MOST_LINES) == 0 or event.epoch in (1, epochs)


def _line(event: Event) -> str:
    match event:
        case Started():
            return (
                f"{event.device} · {event.parameters:,} parameters · {event.total_steps:,} steps,"
                f" {event.steps_per_epoch:,} an epoch"
            )
        case EpochEnded():
            values = {name: value for name, value in event.values.items() if name != "seconds"}
            return f"epoch {event.epoch:>3} · {metrics(values)}{' · best' if event.is_best else ''}"
        case _:
            return ""


def _figures(loss: float | None, steps_per_second: float, seconds_left: float | None) -> str:
    parts = [f"loss {metric(loss)}" if loss is not None else "", f"{steps_per_second:,.0f} steps/s"]
    if seconds_left is not None:
        minutes, seconds = divmod(round(seconds_left), 60)
        hours, minutes = divmod(minutes, 60)
        parts.append(f"ETA {hours}:{minutes:02}:{seconds:02}" if hours else f"ETA {minutes}:{seconds:02}")
    return " · ".join(part for part in parts if part)

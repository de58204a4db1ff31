"""How a run is shown in a terminal: a bar that moves, or plain lines where the output is no terminal."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from netbuilder.commands.output import metric, metrics
from netbuilder.training.telemetry import Ended, EpochEnded, Event, Started, Telemetry

REFRESH_SECONDS = 0.1
MOST_LINES = 20
"""Lines for epochs, about, however many there are."""


def follow(telemetry: Telemetry, *, quiet: bool) -> Ended:
    """Show what a started run writes until it has ended. `quiet` leaves standard output alone."""
    stream = sys.stderr if quiet else sys.stdout
    if stream.isatty():
        return _with_bar(telemetry, stream)
    return _with_lines(telemetry, None if quiet else stream)


def _with_bar(telemetry: Telemetry, stream: TextIO) -> Ended:
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
            time.sleep(REFRESH_SECONDS)
            progress, losses = telemetry.progress, telemetry.step_losses.view()
            bar.update(
                task,
                completed=progress.step,
                total=progress.total_steps or None,
                epoch=f"epoch {progress.epoch}/{progress.epochs}",
                figures=_figures(losses[-1] if len(losses) else None, progress.steps_per_second, progress.seconds_left),
            )
            for event in telemetry.take_events():
                if line := _line(event, progress.epochs):
                    bar.console.print(line, soft_wrap=True)
                ended = event if isinstance(event, Ended) else ended
    return ended


def _with_lines(telemetry: Telemetry, stream: TextIO | None) -> Ended:
    ended = None
    while ended is None:
        time.sleep(REFRESH_SECONDS)
        for event in telemetry.take_events():
            if stream and (line := _line(event, telemetry.progress.epochs)):
                print(line, file=stream, flush=True)
            ended = event if isinstance(event, Ended) else ended
    return ended


def _line(event: Event, epochs: int) -> str:
    """Return what is told of an event; nothing of most epochs where there are many."""
    match event:
        case Started():
            steps = f"{event.total_steps:,} steps, {event.steps_per_epoch:,} an epoch"
            return f"{event.device} · {event.parameters:,} parameters · {steps}"
        case EpochEnded(epoch=epoch) if epoch % max(1, epochs // MOST_LINES) == 0 or epoch in (1, epochs):
            values = {name: value for name, value in event.values.items() if name != "seconds"}
            return f"epoch {epoch:>3} · {metrics(values)}{' · best' if event.is_best else ''}"
        case _:
            return ""


def _figures(loss: float | None, steps_per_second: float, seconds_left: float | None) -> str:
    parts = [f"loss {metric(loss)}" if loss is not None else "", f"{steps_per_second:,.0f} steps/s"]
    if seconds_left is not None:
        minutes, seconds = divmod(round(seconds_left), 60)
        hours, minutes = divmod(minutes, 60)
        parts.append(f"ETA {hours}:{minutes:02}:{seconds:02}" if hours else f"ETA {minutes}:{seconds:02}")
    return " · ".join(part for part in parts if part)

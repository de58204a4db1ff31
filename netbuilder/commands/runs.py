"""`train` and `evaluate`: runs, without a window."""

from __future__ import annotations

import signal
from argparse import Namespace
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_data_path

from netbuilder.commands import INTERRUPTED, WrongUsage
from netbuilder.commands.output import leave_dead_terminal, metrics, print_json
from netbuilder.commands.progress import follow
from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.edits import SetSection
from netbuilder.graph.files import load
from netbuilder.graph.project import Project
from netbuilder.training.telemetry import Ended

if TYPE_CHECKING:
    from netbuilder.training.run import Run


def train(given: Namespace) -> int:
    """Train a project, or go on with a run; 130 when it was interrupted, with everything kept."""
    run = _resumed(given) if given.resume else _created(given)
    ended = train_to_its_end(run, quiet=given.json)
    if given.json:
        print_json(_summary(run, ended))
    else:
        print_result(run, ended)
    return INTERRUPTED if ended.reason == "stopped" else 0


def evaluate(given: Namespace) -> None:
    """Measure a run's best weights on a part of its data."""
    _require_folder(given.run)
    from netbuilder.training.evaluate import evaluate as measure

    values = measure(given.run, given.split)
    if given.json:
        print_json({"split": given.split, "metrics": values})
    else:
        print(f"{given.split}: {metrics(values)}")


def train_to_its_end(run: Run, *, quiet: bool) -> Ended:
    """Run to the end, showing progress.

    An interruption stops it, and loses nothing; a failure raises `NetbuilderError`.
    """
    with _interruption_stops(run):
        run.start()
        ended = follow(run.telemetry, quiet=quiet)
    run.join()
    if ended.reason == "failed":
        problem = ended.problem.message if ended.problem else "Training failed."
        raise NetbuilderError(f"{problem} What was learned before is in {run.folder}.")
    return ended


def print_result(run: Run, ended: Ended) -> None:
    """Say how a run ended and where it is kept."""
    if ended.reason == "stopped":
        print(f"Stopped after {ended.epoch} epochs and {ended.step:,} steps; nothing is lost.")
        print(f"To go on: netbuilder train --resume {run.folder}")
        return
    print(f"Trained {ended.epoch} epochs, {ended.step:,} steps. Test: {metrics(ended.test_metrics)}")
    print(f"The run is kept in {run.folder}")


def new_run_folder() -> Path:
    """Return a folder for a new run among this user's runs."""
    from netbuilder.training.folder import free_folder

    return free_folder(user_data_path("netbuilder", appauthor=False) / "runs")


def _created(given: Namespace) -> Run:
    if not given.file:
        raise WrongUsage("Say what to train: a project FILE, or --resume RUN.")
    project = load(given.file)
    chosen = {"epochs": given.epochs, "batch_size": given.batch_size, "device": given.device, "seed": given.seed}
    changes = {key: value for key, value in chosen.items() if value is not None}
    SetSection("training", {**project.training, **changes}).apply(project)
    from netbuilder.training.run import Run

    return Run.create(project, given.out or new_run_folder())


def _resumed(given: Namespace) -> Run:
    fixed = {"--batch-size": given.batch_size, "--seed": given.seed, "--out": given.out}
    for option, value in fixed.items():
        if value is not None:
            raise WrongUsage(f"{option} is settled when a run begins; it can't go with --resume.")
    _require_folder(given.resume)
    project = load(given.file) if given.file else None
    from netbuilder.training.run import Run

    run = Run.open(given.resume, epochs=given.epochs, device=given.device)
    if project and not _same_task(project, run.project):
        raise NetbuilderError(f"{given.file} is no longer the network of {given.resume}; train it without --resume.")
    return run


def _require_folder(run: Path) -> None:
    if not run.is_dir():
        found = f"{run} is a file, not the folder of a run." if run.exists() else f"There is no folder {run}."
        raise NetbuilderError(found)


def _same_task(one: Project, other: Project) -> bool:
    """Tell whether two projects are the same network on the same data."""
    return (one.graph.nodes(), one.graph.edges(), one.data) == (other.graph.nodes(), other.graph.edges(), other.data)


def _summary(run: Run, ended: Ended) -> dict[str, Any]:
    from netbuilder.training.folder import RunFolder

    return {
        "epochs": ended.epoch,
        "steps": ended.step,
        "history": RunFolder.open(run.folder).history(),
        "test_metrics": ended.test_metrics,
        "run": str(run.folder),
    }


@contextmanager
def _interruption_stops(run: Run) -> Generator[None]:
    """Let Ctrl+C, a request to end (SIGTERM) or the terminal's end (SIGHUP) stop the run before its next batch.

    A second signal is obeyed at once, and one that is ignored already, as SIGHUP under nohup, stays so.
    A handler, and no `KeyboardInterrupt`: one raised inside `Thread.join` makes Python 3.11 take the thread for dead.
    """
    known = {getattr(signal, name, signal.SIGINT) for name in ("SIGINT", "SIGTERM", "SIGHUP")}  # no SIGHUP on Windows
    before = {number: handler for number in known if (handler := signal.getsignal(number)) != signal.SIG_IGN}

    def stop(*_: object) -> None:
        run.stop()
        leave_dead_terminal()
        for number in before:
            signal.signal(number, signal.default_int_handler)

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    except BaseException:
        run.stop()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""Exports in a process of their own, so that they disturb nothing.

While `torch.export` traces, it turns oneDNN off for the whole process, and at the end it puts torch's random generators
back to where they stood when it began. A training thread beside it computes with other kernels and draws the same
random numbers again: its losses change. It also holds the interpreter lock for long, and nothing can cancel it. A
process can be ended.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netbuilder.diagnostics import NetbuilderError

if TYPE_CHECKING:
    from torch import fx

    from netbuilder.compiler.program import Program
    from netbuilder.exchange.onnx_export import Labels, Report


@dataclass(frozen=True, slots=True)
class _Job:
    """What the process is asked for: an inference part with its weights, or with fresh ones, proven and as bytes."""

    part: Program
    weights: dict[str, Any] | None
    seed: int
    path: Path
    labels: Labels


class ExportProcess:
    """A process that exports; it is started when first needed and kept, since the first export takes seconds longer.

    `export` runs on one thread at a time; `cancel` and `close` may be called from any.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._cancelled = False
        self._closed = False

    def warm_up(self) -> None:
        """Start the process and let it import what an export needs. Returns at once; an export waits for it."""
        self._start()

    def export(
        self, program: Program, module: fx.GraphModule | None, path: Path, labels: Labels | None = None, seed: int = 0
    ) -> Report:
        """Do what `netbuilder.exchange.onnx_export.export` does.

        Raises `NetbuilderError`, also where it was cancelled.
        """
        from netbuilder.atomic import atomic_write
        from netbuilder.exchange.onnx_export import Labels, check_destination, detached, inference_part

        self._cancelled = False
        check_destination(path)
        part = inference_part(program)
        copied = detached(part, module).state_dict() if module else None
        weights = copied and {name: tensor.numpy() for name, tensor in copied.items()}
        answer = self._ask(_Job(part, weights, seed, path, labels or Labels()))
        if isinstance(answer, NetbuilderError):
            raise answer
        content, report = answer
        atomic_write(path, content)
        return report

    def cancel(self) -> None:
        """Give up the export that is under way: it raises, and no file is written."""
        self._cancelled = True
        self._end()

    def close(self) -> None:
        """Give up what is under way, and every export that is asked for from now on."""
        self._closed = True
        self._end()

    def _end(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.join()

    def _start(self) -> tuple[BaseProcess, Connection]:
        with self._lock:
            if self._process is None or self._pipe is None or not self._process.is_alive():
                context = multiprocessing.get_context("spawn")
                self._pipe, there = context.Pipe()
                process = context.Process(target=_serve, args=(there,), name="netbuilder-export", daemon=True)
                process.start()
                there.close()
                self._process = process
            return self._process, self._pipe

    def _ask(self, job: _Job) -> Any:
        process = None
        try:
            if not self._gave_up():
                process, pipe = self._start()
                pipe.send(job)
                return pipe.recv()
        except (EOFError, OSError):
            pass  # the process is gone: killed here, or by the system
        if process is None or self._gave_up():
            raise NetbuilderError("The export was cancelled; no file was written.")
        process.join()
        raise NetbuilderError(
            f"The process that exports ended with code {process.exitcode}, perhaps for lack of memory; "
            "no file was written."
        )

    def _gave_up(self) -> bool:
        return self._cancelled or self._closed


def _serve(pipe: Connection) -> None:
    """Answer jobs until the other end is closed; the main of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is for the program that started this one
    os.environ["CUDA_VISIBLE_DEVICES"] = ""  # a GPU context would take memory from a training
    import torch

    from netbuilder.exchange.onnx_conversion import warm_up

    for library in ("onnx", "onnxruntime"):  # before the first job is there
        import_module(library)
    torch.set_num_threads(1)
    warm_up()
    while True:
        try:
            job: _Job = pipe.recv()
        except EOFError:
            return
        try:
            answer = _do(job)
        except NetbuilderError as error:
            answer = error
        pipe.send(answer)


def _do(job: _Job) -> tuple[bytes, Report]:
    import torch

    from netbuilder.exchange.onnx_export import fresh, prove

    module = fresh(job.part, job.seed)
    if job.weights is not None:
        module.load_state_dict({name: torch.from_numpy(weight) for name, weight in job.weights.items()})  # pyright: ignore[reportUnknownMemberType]
    return prove(job.part, module, job.path, job.labels, trained=job.weights is not None)

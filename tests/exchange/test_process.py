"""Exports in a process of their own: they disturb no training, can be cancelled, and fail in words."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from netbuilder.compiler.build import build
from netbuilder.diagnostics import NetbuilderError
from netbuilder.exchange.errors import ExportError
from netbuilder.exchange.onnx_export import Labels, export
from netbuilder.exchange.process import ExportProcess
from tests.exchange.networks import batchnorm_and_dropout, made


@pytest.fixture(scope="module")
def process() -> Iterator[ExportProcess]:
    process = ExportProcess()
    process.warm_up()
    yield process
    process.close()


def losses(exporting: threading.Event | None = None, least: int = 60) -> list[float]:
    """Train with dropout; go on until an export that runs beside it has ended."""
    program, module = made(batchnorm_and_dropout())
    network = build(program.only("output"), module)
    torch.manual_seed(0)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    image, label = torch.randn(32, 3, 10, 10), torch.randint(0, 4, (32,))
    found: list[float] = []
    while len(found) < least or (exporting and not exporting.is_set()):
        (scores,) = network(image)
        loss = functional.cross_entropy(scores, label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(float(loss.detach()))
    return found


def test_a_training_beside_it_gives_the_same_losses(process: ExportProcess, tmp_path: Path) -> None:
    program, module = made(batchnorm_and_dropout())
    process.export(program, module, tmp_path / "model.onnx")  # from here on it answers soon
    done = threading.Event()
    failures: list[Exception] = []

    def work() -> None:
        try:
            process.export(program, module, tmp_path / "model.onnx")
        except Exception as error:
            failures.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=work)
    thread.start()
    beside = losses(done)
    thread.join()
    assert not failures
    assert os.listdir(tmp_path) == ["model.onnx"]
    assert beside == losses(least=len(beside))


@pytest.mark.parametrize("trained", [True, False])
def test_it_writes_what_an_export_in_this_process_writes(trained: bool, process: ExportProcess, tmp_path: Path) -> None:
    program, module = made(batchnorm_and_dropout())
    labels = Labels("twins", {"label": ["a", "b"]})
    weights = module if trained else None
    there = process.export(program, weights, tmp_path / "there.onnx", labels, 3)
    here = export(program, weights, tmp_path / "here.onnx", labels, 3)
    assert (tmp_path / "there.onnx").read_bytes() == (tmp_path / "here.onnx").read_bytes()
    assert there.as_json() | {"path": ""} == here.as_json() | {"path": ""}


def test_a_refusal_comes_through_whole(process: ExportProcess, tmp_path: Path) -> None:
    program, module = made(batchnorm_and_dropout())
    with torch.no_grad():
        module.get_parameter("fc.weight")[0] = float("inf")
    with pytest.raises(ExportError, match="own result is not finite at output “scores” and batch 1") as caught:
        process.export(program, module, tmp_path / "model.onnx")
    assert caught.value.details == ""
    assert not os.listdir(tmp_path)


def test_a_cancelled_export_leaves_no_file_and_the_next_one_works(tmp_path: Path) -> None:
    process = ExportProcess()
    program, module = made(batchnorm_and_dropout())
    canceller = threading.Timer(0.3, process.cancel)  # the process is still importing torch
    canceller.start()
    with pytest.raises(NetbuilderError, match="The export was cancelled; no file was written"):
        process.export(program, module, tmp_path / "model.onnx")
    canceller.join()
    assert not os.listdir(tmp_path)
    try:
        assert process.export(program, module, tmp_path / "model.onnx").path.exists()
    finally:
        process.close()


def test_a_process_that_dies_is_said_in_one_sentence(tmp_path: Path) -> None:
    process = ExportProcess()
    program, module = made(batchnorm_and_dropout())
    process.warm_up()
    child = process._process
    assert child is not None
    killer = threading.Timer(0.3, child.kill)
    killer.start()
    with pytest.raises(
        NetbuilderError, match=r"The process that exports ended with code -?[0-9]+, perhaps for lack of memory"
    ):
        process.export(program, module, tmp_path / "model.onnx")
    killer.join()
    assert not os.listdir(tmp_path)
    process.close()


def test_once_closed_it_exports_no_more(tmp_path: Path) -> None:
    process = ExportProcess()
    process.close()
    with pytest.raises(NetbuilderError, match="The export was cancelled"):
        process.export(*made(batchnorm_and_dropout()), tmp_path / "model.onnx")
    assert process._process is None

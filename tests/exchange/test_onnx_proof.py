"""How thoroughly an export is proven, and what that may cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from netbuilder.blocks.spec import BATCH, Call, Dim, Free, TensorSpec
from netbuilder.compiler.build import build
from netbuilder.compiler.infer import infer
from netbuilder.compiler.program import Program
from netbuilder.exchange import onnx_proof
from netbuilder.exchange.errors import ExportError
from netbuilder.exchange.onnx_export import export
from netbuilder.exchange.onnx_proof import batches
from netbuilder.graph.model import PortRef
from tests.drawing import Drawing, program_of
from tests.exchange.networks import made


def pixels(count: int) -> Drawing:
    """Draw a network that turns `count` numbers into as many: one input, one block, one result."""
    drawing = Drawing()
    image = drawing.put("Input", "image", shape=[count])
    drawing.put("Output", "same", drawing.put("Tanh", "squash", image))
    return drawing


@pytest.mark.parametrize(
    ("numbers", "proven"),
    [(1_000, (1, 3, 17)), (2**20, (1, 3, 17)), (2**21, (1, 3)), (2**25, (1, 2))],
)
def test_large_batches_are_proven_where_their_memory_is_bounded_and_two_sizes_always(
    numbers: int, proven: tuple[int, ...]
) -> None:
    assert batches(program_of(pixels(numbers).project)) == proven


def test_the_report_says_which_batches_were_proven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, module = made(pixels(10))
    monkeypatch.setattr(onnx_proof, "_LARGEST_PROOF", 4_000)
    report = export(program, module, tmp_path / "model.onnx")
    assert list(report.max_abs_diff) == [1, 3]
    assert list(report.as_json()["max_abs_diff"]) == ["1", "3"]


def of_any_length(drawing: Drawing) -> Program:
    """Return the program of a drawing of sequences, with a free length in place of the one that was drawn."""
    program = program_of(drawing.project)

    def freed(spec: TensorSpec) -> TensorSpec:
        shape: tuple[Dim, ...] = (BATCH, Free("T"), *spec.shape[2:])
        return replace(spec, shape=shape)

    inputs = tuple(replace(slot, spec=freed(slot.spec)) for slot in program.inputs)
    specs = {slot.value: slot.spec for slot in inputs}
    instructions = []
    for each in program.instructions:
        assert isinstance(each.call, Call)
        outputs = infer(each.call, tuple(value and specs[value] for value in each.args)).outputs
        specs |= {PortRef(each.node, port): spec for port, spec in outputs}
        instructions.append(replace(each, outputs=outputs))
    results = tuple(replace(result, spec=specs[result.value]) for result in program.results)
    return Program(inputs, tuple(instructions), results)


def reader() -> Program:
    drawing = Drawing()
    rows = drawing.put("Input", "rows", shape=[8, 6])
    mixed = drawing.put("MultiheadSelfAttention", "attention", rows, num_heads=2)
    drawing.put("Output", "steps", drawing.put("Linear", "fc", mixed, out_features=3))
    return of_any_length(drawing)


def test_where_the_length_is_free_several_are_proven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = reader()
    shapes: list[tuple[int, ...]] = []
    draw = onnx_proof.draw

    def seen(*args: object) -> tuple[np.ndarray, ...]:
        drawn = draw(*args)  # pyright: ignore[reportArgumentType]
        shapes.append(drawn[0].shape)
        return drawn

    monkeypatch.setattr(onnx_proof, "draw", seen)
    report = export(program, build(program).eval(), tmp_path / "reader.onnx")
    assert [(batch, features) for batch, _, features in shapes] == [(1, 6), (3, 6), (17, 6)]
    assert len({length for _, length, _ in shapes}) == 3
    assert str(report.outputs["steps"]) == "N × T × 3"


class Forgetful(torch.nn.Module):
    """Computes something else at one length: what a faulty converter would get wrong at the others."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if torch.compiler.is_exporting() or x.shape[1] % 2 else x + 1


def test_an_export_that_is_wrong_at_one_length_is_no_success(tmp_path: Path) -> None:
    drawing = Drawing()
    rows = drawing.put("Input", "rows", shape=[8, 5])
    drawing.put("Output", "y", drawing.put("Linear", "fc", rows))
    program = of_any_length(drawing)
    module = build(program).eval()
    module.fc = Forgetful()
    with pytest.raises(ExportError, match="away from torch at output “y” and batch 3"):
        export(program, module, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


class Rounding(torch.nn.Module):
    """Is off by what rounding does in a deep network, next to 0 as well."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + (5e-5 if torch.compiler.is_exporting() else 0.0)


def test_rounding_is_measured_by_the_largest_number_of_an_output(tmp_path: Path) -> None:
    drawing = Drawing()
    x = drawing.put("Input", "x", shape=[100])
    drawing.put("Output", "y", drawing.put("Linear", "fc", x))
    program = program_of(drawing.project)
    module = build(program)
    module.fc = Rounding()
    report = export(program, module, tmp_path / "model.onnx")
    assert all(4e-5 < difference < 6e-5 for difference in report.max_abs_diff.values())


class Counting(torch.nn.Module):
    """Is off by so much in the file, next to large whole numbers."""

    def __init__(self, wrong: int) -> None:
        super().__init__()
        self.wrong = wrong

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + 50_000 + (self.wrong if torch.compiler.is_exporting() else 0)


def test_whole_numbers_have_to_be_the_same(tmp_path: Path) -> None:
    drawing = Drawing()
    token = drawing.put("Input", "token", shape=[], dtype="int64")
    drawing.put("Output", "next", drawing.put("Identity", "count", token))
    program = program_of(drawing.project)
    module = build(program)
    module.count = Counting(wrong=0)
    assert set(export(program, module, tmp_path / "right.onnx").max_abs_diff.values()) == {0.0}
    module.count = Counting(wrong=1)
    with pytest.raises(ExportError, match="up to 1 away from torch at output “next” and batch 1"):
        export(program, module, tmp_path / "wrong.onnx")
    assert not (tmp_path / "wrong.onnx").exists()

"""What torch's exporter lacks is exported all the same, and proven."""

from __future__ import annotations

from pathlib import Path

import pytest

from netbuilder.compiler.build import build
from netbuilder.exchange.onnx_export import export
from netbuilder.exchange.onnx_proof import BATCHES
from tests.drawing import Drawing, program_of


@pytest.mark.parametrize("sizes", [(1, 1, 1), (2, 5, 3), (7, 12, 13)], ids=str)
def test_adaptive_pooling_to_any_size_is_exported(sizes: tuple[int, int, int], tmp_path: Path) -> None:
    drawing = Drawing()
    volume = drawing.put("Input", "volume", shape=[2, 7, 11, 13])
    image = drawing.put("Input", "image", shape=[2, 11, 13])
    for kind in ("Avg", "Max"):
        for rank, x in ((2, image), (3, volume)):
            pooled = drawing.put(f"Adaptive{kind}Pool{rank}d", f"{kind}{rank}", x, output_size=list(sizes[-rank:]))
            drawing.put("Output", f"{kind}{rank}_out", pooled)
    program = program_of(drawing.project)
    report = export(program, build(program), tmp_path / "pools.onnx")
    assert set(report.max_abs_diff) == set(BATCHES)

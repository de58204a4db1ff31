"""How printed code is laid out: as `ruff format` does where it is told nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from netbuilder import assets
from netbuilder.compiler.program import Program
from netbuilder.compiler.source import source
from netbuilder.graph.files import load
from netbuilder.graph.model import PortRef
from tests.drawing import Drawing, program_of
from tests.printing import assert_equal_to_its_print


def assert_ruff_changes_nothing(folder: Path) -> None:
    ruff = [sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache", "--diff", str(folder)]
    result = subprocess.run(ruff, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def of_long_names(length: int) -> Program:
    """Draw a network whose code has statements of all kinds, and names of so many letters."""

    def long(name: str) -> str:
        return f"{name}_".ljust(length, "o")

    drawing = Drawing()
    width, factor, slope = long("width"), long("factor"), long("slope")
    with drawing.group(long("Layer"), **{width: 4, factor: 2}) as layer:
        x = drawing.put("Input", long("x"))
        hidden = drawing.put("Linear", long("up"), x, out_features=f"={width}*({factor}+1)")
        wide = drawing.put("Reshape", long("shape"), hidden, shape=[f"={factor}+1", f"={width}"])
        flat = drawing.put("Flatten", long("flatten"), wide)
        drawing.put("Output", "y", drawing.put("Linear", long("down"), flat, out_features=4))
    with drawing.group(long("Pair"), **{width: 3, slope: 0.1}) as pair:
        a, b = drawing.put("Input", long("a")), drawing.put("Input", "b")
        leaky = drawing.put("LeakyReLU", long("leaky"), a, negative_slope=f"={slope}")
        drawing.put("Output", long("p"), drawing.put("Add", long("sum"), leaky, b, a))
        drawing.put("Output", "q", drawing.put_group(layer, "inner", b, **{factor: f"={width}+{width}"}))
    x = drawing.put("Input", long("image"), shape=[4])
    y = drawing.put_group(layer, long("layers"), x, repeat=3, **{width: "=4*(index+1)"})
    for number, (shared, repeat) in enumerate([(False, 1), (False, 2), (True, 3)]):
        both = drawing.put_group(pair, long(f"pair{number}"), x, y, repeat=repeat, shared=shared, **{width: number + 2})
        x, y = PortRef(both, long("p")), PortRef(both, "q")
    formula = drawing.put("Expression", long("formula"), x, y, formula="(a+b)*exp(a-2*b)/(1+b**2)-max(a,b)**0.5")
    rows = drawing.put("Unsqueeze", long("rows"), formula, dim=1)
    lstm = drawing.put("LSTM", long("lstm"), rows, hidden_size=4)
    gru = drawing.put("GRU", long("gru"), PortRef(lstm, "sequence"), hidden_size=4)
    joined = drawing.put("Concat", long("joined"), PortRef(lstm, "last"), PortRef(gru, "last"), x)
    drawing.put("Output", long("out"), drawing.put("Softmax", long("scores"), joined))
    drawing.put("Output", "other", y)
    return program_of(drawing.project)


def test_the_code_of_every_example_is_as_ruff_formats_it(tmp_path: Path) -> None:
    for path in sorted(assets.examples().glob("*.netb")):
        (tmp_path / f"{path.stem}.py").write_text(source(program_of(load(path))), encoding="utf-8")
    assert_ruff_changes_nothing(tmp_path)


def test_code_of_names_of_any_length_is_as_ruff_formats_it(tmp_path: Path) -> None:
    for length in range(9, 65):
        (tmp_path / f"names_of_{length}.py").write_text(source(of_long_names(length)), encoding="utf-8")
    assert_ruff_changes_nothing(tmp_path)


@pytest.mark.parametrize("length", [9, 30, 64])
def test_code_that_is_broken_into_lines_computes_the_same(length: int) -> None:
    assert_equal_to_its_print(of_long_names(length))


def test_a_line_that_is_too_long_is_broken_as_ruff_breaks_it() -> None:
    drawing = Drawing()
    a, b = (drawing.put("Input", "a_rather_long_name_of_an_input_" + letter, shape=[4]) for letter in "ab")
    long = drawing.put("Add", "sum_of_all", a, b, a, b)
    drawing.put("Output", "out", drawing.put("Concat", "joined_with_a_long_name", long, a, b))
    text = source(program_of(drawing.project))
    assert max(map(len, text.splitlines())) <= 88
    assert (
        """
        # N × 4
        sum_of_all = (
            a_rather_long_name_of_an_input_a
            + a_rather_long_name_of_an_input_b
            + a_rather_long_name_of_an_input_a
            + a_rather_long_name_of_an_input_b
        )
"""
        in text
    )
    assert (
        """
        joined_with_a_long_name = torch.cat(
            (
                sum_of_all,
                a_rather_long_name_of_an_input_a,
                a_rather_long_name_of_an_input_b,
            ),
            dim=1,
        )
"""
        in text
    )

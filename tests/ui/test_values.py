from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netbuilder.blocks import registry
from netbuilder.blocks.parameters import Parameter, parameters
from netbuilder.graph.model import thaw
from netbuilder.training.config import TrainingConfig
from netbuilder.ui.amounts import measure, memory, short
from netbuilder.ui.values import from_text, stepped, tidy, to_text

COUNT = Parameter("n", "int", 1, "", minimum=1, maximum=10)
RATE = Parameter("rate", "float", 1e-3, "", minimum=0.0, maximum=100.0)
SHARE = Parameter("share", "float", 0.5, "", minimum=0.0, maximum=1.0)
PAIR = Parameter("pair", "sizes", (3, 3), "", minimum=1, maximum=99, length=2)
PADDING = Parameter("padding", "sizes", "same", "", minimum=0, maximum=99, length=2, choices=("same", "valid"))
SHAPE = Parameter("shape", "sizes", (1, 8, 8), "", minimum=1, maximum=99)
WORD = Parameter("word", "text", "", "")

DECLARED = [
    *dict.fromkeys(p for block in registry.blocks().values() for p in parameters(block)),
    *parameters(TrainingConfig),
]


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (COUNT, " 64 ", 64),
        (COUNT, "1,024", 1024),
        (COUNT, "-3", -3),
        (COUNT, "abc", "abc"),
        (COUNT, "3.5", "3.5"),
        (COUNT, "", ""),
        (COUNT, "9" * 5000, "9" * 5000),
        (RATE, "1e-3", 0.001),
        (RATE, "2", 2.0),
        (RATE, "0,5", 0.5),
        (RATE, "nan", "nan"),
        (RATE, "1e999", "1e999"),
        (PAIR, "3", [3, 3]),
        (PAIR, "3x5", [3, 5]),
        (PAIR, "3 × 5", [3, 5]),
        (PAIR, "(3, 5)", [3, 5]),
        (PAIR, "3 5 7", [3, 5, 7]),
        (PAIR, "3 by 5", "3 by 5"),
        (PADDING, "same", "same"),
        (PADDING, "1", [1, 1]),
        (PADDING, "sme", "sme"),
        (SHAPE, "1 × 8 × 8", [1, 8, 8]),
        (SHAPE, "30", [30]),
        (SHAPE, "scalar", []),
        (SHAPE, "", []),
        (WORD, "12", "12"),
    ],
)
def test_text_becomes_the_value_that_it_stands_for_or_stays_as_it_is(
    parameter: Parameter, text: str, value: Any
) -> None:
    assert from_text(parameter, text) == value


@pytest.mark.parametrize("parameter", DECLARED, ids=lambda parameter: parameter.name)
def test_every_default_reads_back_from_its_text(parameter: Parameter) -> None:
    if parameter.kind != "bool":
        assert from_text(parameter, to_text(parameter, parameter.default)) == thaw(parameter.default)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_from_its_shortest_text(value: float) -> None:
    assert from_text(RATE, tidy(value)) == value


@pytest.mark.parametrize(
    ("value", "text"), [(0.001, "0.001"), (1e-5, "1e-5"), (1.0, "1"), (0.0, "0"), (2.5e22, "2.5e22"), (100.0, "100")]
)
def test_numbers_are_written_without_what_says_nothing(value: float, text: str) -> None:
    assert tidy(value) == text


@pytest.mark.parametrize(
    ("parameter", "value", "by", "wanted"),
    [
        (COUNT, 4, 1, 5),
        (COUNT, 10, 1, 10),
        (COUNT, 2, -10, 1),
        (COUNT, "abc", 1, None),
        (COUNT, True, 1, None),
        (RATE, 0.001, 1, 0.002),
        (RATE, 0.002, 1, 0.005),
        (RATE, 0.005, 1, 0.01),
        (RATE, 0.001, -1, 0.0005),
        (RATE, 0.0007, 1, 0.001),
        (RATE, 0.0, 1, 0.0001),
        (RATE, 1e-8, -1, 0.0),
        (RATE, 0.0, -1, 0.0),
        (SHARE, 0.5, 1, 0.55),
        (SHARE, 0.98, 1, 1.0),
        (PAIR, (3, 5), 1, [4, 6]),
        (PAIR, (1, 5), -1, [1, 4]),
        (PADDING, "same", -1, "valid"),
        (PADDING, (0, 0), 1, [1, 1]),
        (SHAPE, (1, 8, 8), 1, None),
        (WORD, "a", 1, None),
    ],
)
def test_a_step_stays_inside_the_range(parameter: Parameter, value: Any, by: int, wanted: Any) -> None:
    assert stepped(parameter, value, by) == wanted


def test_steps_up_and_down_a_float_come_back() -> None:
    value = 0.001
    for _ in range(7):
        value = stepped(RATE, value, 1)
    for _ in range(7):
        value = stepped(RATE, value, -1)
    assert value == 0.001


def test_amounts_are_short_and_plain() -> None:
    assert [short(number) for number in (0, 999, 4640, 148_224, 1_100_000)] == ["0", "999", "4.6 K", "148 K", "1.1 M"]
    assert [memory(size) for size in (64, 2048, 3_500_000)] == ["64 B", "2.0 KiB", "3.3 MiB"]
    assert [measure(value) for value in (0.0603, 2.31, 153.22, 1.2e-5, float("nan"))] == [
        "0.060",
        "2.310",
        "153.2",
        "1.2e-05",
        "NaN",
    ]

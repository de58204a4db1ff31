"""Arithmetic of tensors against torch's own, formulas against Python's reading of them, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from netbuilder.blocks.expressions import names_in, parse
from netbuilder.blocks.library.arithmetic import Divide, Expression, MatMul, Subtract, Where
from netbuilder.blocks.library.merge import Stack
from netbuilder.blocks.spec import Insert, SetOwn, TensorSpec
from netbuilder.compiler.source import source
from tests.blocks.calling import batch, output, refusal
from tests.drawing import Drawing, program_of

A, B, C = torch.rand(3, 3, 4, 6, generator=torch.Generator().manual_seed(1)) + 0.5


def test_order_matters_to_subtract_and_divide() -> None:
    assert torch.equal(output(Subtract(), A, B), A - B)
    assert torch.equal(output(Divide(), A, B[:, :1]), A / B[:, :1])
    assert refusal(Subtract(), batch(4, 6), batch(4, 5)).port == "b"
    assert refusal(Divide(), batch(4, 6), batch(6)).port == "b"


def test_matrices_are_multiplied_for_each_sample() -> None:
    assert torch.equal(output(MatMul(), A, B.mT), A @ B.mT)
    stacked = torch.randn(3, 2, 4, 6)
    assert torch.equal(output(MatMul(), stacked, stacked.mT), stacked @ stacked.mT)


def test_matrices_that_do_not_fit_may_have_to_be_turned() -> None:
    mismatch = refusal(MatMul(), batch(4, 6), batch(5, 6))
    assert (mismatch.port, mismatch.suggestions) == ("b", (Insert("Permute", (("dims", (0, 2, 1)),)),))
    assert refusal(MatMul(), batch(4, 6), batch(5, 7)).suggestions == ()
    assert refusal(MatMul(), batch(2, 4, 6), batch(3, 6, 5)).port == "b"


def test_where_chooses_by_a_threshold_or_by_yes_and_no() -> None:
    assert torch.equal(output(Where(threshold=1.0), A, B, C), torch.where(A > 1.0, B, C))
    assert torch.equal(output(Where(), A > 1.0, B, C), torch.where(A > 1.0, B, C))
    assert refusal(Where(), batch(4), batch(5), batch(5)).port == "a"


def test_a_stack_has_a_dimension_for_its_branches() -> None:
    assert torch.equal(output(Stack(), A, B, C), torch.stack([A, B, C], 1))
    assert torch.equal(output(Stack(dim=-1), A, B), torch.stack([A, B], -1))
    assert refusal(Stack(), batch(4), batch(4), batch(5)).port == "x3"
    assert refusal(Stack(dim=0), batch(4), batch(4)).suggestions == (SetOwn("dim", 1),)
    assert refusal(Stack(dim=-4), batch(4), batch(4)).code == "no-such-dimension"


FORMULAS = [
    "a * torch.sigmoid(b) + 1",
    "a - (b - c)",
    "a / (b * c)",
    "-(a**2)",
    "(-a) ** 2",
    "a * 2 ** (-b)",
    "a**2**b",
    "a % b * 3",
    "(a - 0.5) / (1 - torch.exp(-b))",
    "torch.sqrt(torch.abs(a - 1)) + torch.log(b) - torch.tanh(c) * torch.sin(a) / torch.cos(b)",
    "torch.relu(a - b) + torch.round(a * 3) + torch.floor(b) + torch.ceil(c)",
]


@pytest.mark.parametrize("python", FORMULAS)
def test_a_formula_is_what_python_makes_of_it(python: str) -> None:
    wanted = eval(python, {"torch": torch, "a": A, "b": B, "c": C})
    formula = python.replace("torch.", "")
    inputs = {"a": A, "b": B, "c": C}
    found = output(Expression(formula=formula), *(inputs[name] for name in sorted(names_in(parse(formula)))))
    assert torch.equal(found, wanted)


@pytest.mark.parametrize("python", FORMULAS)
def test_a_formula_prints_as_it_was_written(python: str) -> None:
    drawing = Drawing()
    inputs = {letter: drawing.put("Input", letter, shape=[4, 6]) for letter in "abc"}
    formula = drawing.put("Expression", "y", formula=python.replace("torch.", "") + " + 0 * (a + b + c)")
    for letter, node in inputs.items():
        drawing.wire(node, formula, letter)
    drawing.put("Output", "out", formula)
    text = source(program_of(drawing.project))
    on_one_line = " ".join(text.split()).replace("( ", "(").replace(" )", ")")
    assert f"{python} + 0 * (a + b + c)" in on_one_line
    namespace: dict[str, Any] = {}
    exec(text, namespace)
    assert namespace["Network"]()(A, B, C).shape == A.shape


def test_the_least_and_the_greatest_of_tensors_and_numbers() -> None:
    assert torch.equal(output(Expression(formula="min(a, b, 1, 0.8)"), A, B), torch.minimum(A, B).clamp(max=0.8))
    assert torch.equal(output(Expression(formula="max(0.7, a)"), A), A.clamp(min=0.7))
    assert torch.equal(output(Expression(formula="a // b"), A, B), torch.floor(A / B))


def test_what_has_no_input_in_it_is_computed_beforehand() -> None:
    call = Expression(formula="a * (2 ** 3 + max(1, 2))").lower(batch(4))
    assert call.args[1] == 10


def test_a_formula_of_a_bare_input_passes_it_on() -> None:
    assert torch.equal(output(Expression(formula="a"), A), A)


@pytest.mark.parametrize(
    ("formula", "inputs", "port", "words"),
    [
        ("a +", 1, None, "expression ends. (At character 4 of the formula.)"),
        ("a * 9**9**9", 1, None, "too large"),
        ("a / (1 - 1) ** -1", 1, None, "divides by zero"),
        ("__import__(a)", 1, None, "no function “__import__”"),
        ("a.__class__", 1, None, "“.” means nothing here"),
        ("a + x", 1, None, "says “x”, and the inputs are a, b, c and d"),
        ("a + b", 1, "b", "nothing is wired to b"),
        ("a + 1", 2, "b", "does not say b"),
        ("1 + 2", 1, "a", "does not say a"),
        ("1 / 0", 1, None, "divides by zero"),
        ("", 1, None, "expected here"),
    ],
)
def test_a_wrong_formula_is_told_at_its_field(formula: str, inputs: int, port: str | None, words: str) -> None:
    mismatch = refusal(Expression(formula=formula), *[batch(4)] * inputs)
    assert words in str(mismatch)
    assert (mismatch.code, mismatch.port) == ("bad-parameter", port)
    assert port or mismatch.parameter == "formula"


def test_inputs_of_a_formula_fit_together() -> None:
    assert output(Expression(), A, B[:, :1]).shape == A.shape
    assert refusal(Expression(), batch(4), TensorSpec((3, 4))).port == "b"

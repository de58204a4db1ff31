"""Activations against torch's own, and what they refuse."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from netbuilder.blocks.library import activation
from netbuilder.blocks.library.gating import GLU, SwiGLU
from netbuilder.blocks.library.softmax import LogSoftmax, Softmax, Softmax2d, Softmin
from netbuilder.blocks.parameters import parse
from netbuilder.blocks.registry import by_category
from netbuilder.blocks.spec import Block, Resize, SetOwn
from netbuilder.nn import RReLU
from tests.blocks.calling import batch, output, refusal

IMAGES = torch.randn(3, 4, 9, 6, generator=torch.Generator().manual_seed(1)) * 4

CASES = [
    (activation.ReLU(), nn.ReLU()),
    (activation.LeakyReLU(negative_slope=0.2), nn.LeakyReLU(0.2)),
    (activation.PReLU(init=0.1), nn.PReLU(init=0.1)),
    (activation.PReLU(num_parameters=4), nn.PReLU(4)),
    (activation.ReLU6(), nn.ReLU6()),
    (activation.ELU(alpha=0.5), nn.ELU(0.5)),
    (activation.CELU(alpha=2.0), nn.CELU(2.0)),
    (activation.SELU(), nn.SELU()),
    (activation.GELU(), nn.GELU()),
    (activation.GELU(approximate="tanh"), nn.GELU(approximate="tanh")),
    (activation.SiLU(), nn.SiLU()),
    (activation.Mish(), nn.Mish()),
    (activation.Softplus(), nn.Softplus()),
    (activation.Softplus(beta=2.0, threshold=1.0), nn.Softplus(2.0, 1.0)),
    (activation.Sigmoid(), nn.Sigmoid()),
    (activation.LogSigmoid(), nn.LogSigmoid()),
    (activation.Tanh(), nn.Tanh()),
    (activation.Softsign(), nn.Softsign()),
    (activation.Tanhshrink(), nn.Tanhshrink()),
    (activation.Hardsigmoid(), nn.Hardsigmoid()),
    (activation.Hardswish(), nn.Hardswish()),
    (activation.Hardtanh(min_val=-2.0, max_val=0.5), nn.Hardtanh(-2.0, 0.5)),
    (activation.Hardshrink(lambd=1.0), nn.Hardshrink(1.0)),
    (activation.Softshrink(lambd=1.0), nn.Softshrink(1.0)),
    (activation.Threshold(threshold=0.5, value=-3.0), nn.Threshold(0.5, -3.0)),
    (GLU(), nn.GLU()),
    (GLU(dim=1), nn.GLU(1)),
    (Softmax(dim=1), nn.Softmax(dim=1)),
    (Softmax2d(), nn.Softmax2d()),
    (LogSoftmax(), nn.LogSoftmax(-1)),
    (Softmin(dim=2), nn.Softmin(2)),
]


@pytest.mark.parametrize(("block", "module"), CASES, ids=str)
def test_activations_are_torchs(block: Block, module: nn.Module) -> None:
    assert torch.equal(output(block, IMAGES), module(IMAGES))


def test_softplus_becomes_a_line_before_it_overflows() -> None:
    x = torch.linspace(-200.0, 200.0, 801)
    for block in (activation.Softplus(), activation.Softplus(beta=2.0, threshold=88.0)):
        assert output(block, x).isfinite().all()
    _, problems = parse(activation.Softplus, {"threshold": 100.0})
    assert [problem.parameter for problem in problems] == ["threshold"]


def test_each_of_torchs_element_wise_activations_is_there() -> None:
    here = {block.__name__ for block in by_category()["Activation"]}
    assert set(nn.modules.activation.__all__) - here == {"MultiheadAttention"}  # which is in a category of its own


def test_swiglu_scales_one_half_by_the_other() -> None:
    gates, values = IMAGES.chunk(2, 1)
    assert torch.equal(output(SwiGLU(dim=1), IMAGES), functional.silu(gates) * values)


def test_a_random_slope_is_drawn_in_training_and_its_mean_taken_after() -> None:
    slopes = output(activation.RReLU(lower_slope=0.1, upper_slope=0.3), -torch.ones(1000))
    assert -0.3 <= slopes.min() < -0.25
    assert -0.15 < slopes.max() <= -0.1
    reference = nn.RReLU(0.1, 0.3).eval()
    assert torch.equal(RReLU(0.1, 0.3).eval()(IMAGES), reference(IMAGES))


@pytest.mark.parametrize("block", [Softmax(dim=2), GLU(dim=2)], ids=str)
def test_a_dimension_that_is_not_there_is_refused(block: Block) -> None:
    assert refusal(block, batch(10)).code == "no-such-dimension"


@pytest.mark.parametrize("block", [GLU(), SwiGLU()], ids=str)
def test_gates_need_as_many_features_as_values(block: Block) -> None:
    mismatch = refusal(block, batch(7))
    assert (mismatch.code, mismatch.suggestions) == ("odd-features", (Resize(8),))


def test_slopes_are_learned_for_all_or_for_each_channel() -> None:
    mismatch = refusal(activation.PReLU(num_parameters=3), batch(5, 9, 9))
    assert (mismatch.parameter, mismatch.suggestions) == ("num_parameters", (SetOwn("num_parameters", 5),))


@pytest.mark.parametrize(
    ("block", "parameter"),
    [
        (activation.Hardtanh(min_val=1.0, max_val=1.0), "min_val"),
        (activation.RReLU(lower_slope=0.5, upper_slope=0.2), "lower_slope"),
    ],
)
def test_bounds_stand_in_order(block: Block, parameter: str) -> None:
    assert refusal(block, batch(5)).parameter == parameter

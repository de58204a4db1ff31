"""The networks of well-known papers: drawn to be read, with the learned parameters of the reference implementations."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from netbuilder.blocks.spec import TensorSpec
from netbuilder.compiler.build import build
from netbuilder.compiler.lower import lower
from netbuilder.compiler.source import source
from netbuilder.examples import Example, examples, find
from netbuilder.exchange.onnx_export import export
from netbuilder.exchange.onnx_proof import BATCHES
from netbuilder.graph.files import load
from netbuilder.graph.project import Project
from tests.drawing import program_of
from tests.exchange.networks import lively, variation

PARAMETERS = {
    "lenet5": 61_706,
    "alexnet": 61_100_840,
    "vgg16": 138_357_544,
    "googlenet": 6_624_904,
    "resnet18": 11_689_512,
    "resnet50": 25_557_032,
    "unet": 31_030_658,
    "digits_gan": 46_482,
    "densenet121": 7_978_856,
    "mobilenet_v2": 3_504_872,
    "efficientnet_b0": 5_288_548,
    "bert_base": 109_482_240,
    "gpt2_small": 124_439_808,
    "vit_b16": 86_567_656,
}
"""As torchvision counts; LeNet-5 with a full C3, U-Net and the GAN as below, BERT and GPT-2 as they were released."""

GIGA_MULTIPLICATIONS = {
    "alexnet": 0.71,
    "vgg16": 15.47,
    "googlenet": 1.50,
    "resnet18": 1.81,
    "resnet50": 4.09,
    "densenet121": 2.83,
    "mobilenet_v2": 0.30,
    "efficientnet_b0": 0.39,
    "vit_b16": 17.56,
}
"""What torchvision publishes with its weights as GFLOPS, of one image: strides and sizes are right too."""

EVERY_ARCHITECTURE = pytest.mark.parametrize("example", examples("architecture"), ids=lambda example: example.name)


def test_every_architecture_has_its_count() -> None:
    assert {example.name for example in examples("architecture")} == set(PARAMETERS)


def test_the_readme_has_the_same_counts() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    table = readme.partition("| architecture | parameters |")[2].partition("\n\n")[0]
    told = {name: int(count.replace(",", "")) for name, count in re.findall(r"`(\w+)` \| ([\d,]+) \|", table)}
    assert told == PARAMETERS


@EVERY_ARCHITECTURE
def test_it_opens_with_the_parameters_of_the_paper_and_lacks_nothing_but_a_loss(example: Example) -> None:
    lowering = lower(load(example.path))
    assert [each.code for each in lowering.diagnostics] == ([] if example.name == "digits_gan" else ["missing-loss"])
    assert lowering.total().parameters == PARAMETERS[example.name]


@pytest.mark.parametrize("name", GIGA_MULTIPLICATIONS)
def test_it_computes_as_much_as_the_reference(name: str) -> None:
    flops = lower(load(find(name).path)).total().flops
    assert round(flops / 2e9, 2) == GIGA_MULTIPLICATIONS[name]


def test_efficientnet_drops_the_deeper_paths_the_more_often() -> None:
    program = program_of(load(find("efficientnet_b0").path))
    scope: dict[str, Any] = {}
    with torch.device("meta"):
        exec(source(program), scope)
        printed: nn.Module = scope["Network"]()
        networks = (build(program), printed)
    has_skip = [False, *[step > 0 for blocks in (2, 2, 3, 3, 4) for step in range(blocks)], False]
    rates = [
        0.2 * number / 16 for number, skips in enumerate(has_skip) if skips
    ]  # as torchvision counts: stages 1 to 7
    for network in networks:
        dropped = [part.p for part in network.modules() if type(part).__name__ == "DropPath"]
        assert dropped == pytest.approx(rates, rel=1e-12)


@EVERY_ARCHITECTURE
def test_its_code_is_a_network_with_the_same_weights(example: Example) -> None:
    program = program_of(load(example.path))
    scope: dict[str, Any] = {}
    with torch.device("meta"):
        network = build(program)
        exec(source(program), scope)
        printed: nn.Module = scope["Network"]()
        outputs = printed(*(_zeros(slot.spec) for slot in program.inputs))
    assert sum(weight.numel() for weight in network.parameters()) == PARAMETERS[example.name]
    assert _shapes(network) == _shapes(printed)
    shapes = [tuple(output.shape) for output in (outputs if isinstance(outputs, tuple) else (outputs,))]
    assert shapes == [result.spec.shape_with({"N": 2}) for result in program.results]


@pytest.mark.parametrize("name", ["gpt2_small", "python_gpt"])
def test_the_code_of_a_language_model_continues_a_text_of_any_length_up_to_its_own(name: str) -> None:
    program = program_of(load(find(name).path)).only("output")
    scope: dict[str, Any] = {}
    exec(source(program), scope)
    with torch.device("meta"):
        logits: torch.Tensor = scope["Network"]()(torch.zeros(1, 10, dtype=torch.int64))
    length = program.inputs[0].spec.size(1)
    expected = program.results[0].spec.shape_with({"N": 1})
    assert tuple(logits.shape) == tuple(10 if size == length else size for size in expected)


@pytest.mark.parametrize("name", ["bert_base", "gpt2_small", "resnet50"])
def test_it_reads_like_the_figure_of_its_paper(name: str) -> None:
    assert len(load(find(name).path).graph) <= 12


def test_the_parameters_of_u_net_are_those_of_its_convolutions() -> None:
    """Ronneberger et al. draw the network and give no count: it follows from the channels of their figure 1.

    A stage down has two 3 x 3 convolutions, a stage up a transposed one of 2 x 2, which halves the channels, and two of
    3 x 3, the first of which takes the bridge too; all with a bias. The last, 1 x 1, makes two classes of 64 channels.
    """
    down = {"64": 37_568, "128": 221_440, "256": 885_248, "512": 3_539_968, "1024": 14_157_824}
    up = {"512": 9_176_576, "256": 2_294_528, "128": 573_824, "64": 143_552}
    stages = [*down.values(), *up.values(), 64 * 2 + 2]
    assert list(_layers(load(find("unet").path)).values()) == stages
    assert sum(stages) == PARAMETERS["unet"]

    def conv(inputs: int, outputs: int, kernel: int) -> int:
        return inputs * outputs * kernel**2 + outputs

    widths = [1, 64, 128, 256, 512, 1024]
    assert list(down.values()) == [conv(a, b, 3) + conv(b, b, 3) for a, b in itertools.pairwise(widths)]
    assert list(up.values()) == [conv(2 * b, b, 2) + conv(2 * b, b, 3) + conv(b, b, 3) for b in widths[-2:0:-1]]


def test_the_parameters_of_the_gan_are_those_of_its_two_players() -> None:
    generator = (16 + 1) * 256 + 2 * 64 + (64 * 4 * 4 * 32 + 32) + 2 * 32 + (32 * 4 * 4 + 1)
    discriminator = (4 * 4 * 16 + 16) + (16 * 4 * 4 * 32 + 32) + (32 * 2 * 2 + 1)
    assert generator + discriminator == PARAMETERS["digits_gan"]
    assert list(filter(None, _layers(load(find("digits_gan").path)).values())) == [generator, discriminator]


def test_u_net_has_the_sizes_of_its_paper() -> None:
    program = program_of(load(find("unet").path))
    assert [str(slot.spec) for slot in program.inputs] == ["N × 1 × 572 × 572"]
    assert [str(result.spec) for result in program.results] == ["N × 2 × 388 × 388"]


@pytest.mark.parametrize("name", ["lenet5", "digits_gan", "resnet18", "mobilenet_v2", "efficientnet_b0"])
def test_it_exports_and_is_proven_equal(name: str, tmp_path: Path) -> None:
    """The others take up to a minute and 6 GB each: `tests/benchmarks/exports.py` exports them all in the same way."""
    part = program_of(load(find(name).path)).only("output")
    network = lively(part)
    report = export(part, network, tmp_path / f"{name}.onnx")
    assert set(report.max_abs_diff) == set(BATCHES)
    assert max(report.max_abs_diff.values()) < 1e-3 * variation(part, network)


def _layers(project: Project) -> dict[str, int]:
    """Return the learned numbers of each block at the top level, in running order."""
    lowering = lower(project)
    assert lowering.program is not None
    return {each.name: lowering.costs[each.node].parameters for each in lowering.program.instructions}


def _shapes(network: nn.Module) -> list[tuple[str, tuple[int, ...]]]:
    return [(key, tuple(weight.shape)) for key, weight in network.state_dict().items()]


def _zeros(spec: TensorSpec) -> torch.Tensor:
    return torch.zeros(spec.shape_with({"N": 2}), dtype=getattr(torch, spec.dtype))

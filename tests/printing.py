"""Runs printed code beside the network that is built: as a person would who takes it to where only torch is."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from netbuilder.compiler.build import build
from netbuilder.compiler.program import Program
from netbuilder.compiler.source import source
from netbuilder.exchange.inputs import draw, example_sizes


def assert_equal_to_its_print(program: Program, *inputs: torch.Tensor) -> None:
    """Hold printed code to the same layers, the same weights by the same names, and the same numbers to the last bit.

    Inputs that are not given are drawn at random.
    """
    network, twin = build(program).eval(), _printed(program).eval()
    assert layers(twin) == layers(network)
    assert list(twin.state_dict()) == list(network.state_dict())
    twin.load_state_dict(network.state_dict())
    inputs = inputs or inputs_of(program)
    ours, theirs = _results(network, inputs), _results(twin, inputs)
    assert len(theirs) == len(ours)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(other, one, rtol=0, atol=0, equal_nan=True)


def layers(module: nn.Module) -> dict[str, str]:
    """Return each layer of torch's own by its path, with the settings that it tells: those of training among them."""
    own = (nn.Sequential, nn.ModuleList)
    found = (
        (path, each) for path, each in module.named_modules() if type(each).__module__.startswith("torch.nn.modules")
    )
    return {path: repr(each) for path, each in found if type(each) is not nn.Module and not isinstance(each, own)}


def inputs_of(program: Program, batch_size: int = 3) -> tuple[torch.Tensor, ...]:
    """Return a tensor for each input, drawn at random and each time the same."""
    sizes = example_sizes(program) | {"N": batch_size}
    return tuple(map(torch.from_numpy, draw(program, sizes, np.random.default_rng(0))))


def _printed(program: Program) -> nn.Module:
    """Run the printed source, and return the network that it defines."""
    namespace: dict[str, Any] = {}
    exec(source(program), namespace)
    return namespace["Network"]()


def _results(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    torch.manual_seed(0)
    with torch.no_grad():
        results = module(*inputs)
    return results if isinstance(results, tuple) else (results,)

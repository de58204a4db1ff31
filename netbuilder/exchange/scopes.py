"""A built network in which every block is a plain module, for exporters that name what is inside by modules.

torch's pass over functions and over `fx.GraphModule`: without this a ReLU, and all of a group but its layers, has no
name.
"""

from __future__ import annotations

import torch
from torch import nn

from netbuilder.blocks.spec import Call
from netbuilder.compiler.calls import run
from netbuilder.compiler.program import GroupCall, Program
from netbuilder.graph.model import PortRef


class Scoped(nn.Module):
    """Computes what `built`, the module built from the program, does, with the same weights under the same names.

    Blocks that are functions are modules too, and all have the names of the canvas.
    """

    def __init__(self, program: Program, built: nn.Module) -> None:
        super().__init__()
        self._program = program
        for each in program.makers():
            self.add_module(each.module, _scoped(each.call, built.get_submodule(each.module)))
        for each in program.instructions:
            if isinstance(each.call, Call) and not each.call.is_module:
                self.add_module(each.name, _Function(each.call))

    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the program's results in order."""
        program = self._program
        values = dict(zip((slot.value for slot in program.inputs), inputs, strict=True))
        for each in program.instructions:
            args = tuple(value and values[value] for value in each.args)
            module = self.get_submodule(each.module)
            if isinstance(each.call, GroupCall):
                outputs = _run_group(each.call, module, args)
            else:
                outputs = run(each.call, module, args) if each.call.is_module else module(*args)
            values |= {PortRef(each.node, port): tensor for port, tensor in outputs.items()}
        return tuple(values[result.value] for result in program.results)


class _Function(nn.Module):
    """A block without weights."""

    def __init__(self, call: Call) -> None:
        super().__init__()
        self._call = call

    def forward(self, *inputs: torch.Tensor | None) -> dict[str, torch.Tensor]:
        """Return the value of each output port."""
        return run(self._call, None, inputs)


def _scoped(call: Call | GroupCall, built: nn.Module) -> nn.Module:
    if isinstance(call, Call):
        return built
    if not call.is_numbered:
        return Scoped(call.parts[0], built)
    return nn.ModuleList(Scoped(part, built.get_submodule(str(place))) for place, part in enumerate(call.modules))


def _run_group(call: GroupCall, module: nn.Module, args: tuple[torch.Tensor | None, ...]) -> dict[str, torch.Tensor]:
    """Run a group as often as it repeats, each time on what the last one gave; return the value of each output port."""
    given: tuple[torch.Tensor, ...] = ()
    for place in range(len(call.parts)):
        part = module.get_submodule(str(place)) if call.is_numbered else module
        given = part(*given, *args[len(given) :])
    return {result.name: tensor for result, tensor in zip(call.parts[-1].results, given, strict=True)}

"""From a program to the `torch.fx.GraphModule` that trains, predicts and is exported.

The graph is built node by node, never traced: a submodule has the name of its block, and so have its parameters in the
`state_dict` and in the ONNX file; a group is a module of the same kind inside (`encoder.3.conv.weight`). Several
modules built from parts of one program share their submodules, and so their weights: one view for the training step,
one for validation, one for export.
"""

from __future__ import annotations

import operator
from typing import Any

from torch import fx, nn

from netbuilder.blocks.spec import Call
from netbuilder.compiler.calls import index, instantiate, perform, resolve
from netbuilder.compiler.program import GroupCall, Instruction, Program
from netbuilder.graph.model import PortRef


def build(program: Program, modules: nn.Module | None = None) -> fx.GraphModule:
    """Build a module whose forward takes the program's inputs in order and returns a tuple of its results in order.

    `modules` lends its submodules by name, weights shared; without it they are made anew, initialised from torch's
    global generator in program order, so that a seed set before gives the same weights each time.

    A metric of torchmetrics is no part of it: its result is the tuple of what it takes in.

    Every fx node carries `meta["value"]`, the `PortRef` that it computes.
    """
    return _build(program, modules, "Network")


def _build(program: Program, modules: nn.Module | None, class_name: str) -> fx.GraphModule:
    root = nn.Module()
    for instruction in program.makers():
        lent = modules.get_submodule(instruction.module) if modules else _make(instruction.call)
        root.add_module(instruction.module, lent)

    graph = fx.Graph()
    values: dict[PortRef, Any] = {}
    for slot in program.inputs:
        values[slot.value] = graph.placeholder(slot.name)
    used = {value for instruction in program.instructions for value in instruction.args if value}
    used |= {result.value for result in program.results}
    for instruction in program.instructions:
        if isinstance(instruction.call, GroupCall):
            values |= _emit_group(graph, instruction, [values[value] for value in instruction.args if value])
        else:
            values |= _emit(graph, instruction, values, used)
    for value, node in values.items():
        if isinstance(node, fx.Node):
            node.meta["value"] = value
    graph.output(tuple(values[result.value] for result in program.results))

    module = fx.GraphModule(root, graph, class_name=class_name)
    module.graph.lint()
    return module


def _make(call: Call | GroupCall) -> nn.Module:
    """Make the module of a call, with fresh weights; a list of them for a group that runs more than once."""
    if isinstance(call, Call):
        return instantiate(call)
    made = [_build(part, None, call.name) for part in call.modules]
    return nn.ModuleList(made) if call.is_numbered else made[0]


def _emit_group(graph: fx.Graph, instruction: Instruction, args: list[fx.Node]) -> dict[PortRef, fx.Node]:
    """Append a call for each time that a group runs, on what the time before gave; return the node of each port."""
    call = instruction.call
    assert isinstance(call, GroupCall)
    ports = [PortRef(instruction.node, port) for port, _ in instruction.outputs]
    for number in range(len(call.parts)):
        place = f".{number}" if call.is_numbered else ""
        whole = graph.call_module(instruction.module + place, tuple(args))
        whole.meta["value"] = PortRef(instruction.node, "")
        args[: len(ports)] = [graph.call_function(operator.getitem, (whole, i)) for i in range(len(ports))]
    return dict(zip(ports, args, strict=False))


def _emit(
    graph: fx.Graph, instruction: Instruction, values: dict[PortRef, Any], used: set[PortRef]
) -> dict[PortRef, Any]:
    """Append the nodes of one instruction; return the node of each output port that something uses."""
    assert isinstance(instruction.call, Call)

    def invoke(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if call.is_metric:
            return args
        if call.is_module:
            node = graph.create_node("call_module", instruction.module, args, kwargs, name=instruction.name)
        else:
            name = instruction.name if call is instruction.call else None
            node = graph.create_node("call_function", resolve(call.target), args, kwargs, name=name)
        node.meta["value"] = PortRef(instruction.node, "")
        return node

    result = perform(instruction.call, [value and values[value] for value in instruction.args], invoke)
    outputs: dict[PortRef, Any] = {}
    for port, path in instruction.call.results:
        value = PortRef(instruction.node, port)
        if value not in used:
            continue
        node = result
        for key in path:
            node = graph.call_function(operator.getitem, (node, index(key)))
            node.meta["value"] = PortRef(instruction.node, "")
        outputs[value] = node
    return outputs

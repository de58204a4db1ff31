"""A program as the PyTorch code that a person would have written: a plain `nn.Module` that imports torch alone."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from netbuilder.blocks.spec import Call, Key, Value
from netbuilder.compiler.calls import calls_in, parameters_of, perform, resolve, with_constants
from netbuilder.compiler.classes import RESERVED, GroupClass, Making, classes
from netbuilder.compiler.constructor import Parameter, short
from netbuilder.compiler.program import GroupCall, Instruction, Program
from netbuilder.compiler.text import (
    OPERATORS,
    WIDTH,
    Code,
    assignment,
    call_of,
    constant,
    display,
    generator,
    indented,
    loop,
    named,
    operand,
    operation,
    picked,
    returned,
    several,
    signature,
    unlike,
)
from netbuilder.graph.model import PortRef

_PREFIXES = {"torch.nn.functional.": "functional.", "torch.nn.": "nn.", "torch.": "torch.", "netbuilder.nn.": ""}
_METHODS = "torch.Tensor."
_NEGATIVE = re.compile(r"-[\d.]+")


def source(program: Program, class_name: str = "Network") -> str:
    """Return Python source that defines `class_name`: its parameters, `state_dict` and results are `build(program)`'s.

    Metrics of torchmetrics are left out: they measure a network over all batches, and are no part of it.

    Its forward takes the program's inputs in order and returns the one result, or a tuple of several. The small modules
    of `netbuilder.nn` that the program uses are written out, so the text runs where only torch is installed.
    """
    program = _printed(program)
    inlined = _inlined(program)
    if class_name in {*inlined, *RESERVED}:
        class_name += "Network"
    groups = classes(program, class_name, inlined)
    body = "\n\n\n".join([*inlined.values(), *map(_class_text, groups)])
    return f"{_imports(body)}\n\n\n{body}\n"


def _printed(program: Program) -> Program:
    instructions = tuple(part for part in program.instructions if not part.call.is_metric)
    return replace(program, instructions=instructions, results=tuple(r for r in program.results if r.value.port))


def _class_text(group: GroupClass) -> str:
    program, variables = group.program, _variables(group.program)
    held = {attribute: group.settings[slot] for slot, attribute in group.attributes.items()}
    init = [line for instruction in program.makers() for line in _init_lines(instruction, group)]
    init += [line for attribute, code in held.items() for line in assignment(f"self.{attribute}", code, 2)]
    forward = [line for instruction in program.instructions for line in _forward_lines(instruction, group, variables)]
    results = [variables[result.value] for result in program.results]
    taken = [f"{variables[slot.value]}: torch.Tensor" for slot in program.inputs]
    given = [Code("torch.Tensor")] * len(results)
    returns = given[0] if len(given) == 1 else call_of("tuple", given or ["()"], brackets="[]")
    lines = [
        f"class {group.name}(nn.Module):",
        *indented(_docstring(group)),
        "",
        *indented(signature("__init__", ["self", *map(_declared, group.parameters)], Code("None"), 1)),
        *indented(["super().__init__()", *init], 2),
        "",
        *indented(signature("forward", ["self", *taken], returns, 1)),
        *indented([*forward, *returned(results, 2)], 2),
    ]
    return "\n".join(lines)


def _declared(parameter: Parameter) -> str:
    default = "" if parameter.default is None else f" = {parameter.default}"
    return f"{parameter.name}: {parameter.type}{default}"


def _docstring(group: GroupClass) -> list[str]:
    program, shapes = group.program, group.shapes
    inputs = [f"{slot.name} ({shapes[slot.value]}, {slot.spec.dtype})" for slot in program.inputs]
    outputs = [f"{result.name} ({shapes.get(result.value, result.spec)})" for result in program.results]
    taken = f"Takes {', '.join(inputs) or 'nothing'}."
    given = f"Returns {', '.join(outputs) or 'nothing'}."
    said = " ".join(group.description.partition("\n\n")[0].split()).replace("\\", "\\\\").replace('"', "'")
    first, *others = [said, taken, given] if said else [taken, given]
    return [
        *textwrap.wrap(f'"""{first}', WIDTH - 4),
        *(line for text in others for line in ("", *textwrap.wrap(text, WIDTH - 4))),
        '"""',
    ]


def _imports(body: str) -> str:
    names = ["from torch import nn"]
    if "functional." in body:
        names.append("from torch.nn import functional")
    return "\n".join(["import torch", *names])


def _inlined(program: Program) -> dict[str, str]:
    """Return the source of each of our own modules and functions that the program uses, by name, in order of use."""
    calls = [call for _, whole in program.leaves() for call in calls_in(whole)]
    targets = dict.fromkeys(call.target for call in calls if call.target.startswith("netbuilder.nn."))
    return {_spelling(target): inspect.getsource(resolve(target)).rstrip() for target in targets}


def _init_lines(instruction: Instruction, group: GroupClass) -> list[str]:
    call = instruction.call
    if isinstance(call, GroupCall):
        code = _instance(instruction, call, group)
    else:
        code = call_of(_spelling(call.target), _settings(instruction, call, group))
    return assignment(f"self.{instruction.module}", code, 2)


def _instance(instruction: Instruction, call: GroupCall, group: GroupClass) -> Code:
    """Return what makes the module of an instance, or the modules where it runs more than once."""
    making = group.instances[instruction.node]
    values = {name: constant(value) for name, value in making.settings}
    values |= {name: code for (node, name), code in group.settings.items() if node == instruction.node}
    if making.form == "one":
        return _made(making, 0, values)
    modules = _modules(making, values, Code(group.index))
    items = [call_of("*", [each]) if each.kind == "each" else each for each in modules]
    if _is_chain(call):
        return call_of("nn.Sequential", items)
    return call_of("nn.ModuleList", modules if len(modules) == 1 else [display(items, "[]")])


def _made(making: Making, number: int, values: Mapping[str, Code], suffix: str = "") -> Code:
    """Return a class called with its arguments by name, but for an only one without default; defaults are left away."""
    required = [parameter for parameter in making.parameters[number] if parameter.default is None]
    arguments: list[Code] = []
    for parameter in making.parameters[number]:
        code = values[parameter.name + suffix]
        if [parameter] == required:
            arguments.append(code)
        elif code != parameter.default:
            arguments.append(named(parameter.name, code))
    return call_of(making.classes[number], arguments)


def _modules(making: Making, values: Mapping[str, Code], index: Code) -> list[Code]:
    """Return what makes the modules of a group that runs more than once: each, or a generator of those alike."""
    if making.form == "listed":
        return [_made(making, number, values, f".{number}") for number in range(len(making.classes))]
    repeat = values["repeat.times"]
    if making.form == "counted":
        steps = {key: _stepped(values[key], values[f"{key}.step"], index) for key in making.stepped}
        return [generator(_made(making, 0, {**values, **steps}), index, call_of("range", [repeat]))]
    first, other = _made(making, 0, values, ".0"), _made(making, 0, values, ".1")
    if first == other:
        return [generator(first, "_", call_of("range", [repeat]))]
    if repeat in ("2", "3"):
        return [first, *[other] * (int(repeat) - 1)]
    others = constant(int(repeat) - 1) if repeat.isdecimal() else operation("operator.sub", (repeat, Code("1")))
    return [first, generator(other, "_", call_of("range", [others]))]


def _stepped(start: Code, step: Code, index: Code) -> Code:
    """Return `start + step * index`, as short as it can be said."""
    if start == "0":
        return _times(step, index)
    if start == step:
        return _times(step, operation("operator.add", (index, 1)))
    if _NEGATIVE.fullmatch(step):
        return operation("operator.sub", (start, _times(Code(step[1:]), index)))
    return operation("operator.add", (start, _times(step, index)))


def _times(step: Code, count: Code) -> Code:
    return count if step == "1" else operation("operator.mul", (step, count))


def _is_chain(call: GroupCall) -> bool:
    """Tell whether an instance with modules of its own for each time is one module that calls them in turn."""
    return call.is_numbered and len(call.parts[0].inputs) == len(call.parts[0].results) == 1


def _is_loop(call: GroupCall) -> bool:
    """Tell whether the forward runs an instance in a loop, in which what it gives is what it takes the next time."""
    return (call.is_numbered or len(call.parts) > 1) and not _is_chain(call)


def _group_lines(
    instruction: Instruction, call: GroupCall, group: GroupClass, variables: dict[PortRef, str]
) -> list[str]:
    """Print a call, or a loop of calls."""
    inputs = [variables[value] for value in instruction.args if value]
    ports = [PortRef(instruction.node, port) for port, _ in instruction.outputs]
    comment = _comment(group, ports)
    given = [variables.get(port, "_") for port in ports]
    if not _is_loop(call):
        return assignment(several(given), call_of(f"self.{instruction.module}", inputs), 2, comment)
    layer = unlike("layer", variables.values())
    each = f"self.{instruction.module}" if call.shared else layer
    times = ("_", f"range({len(call.parts)})") if call.shared else (layer, f"self.{instruction.module}")
    return [
        *assignment(several(given), several(inputs[: len(given)]), 2),
        *loop(*times, 2),
        *indented(assignment(several(given), call_of(each, [*given, *inputs[len(given) :]]), 3, comment)),
    ]


def _settings(instruction: Instruction, call: Call, group: GroupClass) -> list[Code]:
    """Return constructor arguments: the required ones by position, others by keyword, defaults left away."""
    defaults = parameters_of(call.target)
    arguments: list[Code] = []
    for name, value in call.settings or ():
        differs = group.settings.get((instruction.node, name))
        code = constant(short(name, value)) if differs is None else differs
        required = defaults.get(name) is inspect.Parameter.empty
        if required and list(defaults)[len(arguments)] == name:
            arguments.append(code)
        elif required or differs is not None or not _is_default(defaults, name, value):
            arguments.append(named(name, code))
    return arguments


def _is_default(defaults: dict[str, Any], name: str, value: Value) -> bool:
    """Tell whether torch would take this value anyway; `(1, 1)` is what a default of 1 means to a 2d layer."""
    if name not in defaults:
        return False
    default = defaults[name]
    same = type(default) is type(value) and default == value
    return same or (type(default) is int and short(name, value) == default)


def _forward_lines(instruction: Instruction, group: GroupClass, variables: dict[PortRef, str]) -> list[str]:
    if isinstance(instruction.call, GroupCall):
        return _group_lines(instruction, instruction.call, group, variables)
    return _call_lines(instruction, instruction.call, group, variables)


def _call_lines(
    instruction: Instruction, whole_call: Call, group: GroupClass, variables: dict[PortRef, str]
) -> list[str]:
    paths = dict(whole_call.results)
    ports = [port for port in paths if PortRef(instruction.node, port) in variables]

    def held(name: str, value: Value) -> Value:
        attribute = group.attributes.get((instruction.node, name))
        return Code(f"self.{attribute}") if attribute else value

    printed = with_constants(whole_call, held) if group.attributes else whole_call

    def invoke(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Code:
        if call.target in OPERATORS:
            return operation(call.target, args)
        defaults = {} if call.is_module else parameters_of(call.target)
        callee = f"self.{instruction.module}" if call.is_module else _spelling(call.target)
        by_name = [
            named(name, constant(short(name, value)))
            for name, value in kwargs.items()
            if not _is_default(defaults, name, value)
        ]
        positional = args
        if call.target.startswith(_METHODS):
            callee = f"{operand(args[0])}.{call.target.removeprefix(_METHODS)}"
            positional = args[1:]
        return call_of(callee, [*map(constant, positional), *by_name])

    inputs = [value and Code(variables[value]) for value in instruction.args]
    expression = perform(printed, inputs, invoke)
    if len(ports) == 1:
        value = PortRef(instruction.node, ports[0])
        part = picked(expression, map(_key, paths[ports[0]]))
        return assignment(variables[value], part, 2, _comment(group, [value]))
    whole = variables[PortRef(instruction.node, "")]
    lines = assignment(whole, expression, 2)
    for port in ports:
        value = PortRef(instruction.node, port)
        part = picked(Code(whole), map(_key, paths[port]))
        lines += assignment(variables[value], part, 2, _comment(group, [value]))
    return lines


def _comment(group: GroupClass, values: Iterable[PortRef]) -> str:
    """Return the shapes of values, where the variants of the class have more than the rank in common."""
    shapes = [group.shapes[value] for value in values]
    return ", ".join(shapes) if any(set(shape.split(" × ")) - {"N", "_"} for shape in shapes) else ""


def _key(key: Key) -> str:
    if isinstance(key, int):
        return str(key)
    return ", ".join(
        ":".join("" if bound is None else str(bound) for bound in part) if isinstance(part, tuple) else str(part)
        for part in key
    )


def _variables(program: Program) -> dict[PortRef, str]:
    """Return a variable for each value that something uses: the block's name, and the port's where a block has several.

    A block of several ports, or none, that are used needs one for all of its result, which stands under the empty port.
    """
    used = {value for instruction in program.instructions for value in instruction.args if value}
    used |= {result.value for result in program.results}
    variables = {slot.value: slot.name for slot in program.inputs}
    taken = set(program.names().values())
    for instruction in program.instructions:
        call, of = instruction.call, [PortRef(instruction.node, port) for port, _ in instruction.outputs]
        ports = [port for port in of if port in used]
        if len(ports) == 1:
            variables[ports[0]] = instruction.name
        if isinstance(call, GroupCall):
            ports = of if _is_loop(call) else ports  # a loop gives all of them their values for the next time
        elif len(ports) != 1:
            ports = [PortRef(instruction.node, ""), *ports]
        for port in (port for port in ports if port not in variables):
            variables[port] = unlike(f"{instruction.name}_{port.port or 'result'}", taken)
            taken.add(variables[port])
    return variables


def _spelling(target: str) -> str:
    prefix = next(prefix for prefix in _PREFIXES if target.startswith(prefix))
    return _PREFIXES[prefix] + target.removeprefix(prefix)

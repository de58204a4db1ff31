"""A program as the PyTorch code that a person would have written: a plain `nn.Module` that imports torch alone."""

from __future__ import annotations

import inspect
import itertools
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, cast

from netbuilder.blocks.spec import Call, Key, Value
from netbuilder.compiler.calls import calls_in, perform, resolve
from netbuilder.compiler.program import GroupCall, Instruction, Program
from netbuilder.graph.model import PortRef

_WIDTH = 100
_OPERATORS = {
    "operator.add": ("+", 1),
    "operator.sub": ("-", 1),
    "operator.mul": ("*", 2),
    "operator.truediv": ("/", 2),
    "operator.mod": ("%", 2),
    "operator.neg": ("-", 3),
    "operator.pow": ("**", 4),
}
"""The sign of each operator and how tightly it binds; `_TIGHT` is what needs no brackets anywhere."""
_TIGHT = 5
_PREFIXES = {"torch.nn.functional.": "functional.", "torch.nn.": "nn.", "torch.": "torch.", "netbuilder.nn.": ""}
_PER_DIMENSION = {"kernel_size", "stride", "padding", "output_padding", "dilation", "output_size"}
_METHODS = "torch.Tensor."
_UNTOLD: dict[str, Any] = {
    "padding": 0,
    "dilation": 1,
    "ceil_mode": False,
    "count_include_pad": True,
    "start_dim": 0,
    "end_dim": -1,
    "is_causal": False,
    "approximate": "none",
    "lambd": 0.5,
    "beta": 1.0,
    "threshold": 20.0,
    "keepdim": False,
}
"""Defaults of the builtin functions among our targets, whose signatures Python can't read. What is not here is printed."""


def source(program: Program, class_name: str = "Network") -> str:
    """Return Python source that defines `class_name` with the parameters, `state_dict` keys and results of `build(program)`.

    Metrics of torchmetrics are left out: they measure a network over all batches, and are no part of it.

    Its forward takes the program's inputs in order and returns the one result, or a tuple of several. The small modules of
    `netbuilder.nn` that the program uses are written out, so the text runs where only torch is installed.
    """
    program = _printed(program)
    inlined = _inlined(program)
    if class_name in inlined:
        class_name += "Network"
    classes = _Classes({class_name, *inlined})
    classes.visit(program)
    whole = _class_text(class_name, program, classes.names)
    body = "\n\n\n".join([*inlined.values(), *classes.texts(), whole])
    return f"{_imports(body)}\n\n\n{body}\n"


def _printed(program: Program) -> Program:
    instructions = tuple(part for part in program.instructions if not part.call.is_metric)
    return replace(program, instructions=instructions, results=tuple(r for r in program.results if r.value.port))


class _Classes:
    """The classes of all groups in a program, each once. A group that unfolds in several ways is a numbered class for each."""

    def __init__(self, taken: set[str]) -> None:
        self.names: dict[int, str] = {}
        """By the identity of the part; parts that read alike share a class."""
        self._taken = taken
        self._bodies: dict[str, str] = {}

    def visit(self, program: Program) -> None:
        """Take in the groups of a program, those inside of groups first."""
        for instruction in program.instructions:
            if not isinstance(instruction.call, GroupCall):
                continue
            for part in instruction.call.modules:
                if id(part) not in self.names:
                    self.visit(part)
                    self.names[id(part)] = self._name(instruction.call.name, _class_text("", part, self.names))

    def texts(self) -> list[str]:
        """Return the classes, those that others use first."""
        return [body.replace("class (", f"class {name}(", 1) for body, name in self._bodies.items()]

    def _name(self, group: str, body: str) -> str:
        if body not in self._bodies:
            numbered = (f"{group}{number}" for number in itertools.count(2))
            name = next(name for name in itertools.chain([group], numbered) if name not in self._taken)
            self._taken.add(name)
            self._bodies[body] = name
        return self._bodies[body]


def _class_text(name: str, program: Program, classes: Mapping[int, str]) -> str:
    variables = _variables(program)
    init = [line for instruction in program.instructions for line in _init_lines(instruction, classes)]
    forward = [line for instruction in program.instructions for line in _lines(instruction, variables)]
    results = [variables[result.value] for result in program.results]
    forward.append(f"return {', '.join(results) or '()'}")
    parameters = "".join(f", {variables[slot.value]}: torch.Tensor" for slot in program.inputs)
    returns = "torch.Tensor" if len(results) == 1 else f"tuple[{', '.join(['torch.Tensor'] * len(results)) or '()'}]"
    lines = [
        f"class {name}(nn.Module):",
        *_indent(_docstring(program)),
        "",
        "    def __init__(self) -> None:",
        *_indent(["super().__init__()", *init], 2),
        "",
        f"    def forward(self{parameters}) -> {returns}:",
        *_indent(forward, 2),
    ]
    return "\n".join(lines)


def _docstring(program: Program) -> list[str]:
    inputs = ", ".join(f"{slot.name} ({slot.spec}, {slot.spec.dtype})" for slot in program.inputs)
    outputs = ", ".join(f"{result.name} ({result.spec})" for result in program.results)
    return ['"""Takes ' + (inputs or "nothing") + ".", "", "Returns " + (outputs or "nothing") + ".", '"""']


def _imports(body: str) -> str:
    names = ["from torch import nn"]
    if "functional." in body:
        names.append("from torch.nn import functional")
    return "\n".join(["import torch", *names])


def _inlined(program: Program) -> dict[str, str]:
    """Return the source of each of our own modules and functions that the program uses, by its name, in order of first use."""
    calls = [call for _, whole in program.leaves() for call in calls_in(whole)]
    targets = dict.fromkeys(call.target for call in calls if call.target.startswith("netbuilder.nn."))
    return {_spelling(target): inspect.getsource(resolve(target)).rstrip() for target in targets}


def _init_lines(instruction: Instruction, classes: Mapping[int, str]) -> list[str]:
    call = instruction.call
    if isinstance(call, GroupCall):
        return _wrapped(*_group_lines(f"self.{instruction.name}", call, classes))
    if call.settings is None:
        return []
    return _wrapped(f"self.{instruction.name} = {_spelling(call.target)}", _settings(call))


def _group_lines(place: str, call: GroupCall, classes: Mapping[int, str]) -> tuple[str, list[str]]:
    made = [f"{classes[id(part)]}()" for part in call.modules]
    if len(made) == 1:
        return f"{place} = {made[0].removesuffix('()')}", []
    if len(set(made)) == 1:
        return f"{place} = nn.ModuleList", [f"{made[0]} for _ in range({len(made)})"]
    return f"{place} = nn.ModuleList", [f"[{', '.join(made)}]"]


def _group_forward(instruction: Instruction, call: GroupCall, variables: dict[PortRef, str]) -> list[str]:
    """Print a call, or a loop in which what a group gives is what it takes the next time."""
    inputs = [variables[value] for value in instruction.args if value]
    outputs = [variables.get(PortRef(instruction.node, port), "_") for port, _ in instruction.outputs]
    comment = f"  # {', '.join(str(spec) for _, spec in instruction.outputs)}"
    if len(call.parts) == 1:
        return [f"{', '.join(outputs)} = self.{instruction.name}({', '.join(inputs)}){comment}"]
    named = [
        variables.get(PortRef(instruction.node, port), f"{instruction.name}_{port}") for port, _ in instruction.outputs
    ]
    arguments = ", ".join([*named, *inputs[len(named) :]])
    each = f"self.{instruction.name}" if call.shared else "layer"
    times = f"_ in range({len(call.parts)})" if call.shared else f"layer in self.{instruction.name}"
    return [
        f"{', '.join(named)} = {', '.join(inputs[: len(named)])}",
        f"for {times}:",
        f"    {', '.join(named)} = {each}({arguments}){comment}",
    ]


def _settings(call: Call) -> list[str]:
    """Return constructor arguments: the required ones by position, others by keyword, defaults left away."""
    defaults = _defaults(call.target)
    arguments: list[str] = []
    for name, value in call.settings or ():
        required = defaults.get(name) is inspect.Parameter.empty
        if required and list(defaults)[len(arguments)] == name:
            arguments.append(_constant(name, value))
        elif required or not _is_default(defaults, name, value):
            arguments.append(f"{name}={_constant(name, value)}")
    return arguments


@cache
def _defaults(target: str) -> dict[str, Any]:
    """Return the parameters of a function or class with their defaults, `Parameter.empty` for those that have none."""
    callee = resolve(target)
    for place in getattr(callee, "__mro__", (callee,)):  # nn.LSTM takes *args, and hands them to its base
        try:
            parameters = inspect.signature(place).parameters.values()
        except ValueError:  # a builtin that tells nothing of itself
            break
        if any(parameter.kind is parameter.POSITIONAL_OR_KEYWORD for parameter in parameters):
            return {parameter.name: parameter.default for parameter in parameters}
    return _UNTOLD


def _is_default(defaults: dict[str, Any], name: str, value: Value) -> bool:
    """Tell whether torch would take this value anyway; `(1, 1)` is what a default of 1 means to a 2d layer."""
    if name not in defaults:
        return False
    default = defaults[name]
    same = type(default) is type(value) and default == value
    return same or (type(default) is int and name in _PER_DIMENSION and value == (default,) * len(_as_tuple(value)))


def _constant(name: str, value: Value) -> str:
    """Print a constant the short way: 3 for a kernel size of (3, 3)."""
    sizes = _as_tuple(value)
    if name in _PER_DIMENSION and len(set(sizes)) == 1:
        return _argument(sizes[0])
    return _argument(value)


def _as_tuple(value: Value) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else (value,)


def _lines(instruction: Instruction, variables: dict[PortRef, str]) -> list[str]:
    if isinstance(instruction.call, GroupCall):
        return _group_forward(instruction, instruction.call, variables)
    return _forward_lines(instruction, instruction.call, variables)


def _forward_lines(instruction: Instruction, whole_call: Call, variables: dict[PortRef, str]) -> list[str]:
    def invoke(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Text:
        if call.target in _OPERATORS:
            return _operation(call.target, args)
        defaults = {} if call.is_module else _defaults(call.target)
        callee = f"self.{instruction.name}" if call.is_module else _spelling(call.target)
        named = (
            f"{name}={_constant(name, value)}"
            for name, value in kwargs.items()
            if not _is_default(defaults, name, value)
        )
        arguments = [*map(_argument, args), *named]
        if call.target.startswith(_METHODS):
            callee = f"{_bracketed(args[0], _TIGHT)}.{call.target.removeprefix(_METHODS)}"
            arguments = arguments[1:]
        return _Text(f"{callee}({', '.join(arguments)})")

    inputs = [value and _Text(variables[value]) for value in instruction.args]
    expression = perform(whole_call, inputs, invoke)
    paths, specs = dict(whole_call.results), dict(instruction.outputs)
    ports = [port for port in paths if PortRef(instruction.node, port) in variables]
    if len(ports) == 1:
        (port,) = ports
        return [f"{variables[PortRef(instruction.node, port)]} = {expression}{_brackets(paths[port])}  # {specs[port]}"]
    whole = variables[PortRef(instruction.node, "")]
    picks = [(variables[PortRef(instruction.node, port)], port) for port in ports]
    return [
        f"{whole} = {expression}",
        *(f"{name} = {whole}{_brackets(paths[port])}  # {specs[port]}" for name, port in picks),
    ]


class _Text(str):
    """Source text among arguments, to be printed as it is and not as a string constant."""

    binding: int = _TIGHT


def _operation(target: str, args: Sequence[Any]) -> _Text:
    """Print an operator between its operands, in brackets where these bind less; equal ones associate to the left."""
    sign, binding = _OPERATORS[target]
    if target == "operator.neg":
        text = _Text(f"-{_bracketed(args[0], binding)}")
    else:
        from_right = target == "operator.pow"
        left, right = _bracketed(args[0], binding + from_right), _bracketed(args[1], binding + 1 - from_right)
        text = _Text(f"{left} {sign} {right}")
    text.binding = binding
    return text


def _bracketed(value: Any, binding: int) -> str:
    """Print an operand that binds at least so tightly as it is, and any other in brackets."""
    is_negative = isinstance(value, int | float) and value < 0
    text = _argument(value)
    return f"({text})" if is_negative or getattr(value, "binding", _TIGHT) < binding else text


def _argument(value: Any) -> str:
    if isinstance(value, _Text):
        return value
    if isinstance(value, tuple):
        return _tuple([_argument(item) for item in cast("tuple[Any, ...]", value)])
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _tuple(items: Sequence[str]) -> str:
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def _brackets(path: tuple[Key, ...]) -> str:
    return "".join(f"[{_key(key)}]" for key in path)


def _key(key: Key) -> str:
    if isinstance(key, int):
        return str(key)
    return ", ".join(
        ":".join("" if bound is None else str(bound) for bound in part) if isinstance(part, tuple) else str(part)
        for part in key
    )


def _variables(program: Program) -> dict[PortRef, str]:
    """Return a variable for each value that something uses: the block's name, and the port's where a block has several.

    A block of several ports also needs one for all of its result, which stands under the empty port.
    """
    used = {value for instruction in program.instructions for value in instruction.args if value}
    used |= {result.value for result in program.results}
    variables = {slot.value: slot.name for slot in program.inputs}
    taken = set(program.names().values())
    for instruction in program.instructions:
        ports = [port for port, _ in instruction.outputs if PortRef(instruction.node, port) in used]
        if len(ports) == 1:
            variables[PortRef(instruction.node, ports[0])] = instruction.name
            continue
        for port in ports if isinstance(instruction.call, GroupCall) else ("", *ports):
            name = f"{instruction.name}_{port or 'result'}"
            while name in taken:
                name += "_"
            taken.add(name)
            variables[PortRef(instruction.node, port)] = name
    return variables


def _spelling(target: str) -> str:
    prefix = next(prefix for prefix in _PREFIXES if target.startswith(prefix))
    return _PREFIXES[prefix] + target.removeprefix(prefix)


def _wrapped(callee: str, arguments: list[str]) -> list[str]:
    line = f"{callee}({', '.join(arguments)})"
    if len(line) + 8 <= _WIDTH:
        return [line]
    return [f"{callee}(", *(f"    {argument}," for argument in arguments), ")"]


def _indent(lines: list[str], depth: int = 1) -> list[str]:
    return [textwrap.indent(line, "    " * depth) for line in lines]

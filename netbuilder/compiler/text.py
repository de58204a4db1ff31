"""Python code as text: expressions that know where they may be broken, and lines laid out as by `ruff format`."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from functools import reduce
from typing import Any, Literal, cast

WIDTH = 88
TIGHT = 5
"""How tightly something binds that needs no brackets anywhere."""
OPERATORS = {
    "operator.add": ("+", 1),
    "operator.sub": ("-", 1),
    "operator.mul": ("*", 2),
    "operator.truediv": ("/", 2),
    "operator.floordiv": ("//", 2),
    "operator.mod": ("%", 2),
    "operator.neg": ("-", 3),
    "operator.pow": ("**", 4),
}
"""The sign of each operator and how tightly it binds."""
_SIMPLE = re.compile(r"[A-Za-z_\d][\w.]*(\*\*[A-Za-z_\d][\w.]*)*")
"""A name, an attribute, a number, or a power of such, which is printed without spaces."""


Kind = Literal["call", "display", "chain", "each", "item"]


class Code(str):
    """An expression as it stands on one line, and the parts between which it may be broken.

    A `call` stands between brackets that may hold all of its parts on a line of their own; a `display`, a tuple or a
    list, has a line for each part once it is broken, and so has a `chain` of operators; `each` is a generator, a part
    and its loop; an `item` is a part and the key of what is picked from it.
    """

    binding: int = TIGHT
    kind: Kind | None = None
    opening: str = ""
    parts: tuple[Code, ...] = ()
    closing: str = ""
    signs: tuple[str, ...] = ()
    """What stands before each part of a chain but the first."""


def _of_parts(text: str, kind: Kind, parts: Iterable[str], opening: str = "", closing: str = "") -> Code:
    code = Code(text)
    code.kind, code.opening, code.closing = kind, opening, closing
    code.parts = tuple(part if isinstance(part, Code) else Code(part) for part in parts)
    return code


def call_of(callee: str, arguments: Sequence[str], brackets: str = "()") -> Code:
    """Return `callee(arguments)`."""
    opening, closing = callee + brackets[0], brackets[1]
    text = f"{opening}{', '.join(arguments)}{closing}"
    return _of_parts(text, "call", arguments, opening, closing) if arguments else Code(text)


def named(name: str, value: Code) -> Code:
    """Return `name=value`, an argument."""
    return _prefixed(f"{name}=", value)


def _prefixed(prefix: str, code: Code) -> Code:
    """Return an expression that is broken where it would be without its prefix."""
    whole = Code(prefix + code)
    whole.kind, whole.parts, whole.signs, whole.closing = code.kind, code.parts, code.signs, code.closing
    whole.opening = prefix + code.opening
    return whole


def display(items: Sequence[str], brackets: str = "()") -> Code:
    """Return a tuple, or a list in brackets `[]`."""
    opening, closing = brackets
    only = "," if brackets == "()" and len(items) == 1 else ""
    return _of_parts(f"{opening}{', '.join(items)}{only}{closing}", "display", items, opening, closing)


def several(values: Sequence[str]) -> Code:
    """Return values beside each other: two or more are a tuple that has brackets only where it is broken."""
    if len(values) < 2:
        return Code(values[0] if values else "()")
    return _of_parts(", ".join(values), "display", values, "(", ")")


def generator(each: Code, variable: str, iterable: Code) -> Code:
    """Return `each for variable in iterable`."""
    loop = _prefixed(f"for {variable} in ", iterable)
    return _of_parts(f"{each} {loop}", "each", (each, loop))


def picked(whole: Code, keys: Iterable[str]) -> Code:
    """Return what is picked by one key after the other: `whole[0][:, -1]`."""
    return reduce(lambda code, key: _of_parts(f"{code}[{key}]", "item", (code, key)), keys, whole)


def operation(target: str, args: Sequence[Any]) -> Code:
    """Print an operator between its operands, in brackets where these bind less; equal ones associate to the left."""
    sign, binding = OPERATORS[target]
    if target == "operator.neg":
        code = _prefixed("-", _operand(args[0], TIGHT))
    else:
        from_right = target == "operator.pow"
        left, right = _operand(args[0], binding + from_right), _operand(args[1], binding + 1 - from_right)
        is_tight = from_right and _SIMPLE.fullmatch(left) and _SIMPLE.fullmatch(right)
        before, after = (each if each.kind == "chain" and each.binding == binding else None for each in (left, right))
        parts = (*(before.parts if before else (left,)), *(after.parts if after else (right,)))
        code = _of_parts(f"{left}{sign}{right}" if is_tight else f"{left} {sign} {right}", "chain", parts)
        code.signs = (*(before.signs if before else ()), f"{sign} ", *(after.signs if after else ()))
    code.binding = binding
    return code


def _operand(value: Any, binding: int) -> Code:
    """Print an operand that binds at least as tightly as `binding`, and any other in brackets."""
    is_negative = isinstance(value, int | float) and value < 0
    text = constant(value)
    return call_of("", [text]) if is_negative or text.binding < binding else text


def operand(value: Any) -> Code:
    """Print what a dot follows."""
    return _operand(value, TIGHT)


def unlike(name: str, taken: Container[str]) -> str:
    """Return a name that is not taken: the wanted one, or one with underscores behind it."""
    while name in taken:
        name += "_"
    return name


def class_name(name: str) -> str:
    """Return a name as one that a class would have: `conv_norm_act` as `ConvNormAct`."""
    words = re.findall(r"[^\W_]+", name)
    return "".join(word[0].upper() + word[1:] for word in words)


def constant(value: Any) -> Code:
    """Print a constant; what is code already stays as it is."""
    if isinstance(value, Code):
        return value
    if isinstance(value, tuple):
        return display([constant(item) for item in cast("tuple[Any, ...]", value)])
    return Code(_quoted(value) if isinstance(value, str) else repr(value))


def _quoted(text: str) -> str:
    """Print a text in double quotes, unless single ones save a backslash."""
    plain = repr(text)
    inside = plain[1:-1]
    return plain if '"' in inside else f'"{inside}"'


# Lines


def _lay(code: Code, room: int, head: str = "", tail: str = "") -> list[str]:
    """Return an expression inside of brackets, and what stands before and behind it: on one line if there is room.

    Without any room all is broken that can be.
    """
    if code.kind is None or len(head) + len(code) + len(tail) <= room:
        return [f"{head}{code}{tail}"]
    head += code.opening
    match code.kind:
        case "chain":
            tails = (*("" for _ in code.signs), tail)
            each = zip(code.parts, (head, *code.signs), tails, strict=True)
            return [line for part, before, behind in each for line in _lay(part, room, before, behind)]
        case "each":
            return [*_lay(code.parts[0], room, head), *_lay(code.parts[1], room, "", tail)]
        case "item":
            whole, key = code.parts
            if whole.kind and len(head) + len(whole) + 1 > room:
                return _lay(whole, room, head, f"[{key}]{tail}")
            return [f"{head}{whole}[", *indented([key]), f"]{tail}"]
        case "call" | "display":
            return [head, *indented(_inside(code, room - 4)), code.closing + tail]


def _inside(code: Code, room: int) -> list[str]:
    """Return the lines between brackets."""
    body = ", ".join(code.parts)
    if code.kind == "call" and len(body) <= room:
        return [body]
    if code.kind == "call" and len(code.parts) == 1:
        return _lay(code.parts[0], room)
    return [line for part in code.parts for line in _lay(part, room, tail=",")]


def _lay_bare(code: Code, room: int, head: str, tail: str = "") -> list[str]:
    """Return an expression outside of brackets: a chain of operators is broken inside of its operands alone."""
    if code.kind != "chain":
        return _lay(code, room, head, tail)
    if not any(part.kind for part in code.parts):
        return [f"{head}{code}{tail}"]
    lines = [head]
    for part, sign, following in zip(code.parts, code.signs, code.parts[1:], strict=False):
        *lines, start = lines
        end = f" {sign}{_up_to_bracket(following)}"
        lines += _lay_bare(part, room, start, end)
        lines[-1] = lines[-1].removesuffix(end) + f" {sign}"
    *lines, start = lines
    return [*lines, *_lay_bare(code.parts[-1], room, start, tail)]


def _up_to_bracket(code: Code) -> str:
    return code.opening or (_up_to_bracket(code.parts[0]) if code.kind == "chain" else code)


def _lay_right(start: str, code: Code, room: int) -> list[str]:
    """Return what stands to the right of the `start` of a statement, in brackets of its own or in others around it.

    A chain of operators needs none around it where brackets at one of its ends hold it together. Nor does anything else
    if each line has room once all of its own are broken, or has no more room inside of others.
    """
    if len(start) + len(code) <= room:
        return [start + code]
    if code.opening.lstrip("-") in ("(", "["):
        return _lay(code, room, start)
    bare = _lay_bare(code, 0, start)
    if code.kind == "chain":
        outside = [line for line in bare if not line.startswith(" ")]
        is_bare = _is_held_together(code) and _longest(outside) <= room
    else:
        is_bare = _longest(bare) <= room or _longest([f"{start}(", *indented(_lay(code, 0))]) > room
    return _lay_bare(code, room, start) if is_bare else [f"{start}(", *indented(_lay(code, room - 4)), ")"]


def _is_held_together(chain: Code) -> bool:
    """Tell whether a chain is of two operands, and begins or ends with a bracket that may stay open for some lines."""
    return len(chain.parts) == 2 and (chain.startswith("(") or _ends_in_bracket(chain))


def _ends_in_bracket(code: Code) -> bool:
    return _ends_in_bracket(code.parts[-1]) if code.kind == "chain" else code.kind is not None


def _longest(lines: Iterable[str]) -> int:
    return max(map(len, lines))


def assignment(target: str, code: Code, depth: int = 0, comment: str = "") -> list[str]:
    """Return the lines of `target = code`, to be indented by `depth` levels; `several` targets are broken last.

    A comment for which the line has no room stands above it.
    """
    room = WIDTH - 4 * depth
    if isinstance(target, Code) and target.kind == "display":
        lines = _tuple_assignment(target, code, room)
    else:
        lines = _lay_right(f"{target} = ", code, room)
    comment = comment and f"# {comment}"
    if comment and len(lines) == 1 and len(f"{lines[0]}  {comment}") <= room:
        return [f"{lines[0]}  {comment}"]
    return [comment, *lines] if comment else lines


def _tuple_assignment(targets: Code, code: Code, room: int) -> list[str]:
    assert code.kind != "chain", "operators give one value"
    start = f"{targets} = "
    if len(start) + len(code) <= room or (code.kind and len(start + code.opening) <= room):
        return _lay(code, room, start)
    if len(start) < room:
        return [f"{start}(", *indented(_lay(code, room - 4)), ")"]
    *lines, end = _lay(targets, 0)
    return [*lines, *_lay(code, room, f"{end} = ")]


def returned(values: Sequence[str], depth: int = 0) -> list[str]:
    """Return the lines of a return statement."""
    return _lay_right("return ", several(values), WIDTH - 4 * depth)


def loop(variable: str, iterable: str, depth: int = 0) -> list[str]:
    """Return the lines that begin a loop; where they are too long, the variable is what has brackets around it."""
    line = f"for {variable} in {iterable}:"
    return [line] if len(line) <= WIDTH - 4 * depth else ["for (", *indented([variable]), f") in {iterable}:"]


def signature(name: str, parameters: Sequence[str], result: Code, depth: int = 0) -> list[str]:
    """Return the lines that begin a function."""
    start, body, end = f"def {name}(", ", ".join(parameters), f") -> {result}:"
    room = WIDTH - 4 * depth
    if len(start + body + end) <= room:
        return [start + body + end]
    on_one_line = len(body) <= room - 4 and len(parameters) > 1
    lines = [body] if on_one_line else [f"{parameter}," for parameter in parameters]
    return [start, *indented(lines), *_lay(result, room, ") -> ", ":")]


def indented(lines: Sequence[str], depth: int = 1) -> list[str]:
    """Return lines, further to the right by `depth` levels."""
    return ["    " * depth + line if line else line for line in lines]

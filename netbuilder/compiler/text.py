"""Python code as text: expressions that know where they may be broken, and lines laid out as `ruff format` does by default."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
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


class Code(str):
    """An expression as it stands on one line, and the parts between which it may be broken.

    A `call` stands between brackets that may hold all of its parts on a line of their own; a `display`, a tuple or a list,
    has a line for each part once it is broken, and so has a `chain` of operators; `each` is a generator.
    """

    binding: int = TIGHT
    kind: Literal["call", "display", "chain", "each"] | None = None
    opening: str = ""
    parts: tuple[Code, ...] = ()
    closing: str = ""
    signs: tuple[str, ...] = ()
    """What stands before each part of a chain."""


def call_of(callee: str, arguments: Sequence[str], keys: str = "", brackets: str = "()") -> Code:
    """Return `callee(arguments)`, and in brackets behind it the keys of what is picked from what it gives."""
    return _bracketed_parts("call", callee + brackets[0], arguments, brackets[1] + keys)


def named(name: str, value: Code) -> Code:
    """Return `name=value`, an argument."""
    code = Code(f"{name}={value}")
    code.kind, code.parts, code.signs, code.closing = value.kind, value.parts, value.signs, value.closing
    code.opening = f"{name}={value.opening}"
    return code


def display(items: Sequence[str], brackets: str = "()") -> Code:
    """Return a tuple, or a list in brackets `[]`."""
    opening, closing = brackets
    if brackets == "()" and len(items) == 1:
        closing = ",)"
    code = _bracketed_parts("display", opening, items, closing)
    code.closing = brackets[1]
    return code


def generator(each: Code, loop: str) -> Code:
    """Return `each loop`, where the loop is `for _ in range(3)`."""
    code = Code(f"{each} {loop}")
    code.kind, code.parts, code.closing = "each", (each,), loop
    return code


def _bracketed_parts(kind: Literal["call", "display"], opening: str, parts: Sequence[str], closing: str) -> Code:
    code = Code(f"{opening}{', '.join(parts)}{closing}")
    code.kind, code.opening, code.closing = kind, opening, closing
    code.parts = tuple(part if isinstance(part, Code) else Code(part) for part in parts)
    return code


def operation(target: str, args: Sequence[Any]) -> Code:
    """Print an operator between its operands, in brackets where these bind less; equal ones associate to the left."""
    sign, binding = OPERATORS[target]
    if target == "operator.neg":
        code = Code(f"-{_operand(args[0], TIGHT)}")
    else:
        from_right = target == "operator.pow"
        left, right = _operand(args[0], binding + from_right), _operand(args[1], binding + 1 - from_right)
        if from_right and _SIMPLE.fullmatch(left) and _SIMPLE.fullmatch(right):
            code = Code(f"{left}{sign}{right}")
            code.binding = binding
            return code
        code = Code(f"{left} {sign} {right}")
        before = left if left.kind == "chain" and left.binding == binding else None
        code.kind = "chain"
        code.parts = (*(before.parts if before else (left,)), right)
        code.signs = (*(before.signs if before else ("",)), f"{sign} ")
    code.binding = binding
    return code


def _operand(value: Any, binding: int) -> Code:
    """Print an operand that binds at least as tightly as `binding`, and any other in brackets."""
    is_negative = isinstance(value, int | float) and value < 0
    text = constant(value)
    return Code(f"({text})") if is_negative or text.binding < binding else text


def operand(value: Any) -> Code:
    """Print what a dot follows."""
    return _operand(value, TIGHT)


def unlike(name: str, taken: Container[str]) -> str:
    """Return a name that is not taken: the wanted one, or one with underscores behind it."""
    while name in taken:
        name += "_"
    return name


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


def lay(code: Code, room: int) -> list[str]:
    """Return an expression on one line where there is room for it, else on several."""
    return [code] if len(code) <= room or code.kind is None else _broken(code, room)


def _broken(code: Code, room: int) -> list[str]:
    if code.kind == "chain":
        pairs = zip(code.signs, code.parts, strict=True)
        return [line for sign, part in pairs for line in _before(sign, lay(part, room - len(sign)))]
    if code.kind == "each":
        return [*lay(code.parts[0], room), code.closing]
    body = ", ".join(code.parts)
    if code.kind == "call" and len(body) <= room - 4:
        lines = [body]
    elif code.kind == "call" and len(code.parts) == 1:
        lines = lay(code.parts[0], room - 4)
    else:
        lines = [line for part in code.parts for line in _behind(lay(part, room - 5), ",")]
    return [code.opening, *indented(lines), code.closing]


def assignment(target: str, code: Code, depth: int = 0, comment: str = "") -> list[str]:
    """Return the lines of `target = code`, to be indented by `depth` levels.

    A comment for which the line has no room stands above it.
    """
    comment = f"  # {comment}" if comment else ""
    line = f"{target} = {code}"
    room = WIDTH - 4 * depth
    if len(line) + len(comment) <= room:
        return [line + comment]
    above = [comment.strip()] if comment else []
    if len(line) <= room:
        return [*above, line]
    last = code.parts[-1] if code.kind == "chain" and len(code.parts) == 2 else code
    start = f"{target} = {code.removesuffix(last)}"
    if last.kind in ("call", "display") and last.parts and len(start + last.opening) <= room:
        return [*above, *_before(start, _broken(last, room))]
    return [*above, f"{target} = (", *indented(lay(code, room - 4)), ")"]


def returned(values: Sequence[str], depth: int = 0) -> list[str]:
    """Return the lines of a return statement."""
    line = f"return {', '.join(values) or '()'}"
    if len(line) <= WIDTH - 4 * depth or len(values) < 2:
        return [line]
    return ["return (", *indented([f"{value}," for value in values]), ")"]


def signature(name: str, parameters: Sequence[str], result: Code, depth: int = 0) -> list[str]:
    """Return the lines that begin a function."""
    start, body, end = f"def {name}(", ", ".join(parameters), f") -> {result}:"
    room = WIDTH - 4 * depth
    if len(start + body + end) <= room:
        return [start + body + end]
    lines = [body] if len(body) <= room - 4 else [f"{parameter}," for parameter in parameters]
    last = [end] if len(end) <= room else _before(") -> ", _behind(_broken(result, room), ":"))
    return [start, *indented(lines), *last]


def indented(lines: Sequence[str], depth: int = 1) -> list[str]:
    """Return lines, further to the right by `depth` levels."""
    return ["    " * depth + line if line else line for line in lines]


def _before(text: str, lines: Sequence[str]) -> list[str]:
    return [text + lines[0], *lines[1:]]


def _behind(lines: Sequence[str], text: str) -> list[str]:
    return [*lines[:-1], lines[-1] + text]

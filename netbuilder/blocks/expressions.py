"""The small language of arithmetic: it computes parameters (`=channels*4`) and combines tensors (`a * sigmoid(b)`).

Numbers, names, `+ - * / // % **`, parentheses and the functions of `FUNCTIONS`, with Python's precedence and meaning. A
text is only ever read by the parser below: nothing of Python is evaluated. Everything is bounded: the length of a text,
how deep it nests, and how large a number becomes on the way.

A leading `=`, as a formula has in a spreadsheet, is passed over. Whole numbers stay whole, and exact: a division that
comes out even gives a whole number too.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, TypeAlias, TypeGuard

LONGEST = 500
"""Characters in a text."""
DEEPEST = 60
"""How deep a text nests: brackets in brackets, and operations on the results of operations."""
LARGEST_NUMBER = 2**63 - 1
"""Beyond it a whole number is refused; none that a parameter takes is as large."""

Scalar: TypeAlias = "int | float | bool | str"


class ExpressionError(ValueError):
    """The expression can't be read or computed.

    The message is a sentence; `position` counts characters of the text from 0.
    """

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.position = position


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written."""

    value: int | float


@dataclass(frozen=True, slots=True)
class Name:
    """A name that stands for a value."""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Apply:
    """An operation on what its arguments give.

    `operation` is an operator's sign, a function's name, or `neg` for a minus before a value. `depth` is how many
    operations stand on each other here.
    """

    operation: str
    arguments: tuple[Tree, ...]
    position: int
    depth: int


Tree: TypeAlias = "Number | Name | Apply"


def is_expression(value: object) -> TypeGuard[str]:
    """Tell whether a field's value is an expression."""
    return isinstance(value, str) and value.startswith("=")


def names_in(tree: Tree) -> tuple[str, ...]:
    """Return the names that an expression uses, each once, in order."""
    match tree:
        case Number():
            return ()
        case Name(name):
            return (name,)
        case Apply(arguments=arguments):
            return tuple(dict.fromkeys(name for argument in arguments for name in names_in(argument)))


# Computing


def compute(tree: Tree, names: Mapping[str, Scalar]) -> Scalar:
    """Return the value of a parsed expression whose names stand for these values. Raises `ExpressionError`.

    A text or a switch can only be passed on as it is (`=padding`): there is no arithmetic with it.
    """
    match tree:
        case Number(value):
            return value
        case Name(name, position):
            if name not in names:
                raise ExpressionError(f"“{name}” is not known here. {_hint(name, names)}", position)
            return names[name]
        case Apply(operation, arguments, position):
            values = [compute(argument, names) for argument in arguments]
            for value in values:
                if isinstance(value, bool | str):
                    shown = f"“{value[:40]}”" if isinstance(value, str) else "on" if value else "off"
                    raise ExpressionError(f"There is no arithmetic with {shown}: it is not a number.", position)
            return _applied(operation, values, position)


def _applied(operation: str, values: Sequence[Any], position: int) -> int | float:
    """Compute one operation, and see to it that the result is a number of a sensible size."""
    if operation == "**" and _runs_away(*values):
        raise ExpressionError(f"{_shown(values[0])} ** {_shown(values[1])} is too large a number.", position)
    try:
        result = _OPERATIONS[operation](*values)
    except ZeroDivisionError:
        raise ExpressionError(f"“{operation}” divides by zero here.", position) from None
    except OverflowError:
        raise ExpressionError(f"The result of “{operation}” is too large a number.", position) from None
    except ValueError:  # the square root of a negative number, the logarithm of zero
        raise ExpressionError(f"There is no {operation} of {', '.join(map(_shown, values))}.", position) from None
    if isinstance(result, complex):
        raise ExpressionError(f"There is no real root of {_shown(values[0])}.", position)
    if not math.isfinite(result) or (isinstance(result, int) and abs(result) > LARGEST_NUMBER):
        raise ExpressionError(f"The result of “{operation}” is too large a number.", position)
    return result


def _runs_away(base: float, exponent: float) -> bool:
    """Tell, without computing it, that a power of whole numbers has more digits than any use."""
    whole = isinstance(base, int) and isinstance(exponent, int)
    return whole and exponent > 0 and (int(base).bit_length() - 1) * exponent > LARGEST_NUMBER.bit_length()


def _shown(value: float) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _hint(name: str, names: Mapping[str, Scalar]) -> str:
    close = get_close_matches(name, list(names), n=1)
    if close:
        return f"Did you mean “{close[0]}”?"
    known = ", ".join(list(names)[:12])
    return f"Known are: {known}." if known else "Only numbers and functions are."


def _divide(a: float, b: float) -> int | float:
    """Divide; whole numbers that divide evenly give a whole number, however large they are."""
    return a // b if isinstance(a, int) and isinstance(b, int) and a % b == 0 else a / b


def _sigmoid(x: float) -> float:
    """Return 1 / (1 + e⁻ˣ), for any x without overflow."""
    return 0.5 * (1.0 + math.tanh(0.5 * x))


def _relu(x: float) -> float:
    return max(x, 0)


FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "min": (min, 2, 16),
    "max": (max, 2, 16),
    "abs": (abs, 1, 1),
    "round": (round, 1, 1),
    "floor": (math.floor, 1, 1),
    "ceil": (math.ceil, 1, 1),
    "sqrt": (math.sqrt, 1, 1),
    "exp": (math.exp, 1, 1),
    "log": (math.log, 1, 1),
    "sin": (math.sin, 1, 1),
    "cos": (math.cos, 1, 1),
    "tanh": (math.tanh, 1, 1),
    "sigmoid": (_sigmoid, 1, 1),
    "relu": (_relu, 1, 1),
}
"""What can be called: the function, and how few and how many arguments it takes."""

_OPERATIONS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "//": operator.floordiv,  # pyright: ignore[reportUnknownMemberType]
    "%": operator.mod,
    "**": operator.pow,  # pyright: ignore[reportUnknownMemberType]
    "neg": operator.neg,
    **{name: function for name, (function, _, _) in FUNCTIONS.items()},
}


# Reading

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<sign>\*\*|//|[-+*/%(),]))",
    re.ASCII,
)
_SUMS, _PRODUCTS = ("+", "-"), ("*", "/", "//", "%")


@lru_cache(maxsize=4096)
def parse(text: str) -> Tree:
    """Return the expression as a tree. Raises `ExpressionError`."""
    if len(text) > LONGEST:
        raise ExpressionError(f"The expression is {len(text):,} characters long, and may have {LONGEST}.", LONGEST)
    parser = _Parser(text)
    tree = parser.sum(0)
    if parser.kind:
        raise ExpressionError(f"Nothing is expected after the expression, and there is “{parser.token}”.", parser.start)
    return tree


class _Parser:
    """Reads a text from left to right, one token ahead; one method a level of precedence.

    A minus binds less than the power behind it and more than everything else, as in Python: −2**2 is −4.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.end = len(text) - len(text.lstrip())
        self.end += text.startswith("=", self.end)
        self.advance()

    def advance(self) -> None:
        """Read the next token: what kind it is (empty at the end), its text, where it starts."""
        match = _TOKEN.match(self.text, self.end)
        if match is None:
            rest = self.text[self.end :].lstrip()
            if rest:
                raise ExpressionError(f"“{rest[0]}” means nothing here.", len(self.text) - len(rest))
            self.kind, self.token, self.start = "", "", len(self.text)
            return
        self.kind, self.end = str(match.lastgroup), match.end()
        self.token, self.start = match[self.kind], match.start(self.kind)

    def sum(self, depth: int) -> Tree:
        """Read terms joined by + and -."""
        tree = self.product(depth)
        while self.token in _SUMS:
            tree = self.binary(tree, self.product, depth)
        return tree

    def product(self, depth: int) -> Tree:
        """Read factors joined by *, /, // and %."""
        tree = self.signed(depth)
        while self.token in _PRODUCTS:
            tree = self.binary(tree, self.signed, depth)
        return tree

    def signed(self, depth: int) -> Tree:
        """Read a power with any signs before it."""
        self.require_shallow(depth, self.start)
        if self.token not in _SUMS:
            return self.power(depth)
        sign, position = self.token, self.start
        self.advance()
        operand = self.signed(depth + 1)
        return self.apply("neg", (operand,), position) if sign == "-" else operand

    def power(self, depth: int) -> Tree:
        """Read a value and, behind **, what it is raised to: from the right, as in Python."""
        base = self.value(depth)
        return self.binary(base, self.signed, depth + 1) if self.token == "**" else base

    def value(self, depth: int) -> Tree:
        """Read a number, a name, the call of a function, or brackets."""
        kind, token, position = self.kind, self.token, self.start
        if kind == "number":
            self.advance()
            return Number(_number(token, position))
        if kind == "name":
            self.advance()
            return self.call(token, position, depth) if self.token == "(" else Name(token, position)
        if token == "(":
            self.advance()
            inside = self.sum(depth + 1)
            self.expect(")")
            return inside
        found = f"and there is “{token}”" if kind else "and the expression ends"
        raise ExpressionError(f"A number or a name is expected here, {found}.", position)

    def call(self, name: str, position: int, depth: int) -> Tree:
        """Read the arguments of a function."""
        if name not in FUNCTIONS:
            raise ExpressionError(f"There is no function “{name}”; there are {', '.join(FUNCTIONS)}.", position)
        arguments: list[Tree] = []
        while not arguments or self.token == ",":
            self.advance()
            arguments.append(self.sum(depth + 1))
        self.expect(")")
        _, fewest, most = FUNCTIONS[name]
        if not fewest <= len(arguments) <= most:
            wanted = f"{fewest} to {most} values" if most > fewest else "one value"
            raise ExpressionError(f"{name} takes {wanted}, and gets {len(arguments)}.", position)
        return self.apply(name, tuple(arguments), position)

    def binary(self, left: Tree, read: Callable[[int], Tree], depth: int) -> Tree:
        """Read the operator at hand and what stands to its right."""
        sign, position = self.token, self.start
        self.advance()
        return self.apply(sign, (left, read(depth)), position)

    def apply(self, operation: str, arguments: tuple[Tree, ...], position: int) -> Apply:
        """Return an operation, unless it stands on too many others."""
        depth = 1 + max(argument.depth if isinstance(argument, Apply) else 0 for argument in arguments)
        self.require_shallow(depth, position)
        return Apply(operation, arguments, position, depth)

    def require_shallow(self, depth: int, position: int) -> None:
        """Raise `ExpressionError` at a depth that would be a danger to the stack of whoever reads the tree."""
        if depth > DEEPEST:
            raise ExpressionError(f"The expression nests more than {DEEPEST} deep.", position)

    def expect(self, sign: str) -> None:
        """Pass over a sign that has to be there."""
        if self.token != sign:
            found = f"and there is “{self.token}”" if self.kind else "and the expression ends"
            raise ExpressionError(f"“{sign}” is expected here, {found}.", self.start)
        self.advance()


def _number(token: str, position: int) -> int | float:
    value = int(token) if token.isdecimal() else float(token)
    if value > LARGEST_NUMBER if isinstance(value, int) else math.isinf(value):
        raise ExpressionError(f"{token[:20]} is too large a number.", position)
    return value

"""Arithmetic of tensors, element by element or as matrices."""

from __future__ import annotations

from typing import ClassVar

from netbuilder.blocks.broadcast import fits, require_broadcast
from netbuilder.blocks.expressions import Apply, ExpressionError, Name, Number, Tree, compute, names_in, parse
from netbuilder.blocks.spec import (
    BATCH,
    Arg,
    Block,
    Call,
    Insert,
    Mismatch,
    Port,
    Real,
    SetOwn,
    Suggestion,
    TensorSpec,
    Value,
    function,
    param,
)

_A = Port("a", help="Any shape.")


class _Pair(Block):
    """What Subtract and Divide share: two inputs whose order matters."""

    category = "Merge"
    inputs = (_A, Port("b", help="A tensor of the same shape, or with sizes of 1 that are repeated to fit."))
    operation: ClassVar[str]

    def lower(self, a: TensorSpec, b: TensorSpec) -> Call:
        require_broadcast(type(self).__name__, (a, b), ("a", "b"))
        return function(self.operation, Arg(0), Arg(1))


class Subtract(_Pair):
    """Take one tensor from another, element by element.

    y = a − b; both of the same shape, or with a size of 1 that is repeated to fit. For differences: the noise that is
    left in an image, or what sets two embeddings of a siamese network apart.
    Source: `torch.sub`.
    """

    aliases = ("sub", "minus", "difference", "-")
    operation = "operator.sub"


class Divide(_Pair):
    """Divide one tensor by another, element by element.

    y = a / b; both of the same shape, or with a size of 1 that is repeated to fit. For averages and norms of one's own;
    where b may come near 0, add a little to it, or the loss becomes infinite.
    Source: `torch.div`.
    """

    aliases = ("div", "quotient", "ratio", "/")
    operation = "operator.truediv"


class MatMul(Block):
    """Multiply matrices.

    y[i, j] = Σₖ a[i, k] · b[k, j], for each sample and all dimensions before the last two. Inputs `N × … × I × K` and
    `N × … × K × J`, output `N × … × I × J`. For attention drawn by hand, and for similarities between the steps of two
    sequences. Matrices that are learned are in Linear.
    Source: `torch.matmul`.
    """

    category = "Merge"
    aliases = ("matrix multiplication", "bmm", "dot product", "@", "similarity")
    inputs = (
        Port("a", help="Matrices.", rank=(3, 8), layout="N × … × I × K"),
        Port("b", help="Matrices.", rank=(3, 8), layout="N × … × K × J"),
    )
    example_inputs = (TensorSpec((BATCH, 4, 6)), TensorSpec((BATCH, 6, 5)))

    def lower(self, a: TensorSpec, b: TensorSpec) -> Call:
        if a.rank != b.rank or not all(map(fits, a.shape[:-2], b.shape[:-2])):
            raise Mismatch(
                f"MatMul needs equal sizes in all dimensions but the last two: a is {a} and b is {b}.", port="b"
            )
        if a.shape[-1] != b.shape[-2]:
            turned = (*range(b.rank - 2), b.rank - 1, b.rank - 2)
            suggestions: list[Suggestion] = [Insert("Permute", (("dims", turned),))]
            raise Mismatch(
                f"MatMul needs as many columns of a as rows of b: a is {a} and b is {b}.",
                port="b",
                suggestions=suggestions if a.shape[-1] == b.shape[-1] else (),
            )
        return function("torch.matmul", Arg(0), Arg(1))


class Where(Block):
    """Take each element from one tensor or from another.

    y = a where condition > threshold, else b, element by element. All three of the same shape, or with sizes of 1 that
    are repeated to fit. For masks: keep what a gate lets through and put something else in place of the rest.
    Source: `torch.where`.
    """

    category = "Merge"
    aliases = ("mask", "select", "if", "choose", "masked fill")
    inputs = (
        Port(
            "condition", help="Numbers of which those above the threshold choose a; or yes and no (bool).", dtype=None
        ),
        Port("a", help="Taken where the condition holds."),
        Port("b", help="Taken elsewhere."),
    )

    threshold: Real = param(0.0, help="Above it the condition holds.")

    def lower(self, condition: TensorSpec, a: TensorSpec, b: TensorSpec) -> Call:
        require_broadcast("Where", (condition, a, b), ("condition", "a", "b"))
        holds = Arg(0) if condition.dtype == "bool" else function("torch.gt", Arg(0), self.threshold)
        return function("torch.where", holds, Arg(1), Arg(2))

    def summary(self) -> str:
        return f"> {self.threshold:g}"


_LETTERS = ("a", "b", "c", "d")

_OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "truediv", "%": "mod", "**": "pow", "neg": "neg"}
_EXTREMES = {"min": ("torch.minimum", "max"), "max": ("torch.maximum", "min")}


class Expression(Block):
    """Compute a formula of the inputs, element by element.

    y = formula, for instance `a * sigmoid(b) + 1`, where a, b, c and d are the inputs: all of the same shape, or with
    sizes of 1 that are repeated to fit. It takes numbers, + − * / // % **, brackets, and the functions min, max, abs,
    round, floor, ceil, sqrt, exp, log, sin, cos, tanh, sigmoid and relu. For the one line of arithmetic in a paper that
    no block has.
    """

    category = "Merge"
    aliases = ("formula", "arithmetic", "lambda", "elementwise", "math")
    inputs = (_A, *(Port(name, help=f"Any shape that fits a; needed where the formula says {name}.", optional=True)
                    for name in _LETTERS[1:]))  # fmt: skip
    example_inputs = (TensorSpec((BATCH, 10, 12)), TensorSpec((BATCH, 10, 12)))

    formula: str = param("a * sigmoid(b)", help="What is computed of the inputs a, b, c and d.")

    def lower(
        self, a: TensorSpec, b: TensorSpec | None = None, c: TensorSpec | None = None, d: TensorSpec | None = None
    ) -> Call:
        wired = {name: spec for name, spec in zip(_LETTERS, (a, b, c, d), strict=True) if spec}
        try:
            tree = parse(self.formula)
            used = names_in(tree)
            if not used:
                compute(tree, {})
        except ExpressionError as error:
            raise self._wrong(f"{error} (At character {error.position + 1} of the formula.)") from error
        for name in used:
            if name not in _LETTERS:
                raise self._wrong(f"The formula says “{name}”, and the inputs are a, b, c and d.")
            if name not in wired:
                raise Mismatch(
                    f"The formula says {name}, and nothing is wired to {name}.", port=name, code="bad-parameter"
                )
        for name in wired:
            if name not in used:
                raise Mismatch(
                    f"The formula does not say {name}: use it, or remove its wire.",
                    port=name,
                    parameter="formula",
                    code="bad-parameter",
                    suggestions=(SetOwn("formula", f"{self.formula} + {name}"),) if used else (),
                )
        require_broadcast("Expression", list(wired.values()), list(wired))
        try:
            value = _value(tree, list(wired))
        except ExpressionError as error:
            raise self._wrong(f"{error} (At character {error.position + 1} of the formula.)") from error
        return value if isinstance(value, Call) else function("torch.clone", value)

    def _wrong(self, message: str) -> Mismatch:
        return Mismatch(message, parameter="formula", code="bad-parameter")

    def summary(self) -> str:
        return self.formula if len(self.formula) <= 24 else f"{self.formula[:23]}…"


def _value(tree: Tree, wired: list[str]) -> Value:
    """Return a formula as calls; what no input is part of is computed here and now."""
    if not names_in(tree):
        number = compute(tree, {})
        assert not isinstance(number, str), "a formula without names is a number"
        return number
    match tree:
        case Name(name):
            return Arg(wired.index(name))
        case Apply(operation, arguments):
            return _call(operation, [_value(argument, wired) for argument in arguments])
        case Number():
            raise AssertionError("a number names nothing")


def _call(operation: str, values: list[Value]) -> Call:
    if operation in _OPERATORS:
        return function(f"operator.{_OPERATORS[operation]}", *values)
    if operation == "//":
        return function("torch.floor", function("operator.truediv", *values))
    if operation not in _EXTREMES:
        return function(f"torch.{operation}", *values)
    of_tensors, bound = _EXTREMES[operation]
    numbers = [value for value in values if isinstance(value, int | float)]
    tensors = [value for value in values if not isinstance(value, int | float)]
    joined = tensors[0]
    for tensor in tensors[1:]:
        joined = function(of_tensors, joined, tensor)
    if numbers:
        limit = min(numbers) if operation == "min" else max(numbers)
        joined = Call("torch.clamp", None, (joined,), ((bound, limit),))
    assert isinstance(joined, Call), "min and max take at least two values"
    return joined

"""What a layer declares, and the values that the declaration is made of.

A layer is one subclass of `Block`: its parameters are pydantic fields made with `param`, its ports are `Port`s, and its
`lower` turns the specs of its inputs into a `Call`. A `Call` is data: instantiated it is the module, printed it is the
source line, run on the meta device it gives the shapes. Palette, search, inspector, validation, files, generated code,
reference and tests all follow from this one class.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

# Tensors


@dataclass(frozen=True, slots=True, order=True)
class Free:
    """A dimension that only the data fixes: `scale * symbol + offset`, with the symbol N for the batch."""

    symbol: str
    scale: int = 1
    offset: int = 0

    def __str__(self) -> str:
        text = self.symbol if self.scale == 1 else f"{self.symbol}*{self.scale}"
        return text if not self.offset else f"{text}{self.offset:+d}"


Dim: TypeAlias = int | Free

BATCH = Free("N")

Scale: TypeAlias = Literal["", "probabilities", "log-probabilities"]


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """The shape and type of a tensor on a wire.

    `num_classes` is set where the values are class indices of known count, `scale` where they are known to be
    probabilities.
    """

    shape: tuple[Dim, ...]
    dtype: str = "float32"
    num_classes: int | None = None
    scale: Scale = ""

    @property
    def rank(self) -> int:
        """Number of dimensions, the batch among them."""
        return len(self.shape)

    def __str__(self) -> str:
        return " × ".join(map(str, self.shape)) if self.shape else "scalar"

    def axis(self, dimension: int) -> int:
        """Return a dimension counted from the front; `Mismatch` where there is no such one."""
        if not -self.rank <= dimension < self.rank:
            raise Mismatch(f"The input is {self}: it has no dimension {dimension}.", code="no-such-dimension")
        return dimension % self.rank

    def size(self, dimension: int) -> int:
        """Return the fixed size of a dimension; `Mismatch` where it is free or missing."""
        size = self.shape[self.axis(dimension)]
        if isinstance(size, Free):
            raise Mismatch(f"Dimension {dimension} of the input {self} is {size}; it has to be a fixed number here.")
        return size

    def shape_with(self, sizes: Mapping[str, int]) -> tuple[int, ...]:
        """Return the shape where the free dimensions have these sizes, by symbol: `{"N": 64}`."""
        return tuple(dim if isinstance(dim, int) else dim.scale * sizes[dim.symbol] + dim.offset for dim in self.shape)

    def numel(self) -> int:
        """Return the elements of one sample: the product of all dimensions with each free one taken as 1."""
        return math.prod(dim if isinstance(dim, int) else dim.scale + dim.offset for dim in self.shape)


# What a block asks for and gives


@dataclass(frozen=True, slots=True)
class Port:
    """A place for wires.

    `rank` bounds the number of dimensions that an input takes (a number, or lowest and highest), `layout` says what
    they are (`N × time × features`), `dtype` is its type. A variadic input stands for x1, x2, ... as many as are wired,
    at least two. `truth` marks the input for what a prediction is compared with: class labels, or numbers of its own
    shape.
    """

    name: str
    help: str = ""
    rank: int | tuple[int, int] | None = None
    layout: str = ""
    dtype: Literal["float", "integer"] | None = "float"
    variadic: bool = False
    optional: bool = False
    truth: Literal["labels", "numbers"] | None = None

    def sizes(self) -> str:
        """Say what dimensions an input takes: how they are laid out, else how many; empty where any will do."""
        lowest, highest = self.ranks
        if self.layout or self.rank is None:
            return self.layout
        if lowest == highest:
            return "1 dimension" if lowest == 1 else f"{lowest} dimensions"
        return f"{lowest} {'or' if highest == lowest + 1 else 'to'} {highest} dimensions"

    @property
    def ranks(self) -> tuple[int, int]:
        """Lowest and highest number of dimensions."""
        if self.rank is None:
            return 0, 99
        return (self.rank, self.rank) if isinstance(self.rank, int) else self.rank

    def takes_rank(self, spec: TensorSpec) -> bool:
        """Tell whether a tensor of this spec has the right number of dimensions."""
        lowest, highest = self.ranks
        return lowest <= spec.rank <= highest

    def takes_dtype(self, spec: TensorSpec) -> bool:
        """Tell whether a tensor of this spec has the right type."""
        return self.dtype is None or (self.dtype == "float") == spec.dtype.startswith("float")


@dataclass(frozen=True, slots=True)
class Insert:
    """A suggestion: put a block of this type, with these parameters, into the wire before the port."""

    type: str
    params: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class SetOwn:
    """A suggestion: set a parameter of the block that refused."""

    parameter: str
    value: Any


@dataclass(frozen=True, slots=True)
class Resize:
    """A suggestion: let the layer that feeds the port produce `features` features or channels."""

    features: int


@dataclass(frozen=True, slots=True)
class Bypass:
    """A suggestion: take what goes into the block before the port, in place of what comes out of it."""


Suggestion: TypeAlias = Insert | SetOwn | Resize | Bypass


class Mismatch(Exception):
    """Raised in `Block.lower`: these inputs can't be taken.

    The message is for the user; `port` or `parameter` is the place that is to blame; suggestions become fixes.
    """

    def __init__(
        self,
        message: str,
        *,
        port: str | None = None,
        parameter: str | None = None,
        code: str = "shape-mismatch",
        suggestions: Iterable[Suggestion] = (),
    ) -> None:
        super().__init__(message)
        self.port = port
        self.parameter = parameter
        self.code = code
        self.suggestions = tuple(suggestions)


# Calls


@dataclass(frozen=True, slots=True)
class Arg:
    """The value of the block's i-th wired input, inside the arguments of a call."""

    index: int


Value: TypeAlias = "None | bool | int | float | str | tuple[Value, ...] | Arg | Call"
Key: TypeAlias = "int | tuple[int | tuple[int | None, int | None], ...]"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a torch module or function, as data.

    Attributes
    ----------
    target
        Dotted path of a torch function or class, of a function of `operator` or in `netbuilder.nn`, or of a metric of
        torchmetrics.
    settings
        Constructor keywords of a module or metric; None says that the target is a function.
    args, kwargs
        What is passed when called: constants, `Arg`s and, for functions, further function calls.
    results
        Output port and the keys that pick its value from what the call returns: `()` is all of it, `(1, 0)` is
        `result[1][0]`; a tuple inside is one multi-dimensional index, with `(start, stop)` for a slice.
    unexportable
        Why ONNX has no form of it, in a sentence that “… can't be exported:” begins; empty where it has one.
    """

    target: str
    settings: tuple[tuple[str, Value], ...] | None
    args: tuple[Value, ...]
    kwargs: tuple[tuple[str, Value], ...] = ()
    results: tuple[tuple[str, tuple[Key, ...]], ...] = (("y", ()),)
    unexportable: str = ""

    @property
    def is_module(self) -> bool:
        """Whether the target is a class that is instantiated once and may own parameters."""
        return self.settings is not None and not self.is_metric

    @property
    def is_metric(self) -> bool:
        """Whether the target is a metric of torchmetrics: it takes all batches in before it gives a number."""
        return self.target.startswith("torchmetrics.")


def module(
    target: str,
    /,
    *args: Value,
    results: dict[str, tuple[Key, ...]] | None = None,
    call_with: dict[str, Value] | None = None,
    **settings: Value,
) -> Call:
    """Call an `nn.Module` made with `settings`; `args` default to the first input alone."""
    return Call(target, _pairs(settings), args or (Arg(0),), _pairs(call_with), _results(results))


def function(target: str, /, *args: Value, results: dict[str, tuple[Key, ...]] | None = None, **kwargs: Value) -> Call:
    """Call a function; `args` default to the first input alone."""
    return Call(target, None, args or (Arg(0),), _pairs(kwargs), _results(results))


def metric(target: str, /, *args: Value, **settings: Value) -> Call:
    """Let a metric of torchmetrics, made with `settings`, take in `args`; its number comes at the end, on no output."""
    return Call(f"torchmetrics.{target}", _pairs(settings), args, results=(("", ()),))


def _pairs(values: dict[str, Value] | None) -> tuple[tuple[str, Value], ...]:
    return tuple((values or {}).items())


def _results(results: dict[str, tuple[Key, ...]] | None) -> tuple[tuple[str, tuple[Key, ...]], ...]:
    return tuple(results.items()) if results else (("y", ()),)


# Parameters


@dataclass(frozen=True, slots=True)
class Sizes:
    """Marks a list of whole numbers: of fixed `length`, where one number stands for all, or of any."""

    minimum: int
    maximum: int
    length: int | None = None


def _spread(length: int) -> BeforeValidator:
    """Let one number stand for `length` equal ones, and a JSON list for a tuple."""

    def spread(value: object) -> object:
        if isinstance(value, int) and not isinstance(value, bool):
            return (value,) * length
        return tuple(value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]

    return BeforeValidator(spread)


as_tuple = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
"""Lets a JSON list stand for a tuple."""

LARGEST = 2**31 - 1

Count = Annotated[int, Field(ge=1, le=LARGEST)]
"""How many of something: features, channels, heads."""

Depth = Annotated[int, Field(ge=1, le=256)]
"""How many layers of a kind are stacked inside one block."""

Index = Annotated[int, Field(ge=-8, le=7)]
"""A dimension of a tensor; negative counts from the end."""

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]

Real = Annotated[float, Field(ge=-1e12, le=1e12)]
"""Any number that arithmetic in float32 has room for."""

Epsilon = Annotated[float, Field(ge=1e-12, le=1.0)]
"""A small number that keeps a division finite."""

LossWeight = Annotated[float, Field(ge=0.0, le=1e6)]
"""By how much a loss counts in the sum that training minimises."""

_Size = Annotated[int, Field(ge=1, le=65_536)]
_Pad = Annotated[int, Field(ge=0, le=65_536)]

Size1d = Annotated[tuple[_Size], _spread(1), Sizes(1, 65_536, 1)]
Size2d = Annotated[tuple[_Size, _Size], _spread(2), Sizes(1, 65_536, 2)]
Size3d = Annotated[tuple[_Size, _Size, _Size], _spread(3), Sizes(1, 65_536, 3)]
Padding1d = Annotated[tuple[_Pad], _spread(1), Sizes(0, 65_536, 1)]
Padding2d = Annotated[tuple[_Pad, _Pad], _spread(2), Sizes(0, 65_536, 2)]
Padding3d = Annotated[tuple[_Pad, _Pad, _Pad], _spread(3), Sizes(0, 65_536, 3)]
AutoPadding1d = Literal["same", "valid"] | Padding1d
"""`"same"` keeps the size at stride 1, `"valid"` pads nothing, numbers pad each side by so much."""
AutoPadding2d = Literal["same", "valid"] | Padding2d
AutoPadding3d = Literal["same", "valid"] | Padding3d

Stride1d = Literal["kernel_size"] | Size1d
"""Steps of a pooling window: by its own size, so that windows don't overlap, or by so much."""
Stride2d = Literal["kernel_size"] | Size2d
Stride3d = Literal["kernel_size"] | Size3d

NewSize = (
    Literal["scale_factor"]
    | Annotated[tuple[_Size, ...], Field(min_length=1, max_length=3), as_tuple, Sizes(1, 65_536)]
)
"""Size of a resampled output: by a factor, or one number for each dimension."""

Shape = Annotated[
    tuple[Annotated[int, Field(ge=1, le=LARGEST)], ...], Field(min_length=0, max_length=7), as_tuple, Sizes(1, LARGEST)
]
"""Sizes of all dimensions but the batch."""

NewShape = Annotated[
    tuple[Annotated[int, Field(ge=-1, le=LARGEST)], ...],
    Field(min_length=0, max_length=7),
    as_tuple,
    Sizes(-1, LARGEST),
]
"""Sizes of all dimensions but the batch, where -1 stands for “whatever is left”."""

Order = Annotated[tuple[Index, ...], Field(min_length=1, max_length=8), as_tuple, Sizes(-8, 7)]
"""Dimensions of a tensor, the batch among them, in a certain order."""


def param(default: Any, *, help: str, unit: str = "") -> Any:
    """Declare a parameter of a block with its default, a one-line explanation, and its unit where it has one."""
    return Field(default=default, description=help, json_schema_extra={"unit": unit} if unit else None)


Role = Literal["layer", "input", "output", "loss", "metric"]


class Block(BaseModel):
    """A layer. Subclasses declare; `lower` decides.

    The docstring's first line is the tooltip; the whole of it is the reference page: what it does, the formula, the
    shapes, when to use it, and where it comes from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True, allow_inf_nan=False)

    category: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    role: ClassVar[Role] = "layer"
    inputs: ClassVar[tuple[Port, ...]] = (Port("x"),)
    outputs: ClassVar[tuple[Port, ...]] = (Port("y"),)
    example_inputs: ClassVar[tuple[TensorSpec, ...]] = ()
    """Inputs that the block takes with its defaults; needed only where ranks and dtypes of the ports don't tell."""
    features_from: ClassVar[str | None] = None
    """The parameter that sets how many features or channels come out, or the input port whose number is kept."""
    has_weights: ClassVar[bool] = False
    """Whether it can have weights that are learned: then other blocks can share them."""
    weights_like: ClassVar[str] = ""
    """The type of block whose weights it can share besides those of its own type."""
    compares_samples: ClassVar[bool] = False
    """Whether training normalises over the batch, so that nothing is left of a sample that is alone in it."""

    gives: ClassVar[Scale | Literal["same"]] = ""
    """What is known of the numbers that come out; "same" says that they are those of the first input, arranged anew."""

    lower: ClassVar[Callable[..., Call]]
    """`lower(self, *inputs: TensorSpec) -> Call`: the call that computes the outputs from inputs of these specs.

    Inputs come in the order of the ports; a variadic port gives as many as are wired. Their rank and dtype have been
    checked against the ports. Raises `Mismatch` where they don't fit. `Input` and `Output` have none.
    """

    @classmethod
    def purpose(cls) -> str:
        """Return what the block does, in one line: the first of its docstring."""
        return (cls.__doc__ or "").strip().partition("\n")[0]

    def doubts(self, *inputs: TensorSpec | None) -> Sequence[Mismatch]:
        """Return what is likely to be a mistake in inputs that `lower` has taken: each becomes a warning."""
        return ()

    def summary(self) -> str:
        """Return the parameters worth reading on the canvas, in a few words: `32 · 3×3 · same`."""
        return ""

"""What the training section of a project may hold. Declared as blocks are, so the form comes from it. Free of torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from netbuilder.blocks.parameters import parse
from netbuilder.blocks.spec import param
from netbuilder.diagnostics import NetbuilderError

_Device = Literal[
    "auto", "cpu", "cuda", "cuda:0", "cuda:1", "cuda:2", "cuda:3", "cuda:4", "cuda:5", "cuda:6", "cuda:7", "mps"
]


class TrainingConfig(BaseModel):
    """How a network is trained."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True, allow_inf_nan=False)

    epochs: Annotated[int, Field(ge=1, le=1_000_000)] = param(20, help="Times that every training sample is seen.")
    batch_size: Annotated[int, Field(ge=1, le=1_000_000)] = param(
        64, help="Samples per step: more is steadier and needs more memory.", unit="samples"
    )
    optimizer: Literal["sgd", "adam", "adamw", "rmsprop"] = param(
        "adam", help="Rule that turns gradients into updates; adam is a good first choice."
    )
    learning_rate: Annotated[float, Field(ge=1e-12, le=1000.0)] = param(
        1e-3, help="Size of an update: too large and the loss jumps about, too small and it crawls."
    )
    momentum: Annotated[float, Field(ge=0.0, le=0.9999)] = param(
        0.9, help="Share of the last update that carries over; for sgd alone."
    )
    weight_decay: Annotated[float, Field(ge=0.0, le=100.0)] = param(
        0.0, help="Pull of all weights towards zero, against overfitting: an L2 penalty; decoupled in adamw."
    )
    gradient_clip: Annotated[float, Field(ge=0.0, le=1e9)] = param(
        0.0, help="Longest gradient, over all weights together; a longer one is shortened to it. 0 is off."
    )
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = param(
        0, help="Start of all random choices: the same seed gives the same numbers."
    )
    device: _Device = param("auto", help="Where to train; auto takes a GPU where there is one.")


PHASES = "phases"
"""Where the training section says that losses are minimised in turn, each for weights of its own."""


def read(section: Mapping[str, Any]) -> TrainingConfig:
    """Return the training section of a project, checked. Raises `NetbuilderError` with the first thing that is wrong.

    Phases are left aside here: a project that has them can be drawn and exported, and `no_training` says why not
    trained.
    """
    config, problems = parse(TrainingConfig, {name: value for name, value in section.items() if name != PHASES})
    if config is None:
        raise NetbuilderError(f"The training section can't be used: {problems[0].message}")
    return config


def no_training(section: Mapping[str, Any]) -> str | None:
    """Say why a training in phases can't be run: minimised all at once, such losses would undo one another's work."""
    if not section.get(PHASES):
        return None
    return (
        "This network learns in phases, each with its own losses and weights, and this version minimises all losses at "
        "once, which is something else: it can be drawn, exported and printed as code, but not trained."
    )

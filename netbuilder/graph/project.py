"""A project: everything that a `.netb` file holds, and nothing of how it is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Literal

from netbuilder.graph.model import Graph, Json, NodeId, creation_number

Section = Literal["data", "training"]
Position = tuple[float, float]


class Project:
    """The network, where its blocks stand, which data it sees and how it is trained.

    `data` and `training` are frozen JSON objects here; `netbuilder.data.config` and `netbuilder.training.config` say what
    they may hold. Change a project by edits alone (`netbuilder.graph.edits`); give workers a `copy()`.
    """

    def __init__(self) -> None:
        self.graph = Graph()
        self.layout: dict[NodeId, Position] = {}
        self.data: Mapping[str, Json] = MappingProxyType({})
        self.training: Mapping[str, Json] = MappingProxyType({})

    def copy(self) -> Project:
        """Return an independent project; its parts are frozen, so this costs a few dict copies."""
        twin = Project()
        twin.graph = self.graph.copy()
        twin.layout = dict(self.layout)
        twin.data = self.data
        twin.training = self.training
        return twin

    def new_ids(self) -> Iterator[NodeId]:
        """Yield ids that no node has, each above all that are in use."""
        number = max((creation_number(node) for node in self.graph), default=0)
        while True:
            number += 1
            yield NodeId(f"n{number}")

"""A project: everything that a `.netb` file holds, and nothing of how it is shown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Literal, NewType

import networkx as nx

from netbuilder.graph.model import Graph, GraphError, Json, NodeId, creation_number

Section = Literal["data", "training"]
Position = tuple[float, float]
GroupId = NewType("GroupId", str)

RESERVED = ("index", "repeat", "shared", "weights")
"""Names that mean something for every instance of a group, so that no formal parameter can have them."""

LONGEST_DESCRIPTION = 4_000
"""Characters that say what a group does: about a page."""

_GROUP_ID = re.compile(r"g[1-9][0-9]{0,8}")
_GROUP_TYPE = "group:"


def is_group_id(text: str) -> bool:
    """Tell whether `text` has the form of a group's id: `g` and a number."""
    return _GROUP_ID.fullmatch(text) is not None


def group_type(group: GroupId) -> str:
    """Return the type of a node that is an instance of this group."""
    return _GROUP_TYPE + group


def group_of(node_type: str) -> GroupId | None:
    """Return the group of which a node of this type is an instance; None for a block of the library."""
    return GroupId(node_type.removeprefix(_GROUP_TYPE)) if node_type.startswith(_GROUP_TYPE) else None


def description_problem(text: str) -> str | None:
    """Say in a sentence why `text` can't describe a group, or return None: it is shown, and printed as a docstring."""
    if len(text) > LONGEST_DESCRIPTION:
        return f"A description has at most {LONGEST_DESCRIPTION:,} characters, not {len(text):,}."
    strange = next((sign for sign in text if sign != "\n" and unicodedata.category(sign) in ("Cc", "Cs")), None)
    return (
        f"A description is text and ends of lines: it can't hold the character U+{ord(strange):04X}."
        if strange
        else None
    )


class Sheet:
    """A network as drawn: its graph, and where its blocks stand."""

    def __init__(self) -> None:
        self.graph = Graph()
        self.layout: dict[NodeId, Position] = {}

    def groups_used(self) -> set[GroupId]:
        """Return the groups of which there are instances here."""
        return {group for node in self.graph.nodes() if (group := group_of(node.type))}

    def _copy_into(self, twin: Sheet) -> None:
        twin.graph = self.graph.copy()
        twin.layout = dict(self.layout)


class Group(Sheet):
    """What all instances of a group are made of.

    Its `Input` and `Output` nodes are the ports of an instance, by their names. `parameters` are its formal parameters
    with their defaults; the fields of the blocks inside use them in expressions (`=channels*4`). `description` says
    what it does, as the docstring of a block does: the first paragraph is a summary.
    """

    def __init__(self, name: str, parameters: Mapping[str, Json], description: str = "") -> None:
        super().__init__()
        self.name = name
        self.parameters = parameters
        self.description = description

    def paragraphs(self) -> list[str]:
        """Return the paragraphs of the description, each on one line."""
        return [" ".join(each.split()) for each in re.split(r"\n\s*\n", self.description) if each.strip()]

    def summary(self) -> str:
        """Return the first paragraph of the description; empty where there is none."""
        return next(iter(self.paragraphs()), "")

    def copy(self) -> Group:
        """Return an independent group."""
        twin = Group(self.name, self.parameters, self.description)
        self._copy_into(twin)
        return twin


class Project(Sheet):
    """The network and the groups in it, where the blocks stand, which data it sees and how it is trained.

    Node ids are unique in the whole project, names of nodes in their graph, names of groups among groups. `data` and
    `training` are frozen JSON objects here; `netbuilder.data.config` and `netbuilder.training.config` say what they may
    hold. Change a project by edits alone (`netbuilder.graph.edits`); give workers a `copy()`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.groups: dict[GroupId, Group] = {}
        self.data: Mapping[str, Json] = MappingProxyType({})
        self.training: Mapping[str, Json] = MappingProxyType({})
        self.homes: dict[NodeId, GroupId | None] = {}
        """On which sheet each node is, by the same names as `sheet` takes."""

    def sheet(self, group: GroupId | None) -> Sheet:
        """Return the inside of a group, or, for None, the network itself; `GraphError` if there is no such group."""
        if group is None:
            return self
        if group not in self.groups:
            raise GraphError(f"There is no group {group}.")
        return self.groups[group]

    def sheets(self) -> Iterator[tuple[GroupId | None, Sheet]]:
        """Yield the network itself and the inside of every group."""
        yield None, self
        yield from self.groups.items()

    def inside(self, group: GroupId) -> Project:
        """Return a project whose network is the inside of a group: what can be said of one can be said of the other.

        It shares graph, layout, groups and the ids of nodes with this project, has no data and no training, and is to
        be read only.
        """
        view = Project()
        view.graph, view.layout = self.groups[group].graph, self.groups[group].layout
        view.groups, view.homes = self.groups, self.homes
        return view

    def copy(self) -> Project:
        """Return an independent project; its parts are frozen, so this costs a few dict copies."""
        twin = Project()
        self._copy_into(twin)
        twin.groups = {group: definition.copy() for group, definition in self.groups.items()}
        twin.data = self.data
        twin.training = self.training
        twin.homes = dict(self.homes)
        return twin

    def heights(self) -> dict[GroupId, int]:
        """Return how many groups deep each group is: 1 with no group inside. What contains itself has no height."""
        nesting: nx.DiGraph[GroupId] = nx.DiGraph()
        nesting.add_nodes_from(self.groups)
        for group, definition in self.groups.items():
            nesting.add_edges_from((inner, group) for inner in definition.groups_used() if inner in self.groups)
        heights: dict[GroupId, int] = {}
        with suppress(nx.NetworkXUnfeasible):  # the rest goes round in circles
            for height, groups in enumerate(nx.topological_generations(nesting), start=1):
                heights |= dict.fromkeys(groups, height)
        return heights

    def new_ids(self) -> Iterator[NodeId]:
        """Yield ids that no node has, each above all that are in use."""
        number = self.highest_number()
        while True:
            number += 1
            yield NodeId(f"n{number}")

    def highest_number(self) -> int:
        """Return the largest creation number of all nodes; 0 if there are none."""
        return max(map(creation_number, self.homes), default=0)

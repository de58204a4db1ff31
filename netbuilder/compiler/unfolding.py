"""How groups unfold: each way, by the arguments, the inputs and which repetition it is, is lowered once.

What lowers the inside of a group is handed in: it asks back for the groups that lie there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from netbuilder.blocks.spec import Block, TensorSpec
from netbuilder.compiler.groups import INDEX, Instance, Names, counts_repetitions
from netbuilder.compiler.program import Cost, GroupCall, Instruction, Lowering, Program
from netbuilder.diagnostics import Diagnostic, Fix
from netbuilder.graph.model import Edge, Node, NodeId, PortRef
from netbuilder.graph.project import GroupId, Project

_DEEPEST = 32
"""Groups inside of groups."""
_MOST_BLOCKS = 100_000
"""Blocks that an instance of a group runs, all told."""
_MOST_DIFFERENT = 10_000
"""Blocks that groups unfold into in ways of their own, each of which is looked at: some seconds."""


@dataclass(frozen=True, slots=True)
class Known:
    """A block without a flaw, as it was found before, and what that depended on."""

    node: Node
    wires: Mapping[str, Edge]
    inputs: tuple[TensorSpec | None, ...]
    block: Block
    instruction: Instruction
    outputs: tuple[tuple[PortRef, TensorSpec], ...]
    cost: Cost


Memo: TypeAlias = dict[object, dict[NodeId, Known]]
"""What a lowering leaves to the next one of the same project, some edits later: the blocks of the network itself, under
None, and those of each way in which a group unfolds."""


LowerInside: TypeAlias = "Callable[[Groups, GroupId, Names, Mapping[str, TensorSpec], dict[NodeId, Known]], Lowering]"
"""Lowers the inside of a group, given what names stand for, what its inputs are, and what is known of its blocks."""


@dataclass(frozen=True, slots=True)
class Unfolded:
    """What an instance of a group runs, one part after the other, what that costs, and what is known of the first."""

    parts: tuple[Program, ...]
    cost: Cost
    first: Lowering


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an instance of a group can't run: an error at the instance, or at one of its parameters.

    `first` is what is known of its inside nevertheless; `fixes` mend the inside, and say where that is.
    """

    code: str
    message: str
    parameter: str | None = None
    first: Lowering | None = None
    fixes: tuple[Fix, ...] = ()


class Groups:
    """The groups of a project, unfolded as their instances ask for it."""

    def __init__(self, project: Project, memo: Memo, lower_inside: LowerInside) -> None:
        self.project = project
        self.memo = memo
        self.inside: dict[GroupId, Lowering] = {}
        """What is known of each group: the first time that it was lowered."""
        self.diagnostics: dict[object, Diagnostic] = {}
        """What is wrong inside of groups, by place and kind: each problem once however many instances have it."""
        self._lower_inside = lower_inside
        self._lowered: dict[object, Lowering] = {}
        self._views: dict[GroupId, Project] = {}
        self._open: list[GroupId] = []
        self._heights = project.heights()
        self._counting: dict[GroupId, bool] = {}
        self._different = 0
        """Blocks in all ways of unfolding."""
        self._blocks: dict[int, int] = {}
        """By the identity of programs, all of which `_lowered` keeps."""

    def unfold(self, instance: Instance, inputs: Mapping[str, TensorSpec]) -> Unfolded | Refusal:
        """Lower the group for each time that the instance runs, on what the time before gave."""
        refusal = self._endless(instance)
        if refusal:
            return Refusal("endless-group", refusal)
        names = [port.name for port in instance.inputs]
        if (instance.repeat > 1 or instance.listed) and not 1 <= len(instance.outputs) <= len(names):
            message = f"{instance.name} can't be repeated: each of its outputs has to feed an input of the next time."
            return Refusal("no-repeat", message, "repeat")
        given = dict(inputs)
        parts: list[Program] = []
        blocks, total = 0, Cost()
        first: Lowering | None = None
        for index in range(instance.repeat):
            lowering = self._lower(instance, index, given)
            first = first or lowering
            if lowering.program is None:
                return replace(self._problem_inside(instance, index, given, lowering), first=first)
            if self._different > _MOST_DIFFERENT:
                message = (
                    f"{instance.name} unfolds into more than {_MOST_DIFFERENT:,} blocks that differ from one another."
                )
                return Refusal("too-large", message, "repeat", first)
            parts.append(lowering.program)
            blocks += self._count_blocks(lowering.program)
            if blocks > _MOST_BLOCKS:
                message = f"{instance.name} unfolds into more than {_MOST_BLOCKS:,} blocks."
                return Refusal("too-large", message, "repeat", first)
            cost = lowering.total()
            total += replace(cost, parameters=0) if instance.shared and index else cost
            if index + 1 < instance.repeat:
                given |= zip(names, (result.spec for result in lowering.program.results), strict=False)
        assert first, "a group runs once at least"
        return Unfolded(tuple(parts), total, first)

    def view(self, group: GroupId) -> Project:
        """Return the inside of a group as a project."""
        if group not in self._views:
            self._views[group] = self.project.inside(group)
        return self._views[group]

    def forget_unused(self) -> None:
        """Keep nothing in the memo of ways in which no group unfolds any more."""
        for key in self.memo.keys() - self._lowered.keys() - {None}:
            del self.memo[key]

    def _endless(self, instance: Instance) -> str:
        """Say in a sentence why a group has no end, or none that is near; empty where it has."""
        if instance.group in self._open:
            return f"{instance.name} contains itself."
        going_in = len(self._open) + 1
        if self._heights.get(instance.group, going_in) > _DEEPEST:  # a circle has no height, and is gone into as deep
            return f"{instance.name} has groups in groups, more than {_DEEPEST} deep."
        return ""

    def _lower(self, instance: Instance, index: int, inputs: Mapping[str, TensorSpec]) -> Lowering:
        """Return a group as an instance runs it this time: each way in which it unfolds is lowered once."""
        group, arguments = instance.group, instance.arguments[index]
        if group not in self._counting:
            self._counting[group] = counts_repetitions(self.project.groups[group])
        counted = index if self._counting[group] else 0
        key = (group, repr(arguments), counted, tuple(inputs.items()))  # as a text 1, 1.0 and True differ
        if key not in self._lowered:
            self._open.append(group)
            self._different += len(self.project.groups[group].graph)
            names = dict(arguments) | {INDEX: index}
            lowering = self._lower_inside(self, group, names, inputs, self.memo.setdefault(key, {}))
            self._open.pop()
            self._lowered[key] = lowering
            self.inside.setdefault(group, lowering)
            self._tell(each for each in lowering.diagnostics if each.severity == "warning")
        return self._lowered[key]

    def _problem_inside(
        self, instance: Instance, index: int, inputs: Mapping[str, TensorSpec], lowering: Lowering
    ) -> Refusal:
        first = lowering.errors()[0]
        if index:
            shapes = ", ".join(map(str, inputs.values()))
            message = f"At repetition {index + 1}, where {instance.name} gets {shapes}: {first.message}"
            return Refusal("repeat-mismatch", message, "repeat")
        self._tell(lowering.errors())
        graph = self.project.groups[instance.group].graph
        at = f"“{graph.node(NodeId(first.node)).name}”: " if first.node else ""
        return Refusal("problem-inside", f"Inside of {instance.name}, {at}{first.message}", fixes=first.fixes)

    def _tell(self, problems: Iterable[Diagnostic]) -> None:
        for each in problems:
            self.diagnostics.setdefault((each.node, each.port, each.parameter, each.code), each)

    def _count_blocks(self, program: Program) -> int:
        """Return how many blocks a program runs, each as often as it runs."""
        if id(program) not in self._blocks:
            self._blocks[id(program)] = sum(
                sum(map(self._count_blocks, each.call.parts)) if isinstance(each.call, GroupCall) else 1
                for each in program.instructions
            )
        return self._blocks[id(program)]

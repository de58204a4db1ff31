"""From a project to a program, or to every reason why there is none yet.

1. The data section's fields become specs.
2. Each node, in topological order: its type and parameters are checked, its inputs gathered and checked against its
   ports, its `Call` asked for and its output shapes inferred. An instance of a group is lowered like a network of its
   own, once for each way in which the group unfolds. A node behind a problem is passed over in silence: one cause, one
   diagnostic.
3. What the network as a whole lacks is said: wires, a loss, an output, a way out of a cycle or a dead end.
4. Without errors, instructions and results become the program.

`lower` is pure and never raises for a user's mistake; half-drawn networks are normal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from netbuilder.blocks import registry
from netbuilder.blocks.library.input_output import Input
from netbuilder.blocks.parameters import parameters, parse
from netbuilder.blocks.spec import BATCH, Block, Call, Mismatch, TensorSpec
from netbuilder.blocks.targets import Loss
from netbuilder.compiler import fixes
from netbuilder.compiler.groups import Instance, Names, expressions, instance, resolved, way_to_whole
from netbuilder.compiler.infer import Inference, InferenceError, infer
from netbuilder.compiler.program import Cost, GroupCall, InputSlot, Instruction, Lowering, Program, Result
from netbuilder.compiler.review import Review
from netbuilder.compiler.unfolding import Groups, Known, Memo, Refusal
from netbuilder.compiler.weights import WEIGHTS, difference, inner_difference, tag_of, tag_problems, untagged
from netbuilder.diagnostics import Diagnostic, Fix, Severity, one_line
from netbuilder.graph.edits import UNSET, SetParameter
from netbuilder.graph.model import Json, Node, NodeId, PortRef
from netbuilder.graph.project import GroupId, Project, group_of

_BYTES = {"float32": 4, "int64": 8, "bool": 1}


def lower(project: Project, memo: Memo | None = None) -> Lowering:
    """Return what the compiler knows of the project: a program or errors, and in any case all shapes that can be told.

    A `memo` that is handed in each time saves looking again at what no edit has touched; the result is the same.
    """
    memo = {} if memo is None else memo
    groups = Groups(project, memo, _lower_inside)
    whole = _Lowerer(project, groups, memo=memo.setdefault(None, {})).lower()
    groups.forget_unused()
    if not groups.inside:
        return whole
    specs, costs = dict(whole.specs), dict[NodeId, Cost]()
    for lowering in groups.inside.values():
        specs.update(lowering.specs)
        costs.update(lowering.costs)
    diagnostics = sorted((*whole.diagnostics, *groups.diagnostics.values()), key=lambda each: each.severity != "error")
    return replace(whole, specs=specs, inner_costs=costs, diagnostics=tuple(diagnostics))


def _lower_inside(
    groups: Groups, group: GroupId, names: Names, given: Mapping[str, TensorSpec], memo: dict[NodeId, Known]
) -> Lowering:
    return _Lowerer(groups.view(group), groups, group, names, given, memo=memo).lower()


class _Lowerer(Review):
    """One lowering in progress, of the network or of the inside of a group."""

    def __init__(
        self,
        project: Project,
        groups: Groups,
        group: GroupId | None = None,
        names: Names = MappingProxyType({}),
        given: Mapping[str, TensorSpec] = MappingProxyType({}),
        *,
        memo: dict[NodeId, Known],
    ) -> None:
        super().__init__(project, group)
        self.memo = memo
        self.groups = groups
        self.names = names
        self.given = given
        self.costs: dict[NodeId, Cost] = {}
        self.inside: dict[NodeId, Lowering] = {}
        self.inputs: list[InputSlot] = []
        self.instructions: list[Instruction] = []
        self.results: list[Result] = []
        self.tagged: dict[str, Instruction] = {}
        """The first block with each tag: its module is that of the others."""

    def lower(self) -> Lowering:
        self._read_fields()
        order, rest = self.graph.topological_order()
        for node in (*order, *rest):
            self._parse(self.graph.node(node))
        if rest:
            self.report_cycles()
        for node in order:
            self._lower_node(self.graph.node(node))
        self.report_open_ports()
        self.report_whole()
        number = {node: place for place, node in enumerate(order)}
        self.diagnostics.sort(key=lambda d: (d.severity != "error", number.get(NodeId(d.node or ""), -1)))
        complete = not any(diagnostic.severity == "error" for diagnostic in self.diagnostics)
        program = Program(tuple(self.inputs), tuple(self.instructions), tuple(self.results)) if complete else None
        return Lowering(program, self.specs, self.costs, tuple(self.diagnostics), inside=self.inside)

    # Step 1

    def _read_fields(self) -> None:
        fields = self.project.data.get("fields", {})
        if not isinstance(fields, Mapping):
            self.say("error", "bad-data", "The data section's fields have to be an object.")
            return
        for name, field in fields.items():
            spec = _field_spec(field)
            if spec is None:
                self.say(
                    "error", "bad-data", f"The data field “{name}” needs a shape, a dtype and, for labels, classes."
                )
            else:
                self.fields[name] = spec

    # Step 2

    def _parse(self, node: Node) -> None:
        known = self.memo.get(node.id)
        if known is not None and known.node is node:
            self.check_name(node)
            self.blocks[node.id] = known.block
            return
        block_type = registry.get(node.type)
        if group_of(node.type):
            self.check_name(node)
            block, problems = instance(self.project, node, self.names)
        elif block_type is not None:
            self.check_name(node)
            block, problems = self._block(block_type, node)
        else:
            message = f"This version has no block “{node.type}”; it is kept as it is, and nothing can run through it."
            self.say("error", "unknown-block", message, node)
            return
        self.diagnostics += [
            replace(problem, node=node.id, message=one_line(problem.message))
            for problem in (*problems, *tag_problems(node))
        ]
        if block is not None:
            self.blocks[node.id] = block

    def _block(self, block_type: type[Block], node: Node) -> tuple[Block | None, list[Diagnostic]]:
        texts = tuple(parameter.name for parameter in parameters(block_type) if parameter.kind == "text")
        params, problems = resolved(untagged(node.params), self.names, plain=texts)
        if problems:
            return None, problems
        block, problems = parse(block_type, params)
        whole = {parameter.name for parameter in parameters(block_type) if parameter.kind in ("int", "sizes")}
        return block, [
            replace(problem, message=problem.message + way_to_whole(node.params[name], params[name]))
            if (name := problem.parameter) in whole
            else problem
            for problem in problems
        ]

    def _lower_node(self, node: Node) -> None:
        block = self.blocks.get(node.id)
        if block is None or self._recall(node):
            return
        if block.role in ("input", "output") and tag_of(node):
            self._refuse_tag(node, "warning", "no-weights", f"{node.type} has no weights that it could share.")
        if isinstance(block, Input):
            self._lower_input(node, block)
            return
        wires = self.wires_of(node, block)
        if wires is None:
            return
        if isinstance(block, Instance):
            self._lower_instance(node, block, wires)
        elif block.role == "output":
            (wire,) = wires
            assert wire is not None, "the port of an Output is not optional"
            self.results.append(Result(node.id, node.name, "output", wire, self.specs[wire]))
        elif block.role in ("loss", "metric") and self.group:
            message = f"A {block.role} judges the network as a whole: it stands outside of groups."
            self.say("error", "judge-in-group", message, node)
        else:
            self._lower_block(node, block, wires)

    def _lower_block(self, node: Node, block: Block, wires: tuple[PortRef | None, ...]) -> None:
        inputs = tuple(wire and self.specs[wire] for wire in wires)
        found = self._infer(node, block, inputs)
        if found is None:
            return
        call, inference = found
        doubts = block.doubts(*inputs)
        for doubt in doubts:
            self.refuse(node, block, doubt, "warning")
        outputs = tuple((PortRef(node.id, port), _told(block, inputs, spec)) for port, spec in inference.outputs)
        size = sum(_bytes(spec) for _, spec in inference.outputs)
        cost = Cost(inference.parameters, inference.flops, size)
        formulas = expressions(node.params)
        instruction = Instruction(node.id, node.name, node.type, call, wires, inference.outputs, formulas)
        instruction, cost = self._with_shared_weights(node, instruction, cost)
        self._take(instruction, outputs, cost)
        if block.role == "layer" and not doubts and node.params.get(WEIGHTS, "") == "":
            into = dict(self.graph.wires_into(node.id))
            given = tuple(self.specs.get(edge.source) for edge in into.values())
            self.memo[node.id] = Known(node, into, given, block, instruction, outputs, cost)
        if block.role in ("loss", "metric"):
            port, spec = inference.outputs[0] if inference.outputs else ("", TensorSpec(()))
            weight = block.weight if isinstance(block, Loss) else 1.0
            self.results.append(Result(node.id, node.name, block.role, PortRef(node.id, port), spec, weight))

    def _infer(self, node: Node, block: Block, inputs: tuple[TensorSpec | None, ...]) -> tuple[Call, Inference] | None:
        """Return what a block calls, and what that does; None, and it is said, if the block can't take these inputs."""
        try:
            call = block.lower(*inputs)
            return call, infer(call, inputs)
        except Mismatch as mismatch:
            self.refuse(node, block, mismatch)
        except InferenceError as error:
            shapes = ", ".join(str(spec) for spec in inputs if spec)
            message = f"{node.type} can't take {shapes}: {str(error).rstrip('.')}."
            self.say("error", "shape-mismatch", message, node, block.inputs[0].name if block.inputs else None)
        return None

    def _with_shared_weights(self, node: Node, instruction: Instruction, cost: Cost) -> tuple[Instruction, Cost]:
        """Let a block with a tag call the module of the first with that tag, whose parameters are counted there."""
        tag = tag_of(node)
        if not tag:
            return instruction, cost
        if not instruction.call.is_module:
            self._refuse_tag(node, "warning", "no-weights", f"{node.type} has no weights that it could share.")
            return instruction, cost
        first = self.tagged.setdefault(tag, instruction)
        if first is instruction:
            return instruction, cost
        unlike = difference(first.call, instruction.call)
        if unlike:
            message = f"“{node.name}” can't share its weights with “{first.name}”: {unlike}."
            self._refuse_tag(node, "error", "weights-mismatch", message, self._likening(node, first, instruction.args))
            return instruction, cost
        return replace(instruction, weights_of=first.name), replace(cost, parameters=0)

    def _likening(self, node: Node, first: Instruction, wires: Iterable[PortRef | None]) -> tuple[Fix, ...]:
        """Offer to set a block as the first with its tag is set, if it has the same weights then."""
        other, block_type = self.graph.node(first.node), registry.get(node.type)
        if block_type is None or other.type != node.type:
            return ()
        block, _ = self._block(block_type, other)
        assert block, "it has been lowered"
        try:
            unlike = difference(first.call, block.lower(*(wire and self.specs[wire] for wire in wires)))
        except Mismatch:
            return ()
        return () if unlike else fixes.set_like(node, other)

    def _refuse_tag(
        self, node: Node, severity: Severity, code: str, message: str, offers: tuple[Fix, ...] = ()
    ) -> None:
        own = Fix("Use its own weights", SetParameter(node.id, WEIGHTS, UNSET))
        self.say(severity, code, message, node, parameter=WEIGHTS, fixes=(*offers, own))

    def _recall(self, node: Node) -> bool:
        """Take over what was found of this block before, and say so, if nothing that it depends on has changed."""
        known = self.memo.get(node.id)
        if known is None or known.node is not node or known.wires != self.graph.wires_into(node.id):
            return False
        if known.inputs != tuple(self.specs.get(edge.source) for edge in known.wires.values()):
            return False
        self._take(known.instruction, known.outputs, known.cost)
        return True

    def _take(self, instruction: Instruction, outputs: Iterable[tuple[PortRef, TensorSpec]], cost: Cost) -> None:
        self.instructions.append(instruction)
        self.specs.update(outputs)
        self.costs[instruction.node] = cost

    def _lower_instance(self, node: Node, block: Instance, wires: tuple[PortRef | None, ...]) -> None:
        inputs = {port.name: self.specs[wire] for port, wire in zip(block.inputs, wires, strict=True) if wire}
        unfolded = self.groups.unfold(block, inputs)
        if unfolded.first:
            self.inside[node.id] = unfolded.first
        if isinstance(unfolded, Refusal):
            self.say("error", unfolded.code, unfolded.message, node, parameter=unfolded.parameter)
            self.diagnostics[-1] = replace(self.diagnostics[-1], fixes=unfolded.fixes)  # which say where themselves
            return
        parts = unfolded.parts
        outputs = tuple((result.name, result.spec) for result in parts[-1].results)
        for port, spec in outputs:
            self.specs[PortRef(node.id, port)] = spec
        unlike = next((text for part in parts if block.shared and (text := inner_difference(parts[0], part))), "")
        if unlike:
            message = f"{block.name} can't run {block.repeat} times with the same weights: {unlike}."
            fix = Fix("Give each time its own weights", SetParameter(node.id, "shared", False))
            self.say("error", "weights-mismatch", message, node, parameter="shared", fixes=(fix,))
            return
        formulas = expressions(node.params)
        group = self.project.groups[block.group]
        defaults = tuple(sorted(group.parameters.items()))
        call = GroupCall(block.name, parts, block.shared, block.listed, block.arguments, defaults, group.description)
        instruction = Instruction(node.id, node.name, node.type, call, wires, outputs, formulas)
        instruction, self.costs[node.id] = self._with_shared_weights(node, instruction, unfolded.cost)
        self.instructions.append(instruction)

    def _lower_input(self, node: Node, block: Input) -> None:
        try:
            spec = self.given[node.name] if self.group else block.spec(self.fields)
        except Mismatch as mismatch:
            offers = fixes.bind_input(self.project, node.id, self.fields)
            self.say("error", mismatch.code, str(mismatch), node, parameter="field", fixes=offers)
            return
        if self.fields and not block.field and node.id in self.trained:
            offers = fixes.bind_input(self.project, node.id, self.fields)
            message = "Training needs data here: choose the field of the data set that this input stands for."
            self.say("error", "unbound-input", message, node, parameter="field", fixes=offers)
        slot = InputSlot(node.id, node.name, block.field, spec)
        self.inputs.append(slot)
        self.specs[slot.value] = spec
        size = 0 if self.group else _bytes(spec)  # around a group it is counted already
        self.costs[node.id] = Cost(activation=size)


def _bytes(spec: TensorSpec) -> int:
    """Return how many bytes one sample takes."""
    return spec.numel() * _BYTES.get(spec.dtype, 4)


def _told(block: Block, inputs: Sequence[TensorSpec | None], output: TensorSpec) -> TensorSpec:
    """Add to the spec of an output what the block says of its numbers."""
    if block.gives != "same":
        return replace(output, scale=block.gives) if block.gives else output
    first = inputs[0]
    assert first is not None, "the first input is not optional"
    return replace(output, scale=first.scale, num_classes=first.num_classes)


def _field_spec(field: Json) -> TensorSpec | None:
    if not isinstance(field, Mapping):
        return None
    shape, dtype, classes = field.get("shape"), field.get("dtype"), field.get("classes", ())
    if not isinstance(shape, tuple) or not isinstance(dtype, str) or not isinstance(classes, tuple):
        return None
    sizes = [size for size in shape if type(size) is int and size > 0]
    if len(sizes) < len(shape) or dtype not in _BYTES:
        return None
    return TensorSpec((BATCH, *sizes), dtype, len(classes) or None)

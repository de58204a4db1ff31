"""What the inspector shows of the selected block, or of several of one type."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from netbuilder.blocks import registry
from netbuilder.blocks.expressions import is_expression
from netbuilder.blocks.parameters import Parameter, parameters
from netbuilder.blocks.spec import Block, TensorSpec
from netbuilder.compiler.groups import ports
from netbuilder.compiler.program import Cost, Lowering
from netbuilder.compiler.weights import WEIGHTS, untagged
from netbuilder.diagnostics import Diagnostic
from netbuilder.graph.edits import UNSET, Batch, Edit, SetParameter
from netbuilder.graph.model import Node, PortRef, thaw
from netbuilder.graph.project import Group, Project, group_of
from netbuilder.ui.amounts import FLOPS_HELP, count, memory, short
from netbuilder.ui.document import Document
from netbuilder.ui.fields import Field, TextField
from netbuilder.ui.forms import Choices, Form
from netbuilder.ui.group_intents import rename_block
from netbuilder.ui.group_parameters import declared, names_inside, values_of
from netbuilder.ui.panels.group_parts import InstanceBar
from netbuilder.ui.panels.help import body, group_body, port_tooltip
from netbuilder.ui.panels.parts import Elided, Facts, ProblemCard, Square, dress_as_title, say, words
from netbuilder.ui.ports import Socket, sockets
from netbuilder.ui.sharing import TAG, can_share, counted_at, in_words, tags_for
from netbuilder.ui.theme import GROUP_CATEGORY, mono_font, theme
from netbuilder.ui.wiring import Refusal

_NAME = Parameter(
    "name", "text", "", "What the block is called here, in the code, in the weights and in the ONNX file."
)


class BlockPage(QWidget):
    """Name, help, problems, parameters, shapes and cost of blocks that are all of one type.

    `block_requested` names another block that is to be shown, by its id.
    """

    block_requested = Signal(str)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._nodes: list[Node] = []
        self._shown: object = None
        self.form: Form | None = None
        self.cards: list[ProblemCard] = []

        self._square = Square()
        self.name = TextField(_NAME)
        self.name.setObjectName("blockName")
        dress_as_title(self.name)
        self.name.setAccessibleName("Name")
        self.name.committed.connect(lambda name, _series: self._on_name_committed(name))
        self.name.reverted.connect(lambda: self._say_name_problem(""))
        self.name.textChanged.connect(self._fit_name)
        self._several = words(role="title")
        self._type = Elided()
        self._name_problem = words(role="error", wrap=True)
        self._help = words(role="muted", wrap=True)
        self.more = QPushButton("More")
        self.more.setCheckable(True)
        self.more.setStyleSheet(_MORE_STYLE)
        self.more.toggled.connect(self._on_more_toggled)
        self._body = words(role="muted", wrap=True)
        self._body.setTextFormat(Qt.TextFormat.RichText)
        self._body.setOpenExternalLinks(True)
        self.instance = InstanceBar(document)
        self.payload = QPlainTextEdit()
        self.payload.setReadOnly(True)
        self.payload.setFont(mono_font())
        self.sharing_label = words(role="muted", wrap=True)
        self.sharing_label.setTextFormat(Qt.TextFormat.RichText)
        links = Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        self.sharing_label.setTextInteractionFlags(links)
        self.sharing_label.linkActivated.connect(self.block_requested)
        self._shapes = Facts("Shapes")
        self._cost = Facts("Cost")

        header = QHBoxLayout()
        header.setSpacing(4)
        for widget in (self._square, self.name, self._several):
            header.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        header.addWidget(self._type, 1, Qt.AlignmentFlag.AlignVCenter)
        about = QVBoxLayout()
        about.setSpacing(2)
        about.addWidget(self._help)
        about.addWidget(self._body)
        about.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        self._problems = QVBoxLayout()
        self._problems.setSpacing(6)
        self._form_place = QVBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(header)
        column.addWidget(self._name_problem)
        column.addLayout(about)
        column.addWidget(self.instance)
        column.addLayout(self._problems)
        column.addSpacing(2)
        column.addLayout(self._form_place)
        column.addWidget(self.sharing_label)
        column.addWidget(self.payload)
        column.addWidget(self._shapes)
        column.addWidget(self._cost)
        column.addStretch(1)

    def commit(self) -> None:
        """Take what is typed in a field as it stands, before other blocks are shown."""
        self.name.commit()
        self.instance.name.commit()
        if self.form:
            self.form.commit()

    def refresh(self, nodes: Sequence[Node], lowering: Lowering | None) -> None:
        """Show these blocks, all of one type, as they are now."""
        same = [node.id for node in self._nodes] == [node.id for node in nodes]
        self._nodes = list(nodes)
        first, block = nodes[0], registry.get(nodes[0].type)
        group = self._group()
        shown = {node.id for node in nodes}
        problems = [each for each in lowering.diagnostics if each.node in shown] if lowering else []
        if len(nodes) > 1:
            problems = [each for each in problems if each.parameter == WEIGHTS]  # it is about all of them
        self._show_header(first, block, same=same)
        self._show_form(block, group, problems)
        self.instance.show_group(group_of(first.type) if group else None, [node.id for node in nodes])
        self._show_problems(problems)
        is_unknown = block is None and group is None
        self.payload.setVisible(is_unknown)
        if is_unknown:
            self.payload.setPlainText(json.dumps(thaw(first.params), indent=2, ensure_ascii=False))
        project = self._document.sheet
        self._shapes.show_facts(_shape_facts(project, first, lowering) if len(nodes) == 1 else [])
        costs = [cost for node in nodes if lowering and (cost := lowering.cost(node.id))]
        self._cost.show_facts(_cost_facts(costs, counted_at(project.graph, first) if len(nodes) == 1 else None))

    def set_stale(self) -> None:
        """Hold fixes back until the analysis has caught up with the project."""
        for card in self.cards:
            card.set_stale(True)

    def facts(self) -> dict[str, str]:
        """Return all that is shown in lines, value by name."""
        return self._shapes.facts() | self._cost.facts()

    def help(self) -> str:
        """Return what is shown of the block's documentation."""
        return self._help.text() + ("" if self._body.isHidden() else self._body.text())

    def sharing(self) -> str:
        """Return what is said of the weights that the blocks share, as rich text; empty if nothing."""
        return "" if self.sharing_label.isHidden() else self.sharing_label.text()

    def name_problem(self) -> str:
        """Return why the name that was typed can't be, empty if it can."""
        return self._name_problem.text()

    # Parts

    def _show_header(self, node: Node, block: type[Block] | None, *, same: bool) -> None:
        one = len(self._nodes) == 1
        group = self._group()
        category = block.category if block else GROUP_CATEGORY if group else ""
        self._square.colour = theme().category(category)
        self._square.update()
        self.name.setVisible(one)
        self._several.setVisible(not one)
        self._several.setText(f"{len(self._nodes)} blocks")
        self._several.setToolTip(", ".join(each.name for each in self._nodes))
        if not same:
            self.name.revert()
        self.name.set_value(node.name)
        if not self.name.isModified():
            self._say_name_problem("")
        self._type.setText(group.name if group else node.type)
        self._fit_name(self.name.text())
        is_port = block is not None and block.role == "input" and self._document.group is not None
        about = _PORT if is_port else block.purpose() if block else _about(group) if group else _unknown(node)
        self._help.setText(about)
        self._body.setText(body(block) if block else group_body(group) if group else "")
        self._body.setVisible(self.more.isChecked() and bool(self._body.text()))
        self.more.setVisible(bool(self._body.text()))

    def _group(self) -> Group | None:
        """Return the group of which instances are shown, if they are."""
        group = group_of(self._nodes[0].type)
        return self._document.project.groups.get(group) if group else None

    def _show_form(self, block: type[Block] | None, group: Group | None, problems: Sequence[Diagnostic]) -> None:
        is_input = block is not None and block.role == "input"
        choices = {"field": _field_choices(self._document.sheet)} if is_input else {}
        declared_here = parameters(block) if block else declared(group) if group else ()
        if is_input and self._document.group:
            declared_here = ()  # what a group's input gives is what is wired to the instance
        written = {
            name for node in self._nodes for name, value in untagged(node.params).items() if is_expression(value)
        }
        names = names_inside(self._document.project, self._document.entered())
        more = (TAG,) if can_share(self._nodes[0]) else ()
        wanted = (declared_here, choices, frozenset(written), tuple(names), more) if declared_here or more else None
        if wanted != self._shown:
            self._shown = wanted
            if self.form:
                self.form.setParent(None)
                self.form.deleteLater()
            stands_in = f"={next(iter(names))}" if names else ""
            model = block or declared_here
            self.form = Form(model, choices, more=more, written=written, stands_in=stands_in) if wanted else None
            if self.form:
                self._form_place.addWidget(self.form)
                self.form.edited.connect(self._on_form_edited)
        if self.form and more:
            self._offer_tags(self.form.field(WEIGHTS))
        if self.form:
            said = {each.parameter: "" if each.fixes else each.message for each in problems if each.parameter}
            values = {name: value for name, value in values_of(self._nodes[0], names).items() if name in written}
            self.form.show_values([node.params for node in self._nodes], said, values)
        self._show_sharing(has_field=bool(more), is_wrong=any(each.parameter == WEIGHTS for each in problems))

    def _offer_tags(self, field: Field) -> None:
        """Offer the tags of blocks with weights like these."""
        assert isinstance(field, TextField), "a tag is a line of text"
        field.when_empty = "its own"
        field.offer(tags_for(self._document.sheet.graph, self._nodes))

    def _show_sharing(self, *, has_field: bool, is_wrong: bool) -> None:
        """Say who shares the weights of the blocks that are shown."""
        graph = self._document.sheet.graph
        said = in_words(graph, self._nodes, _link) if has_field and not is_wrong else ""
        say(self.sharing_label, said)

    def _show_problems(self, problems: Sequence[Diagnostic]) -> None:
        """Show the problems that no field shows, and those that can be fixed."""
        fields = self.form.names() if self.form else set[str]()
        shown = [each for each in problems if each.fixes or each.parameter not in fields]
        while len(self.cards) > len(shown):
            card = self.cards.pop()
            card.setParent(None)
            card.deleteLater()
        while len(self.cards) < len(shown):
            card = ProblemCard(self)
            card.fix_requested.connect(lambda fix: self._document.mend(fix.edit))
            self._problems.addWidget(card)
            self.cards.append(card)
        for card, problem in zip(self.cards, shown, strict=True):
            card.show_problem(problem)

    # What the person wants

    def _on_form_edited(self, parameter: str, value: Any, series: int) -> None:
        graph = self._document.sheet.graph
        nodes = [node.id for node in self._nodes if node.id in graph]
        is_cleared = parameter == WEIGHTS and value == ""
        edits: list[Edit] = [SetParameter(node, parameter, UNSET if is_cleared else value) for node in nodes]
        if not edits:
            return
        edit = edits[0] if len(edits) == 1 else Batch(tuple(edits), f"Set {parameter} of {len(edits)} blocks")
        self._document.apply_here(edit, merge=f"{','.join(nodes)} {parameter} {series}" if series else None)

    def _on_name_committed(self, name: str) -> None:
        node = self._nodes[0]
        wanted = rename_block(self._document.project, self._document.group, node.id, name)
        match wanted:
            case Refusal(message=message):
                self.name.refuse(node.name)
                self._say_name_problem(message)
            case Edit():
                self._say_name_problem("")
                self._document.apply(wanted)
            case _:
                self._say_name_problem("")

    def _say_name_problem(self, message: str) -> None:
        self.name.set_problem(bool(message))
        say(self._name_problem, message)

    def _on_more_toggled(self, checked: bool) -> None:
        self.more.setText("Less" if checked else "More")
        self._body.setVisible(checked and bool(self._body.text()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_name(self.name.text())

    def _fit_name(self, text: str) -> None:
        """Give the name the room it needs; of what is too little for both, the type gets its part,
        and a tooltip tells all.
        """
        kind = min(self._type.fontMetrics().horizontalAdvance(self._type.text()), self.width() // 3)
        room = max(self.width() - kind - 24, 80)
        wanted = QFontMetrics(self.name.font()).horizontalAdvance(text or "name") + 14
        self.name.setFixedWidth(min(wanted, room))
        self.name.setToolTip(_NAME.help if wanted <= room else f"{text}\n\n{_NAME.help}")


_MORE_STYLE = (
    "QPushButton { padding: 0; text-align: left; border: none; background: transparent; color: palette(highlight); }"
)


_PORT = "An input of the group: an instance has a port of this name, and gives what is wired to it."


def _about(group: Group) -> str:
    inputs, outputs = ports(group)
    blocks = len(group.graph) - len(inputs) - len(outputs)
    described = group.summary() or f"A group with {blocks} block{'' if blocks == 1 else 's'} inside."
    return f"{described} Changes inside apply to all its instances."


def _link(node: Node) -> str:
    return f'<a href="{node.id}" style="text-decoration: none">{escape(node.name)}</a>'


def _unknown(node: Node) -> str:
    return (
        f"This version of NetBuilder does not know the block “{node.type}”. It is kept as it is, and saved unchanged; "
        "the network can't be trained while it is there."
    )


def _field_choices(project: Project) -> Choices:
    fields = project.data.get("fields")
    names = list(fields) if isinstance(fields, Mapping) else []
    return [("", "none"), *((name, name) for name in names)]


def _shape_facts(project: Project, node: Node, lowering: Lowering | None) -> list[tuple[str, str, str]]:
    specs = lowering.specs if lowering else {}
    around = sockets(project, node.id)
    wires = {socket.name: project.graph.edge_into(PortRef(node.id, socket.name)) for socket in around.inputs}
    into = {name: _spec_text(specs.get(wire.source)) if wire else "not connected" for name, wire in wires.items()}
    out_of = {socket.name: _spec_text(specs.get(PortRef(node.id, socket.name))) for socket in around.outputs}
    return [
        *((socket.name, into[socket.name], _tip(socket)) for socket in around.inputs),
        *((socket.name, out_of[socket.name], _tip(socket)) for socket in around.outputs),
    ]


def _tip(socket: Socket) -> str:
    return port_tooltip(socket.port) if socket.port else "This block has no such port."


def _spec_text(spec: TensorSpec | None) -> str:
    if spec is None:
        return "not known"
    dtype = "" if spec.dtype == "float32" else f"  {spec.dtype}"
    return f"{spec}{f'  {spec.num_classes} classes' if spec.num_classes else dtype}"


def _cost_facts(costs: Sequence[Cost], counted_at: Node | None) -> list[tuple[str, str, str]]:
    """Return what blocks cost; `counted_at` is another block at which the parameters of this one are counted."""
    if not costs:
        return []
    total = sum(costs, Cost())
    parameters = ("parameters", count(total.parameters), "Numbers that training adjusts.")
    if counted_at and not total.parameters:
        parameters = ("parameters", "shared", f"Counted at “{counted_at.name}”, which has the same weights.")
    return [
        parameters,
        ("FLOPs per sample", short(total.flops), FLOPS_HELP),
        ("activation", memory(total.activation), "Memory that the output takes for one sample."),
    ]

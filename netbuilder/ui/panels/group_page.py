"""What the inspector shows inside of a group while no block is selected: the group itself, its parameters,
its ports.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from netbuilder.blocks.parameters import Parameter
from netbuilder.blocks.spec import Port
from netbuilder.compiler.groups import ports
from netbuilder.compiler.program import Lowering
from netbuilder.graph.edits import Edit
from netbuilder.graph.model import Json, PortRef
from netbuilder.graph.project import Group, GroupId
from netbuilder.ui import group_parameters
from netbuilder.ui.document import Document
from netbuilder.ui.fields import TextField
from netbuilder.ui.panels.group_parts import GroupDescription, GroupName
from netbuilder.ui.panels.parts import Facts, quiet_button, say, words
from netbuilder.ui.values import to_text
from netbuilder.ui.wiring import Refusal

_NAME = Parameter("name", "text", "", "What expressions inside call it: =channels*2.")
_DEFAULT = Parameter(
    "default", "text", "", "Its value where an instance gives none: a number, on or off, sizes, or text."
)


class GroupPage(QWidget):
    """Name, formal parameters, inputs and outputs of the group whose inside is shown."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.name = GroupName(document, title=True)
        self.description = GroupDescription(document)
        self.rows: dict[str, FormalRow] = {}
        self._renaming: dict[str, str] = {}
        self._rows_place = QVBoxLayout()
        self._rows_place.setSpacing(4)
        self.add = QPushButton("Add parameter")
        self.add.clicked.connect(self._on_add_clicked)
        self._problem = words(role="error", wrap=True)
        self._inputs, self._outputs = Facts("Inputs"), Facts("Outputs")
        out = QPushButton("Leave the group")
        out.setToolTip("Go back out to where the group is used (Esc)")
        out.clicked.connect(document.leave)
        hint = words(
            "Nothing is selected: this is the group itself. Changes here apply to all its instances.",
            "muted",
            wrap=True,
        )
        self._use = words(role="muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._seen_as = words(role="muted", wrap=True)
        column.addWidget(self.name)
        column.addWidget(hint)
        column.addSpacing(8)
        column.addWidget(self.description)
        column.addWidget(self._seen_as)
        column.addSpacing(8)
        column.addWidget(words("Parameters", "heading"))
        column.addLayout(self._rows_place)
        column.addWidget(self._problem)
        column.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._use)
        column.addWidget(self._inputs)
        column.addWidget(self._outputs)
        column.addSpacing(8)
        column.addWidget(out, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)

    def refresh(self, lowering: Lowering | None) -> None:
        """Show the group as it is now."""
        group = self._document.group
        assert group, "this page is for the inside of a group"
        definition = self._document.project.groups[group]
        self.name.show_group(group)
        self.description.show_group(group)
        self._show_rows(definition)
        numbers = (name for name, value in definition.parameters.items() if type(value) is int)
        self._use.setText(_use(next(numbers, "width")))
        say(self._problem, "")
        say(self._seen_as, _seen_as(self._document))
        inputs, outputs = ports(definition)
        self._inputs.show_facts(_port_facts(definition, inputs, lowering))
        self._outputs.show_facts(_port_facts(definition, outputs, lowering))

    def problem(self) -> str:
        """Return why what was asked last can't be, empty if it can."""
        return self._problem.text()

    def seen_as(self) -> str:
        """Return what is said of the instance that is shown; empty where the group has none."""
        return "" if self._seen_as.isHidden() else self._seen_as.text()

    def facts(self) -> dict[str, str]:
        """Return all that is shown in lines, value by name."""
        return self._inputs.facts() | self._outputs.facts()

    def _show_rows(self, definition: Group) -> None:
        if list(self.rows) != list(definition.parameters):
            # A parameter keeps its row, be it renamed: the keyboard may be in it, or on the way there.
            before = {self._renaming.get(name, name): row for name, row in self.rows.items()}
            self.rows = {name: before.pop(name, None) or FormalRow(self) for name in definition.parameters}
            for row in before.values():
                row.setParent(None)
                row.deleteLater()
            for row in self.rows.values():
                self._rows_place.addWidget(row)
        for name, row in self.rows.items():
            row.show_formal(name, definition.parameters[name])

    # What the person wants

    def rename(self, old: str, new: str) -> None:
        """Give a parameter another name."""
        self._renaming = {old: new.strip()}
        self._ask(group_parameters.rename_formal(self._document.project, self._group, old, new))
        self._renaming = {}

    def set_default(self, name: str, text: str) -> None:
        """Give a parameter the default that a text stands for."""
        value = group_parameters.value_of(text)
        self._ask(group_parameters.set_formal(self._document.project, self._group, name, value))

    def remove(self, name: str) -> None:
        """Take a parameter away."""
        self._ask(group_parameters.remove_formal(self._document.project, self._group, name))

    def _on_add_clicked(self) -> None:
        known = self._document.project.groups[self._group].parameters
        name = next(name for name in _names() if name not in known)
        self._ask(group_parameters.add_formal(self._document.project, self._group, name, 1))
        self.rows[name].name.setFocus()
        self.rows[name].name.selectAll()

    @property
    def _group(self) -> GroupId:
        assert self._document.group, "this page is for the inside of a group"
        return self._document.group

    def _ask(self, wanted: Edit | Refusal | None) -> None:
        if isinstance(wanted, Refusal):
            self._show_rows(self._document.project.groups[self._group])
            say(self._problem, wanted.message)
        elif wanted is not None:
            self._document.apply(wanted)


class FormalRow(QWidget):
    """A formal parameter: its name, its default, and a button that takes it away."""

    def __init__(self, page: GroupPage) -> None:
        super().__init__(page)
        self.name, self.default = TextField(_NAME, self), TextField(_DEFAULT, self)
        self._called = ""
        self.name.setToolTip(_NAME.help)
        self.default.setToolTip(_DEFAULT.help)
        self.remove = quiet_button("mdi6.close", "", "")
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(6)
        across.addWidget(self.name, 6)
        across.addWidget(self.default, 4)
        across.addWidget(self.remove)
        self.name.committed.connect(lambda new, _series: page.rename(self._called, new))
        self.default.committed.connect(lambda text, _series: page.set_default(self._called, text))
        self.remove.clicked.connect(lambda: page.remove(self._called))

    def show_formal(self, name: str, value: Json) -> None:
        """Show a parameter as it is."""
        self._called = name
        self.name.setAccessibleName(f"Name of the parameter {name}")
        self.default.setAccessibleName(f"Default of {name}")
        self.remove.setToolTip(f"Take {name} away")
        self.remove.setAccessibleName(f"Remove {name}")
        self.name.set_value(name)
        self.default.set_value(_in_words(value))


def _use(name: str) -> str:
    return (
        f"Fields of the blocks inside may use them, as ={name}*2 does. "
        "Where an instance repeats, index counts its runs "
        f"there, from 0: ={name}*(index+1)."
    )


def _names() -> list[str]:
    return ["width", "depth", "size", *(f"parameter_{number}" for number in range(1, 1_000))]


def _in_words(value: Json) -> str:
    shown = "on" if value is True else "off" if value is False else value
    return to_text(Parameter("", "sizes", (), ""), shown)


def _seen_as(document: Document) -> str:
    """Say whose shapes and values are shown: those of the instance by which the group was entered."""
    project, group, entered = document.project, document.trail[-1], document.entered()
    box = entered[group]
    if box is None:
        return ""
    number = sum(1 for _ in group_parameters.instances(project, group))
    which = f"“{box.name}”, one of {number} instances" if number > 1 else f"“{box.name}”"
    names = group_parameters.names_inside(project, entered)
    given = ", ".join(f"{name} {_in_words(names[name])}" for name in project.groups[group].parameters)
    return f"Shapes and values inside are those of {which}{': ' if given else ''}{given}."


def _port_facts(definition: Group, declared: tuple[Port, ...], lowering: Lowering | None) -> list[tuple[str, str, str]]:
    facts: list[tuple[str, str, str]] = []
    for port in declared:
        node = definition.graph.named(port.name)
        assert node, "a port is named by its block"
        into = definition.graph.edges_into(node.id)
        source = into[0].source if into else PortRef(node.id, "y")
        spec = lowering.specs.get(source) if lowering else None
        facts.append((port.name, str(spec) if spec else "not known", "In the instance that is shown."))
    return facts

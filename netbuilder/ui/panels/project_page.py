"""What the inspector shows while no block is selected: the data set and the sums of the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from netbuilder.compiler.program import Lowering
from netbuilder.data.catalog import SOURCES, default_config
from netbuilder.data.config import DataConfig, read
from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.edits import SetSection
from netbuilder.ui.amounts import FLOPS_HELP, count, memory, short
from netbuilder.ui.document import Document
from netbuilder.ui.fields import ChoiceField
from netbuilder.ui.panels.parts import Elided, Facts, say, words

_NO_DATA = ""
_MOST_CLASSES = 12


class ProjectPage(QWidget):
    """Name, data set with its fields and split, and what the network costs in all."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._name = Elided("text")
        self._name.setProperty("role", "title")
        hint = words(
            "Nothing is selected: this is the whole project. Select a block to see its parameters.", "muted", wrap=True
        )

        self.source = ChoiceField([(_NO_DATA, "none"), *((each.name, each.title) for each in SOURCES.values())])
        self.source.setAccessibleName("Data set")
        self.source.committed.connect(self._on_source_chosen)
        self._description = words(role="muted", wrap=True)
        self._problem = words(role="error", wrap=True)
        self._fields = Facts("Fields")
        self._split = Facts("Split")
        self._network = Facts("Network")
        self._unknown = words(
            "Of the blocks whose shapes are known: the others wait for a problem to be fixed.", "muted", wrap=True
        )

        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._name)
        column.addWidget(hint)
        column.addSpacing(8)
        column.addWidget(words("Data set", "heading"))
        column.addWidget(self.source)
        column.addWidget(self._description)
        column.addWidget(self._problem)
        for facts in (self._fields, self._split, self._network):
            column.addWidget(facts)
        column.addWidget(self._unknown)
        column.addStretch(1)

    def refresh(self, lowering: Lowering | None) -> None:
        """Show the project as it is now."""
        project = self._document.project
        self._name.setText(self._document.name)
        chosen = project.data.get("source", _NO_DATA)
        self.source.set_value(chosen)
        known = SOURCES.get(str(chosen))
        self._description.setText(known.description if known else "Choose the data that the network learns from.")
        config, problem = _read(project.data)
        say(self._problem, problem)
        self._fields.show_facts(_field_facts(config) if config else [])
        self._split.show_facts(_split_facts(config) if config else [])
        self._network.show_facts(_network_facts(len(project.graph), lowering))
        self._unknown.setVisible(bool(len(project.graph) and lowering and lowering.errors()))

    def facts(self) -> dict[str, str]:
        """Return all that is shown in lines, value by name."""
        return self._fields.facts() | self._split.facts() | self._network.facts()

    def _on_source_chosen(self, name: str, _series: int) -> None:
        if name == self._document.project.data.get("source", _NO_DATA):
            return
        section = default_config(name).section() if name else {}
        self._document.apply(SetSection("data", section))


def _read(section: Mapping[str, Any]) -> tuple[DataConfig | None, str]:
    if not section:
        return None, ""
    try:
        return read(section), ""
    except NetbuilderError as error:
        return None, str(error)


def _field_facts(config: DataConfig) -> list[tuple[str, str, str]]:
    facts: list[tuple[str, str, str]] = []
    for name, field in config.fields.items():
        shape = " × ".join(map(str, field.shape))
        if field.classes:
            text = f"class, {len(field.classes)}" if not shape else f"{shape}, {len(field.classes)} classes"
        else:
            text = shape or "number"
        shown = ", ".join(field.classes[:_MOST_CLASSES]) + (", …" if len(field.classes) > _MOST_CLASSES else "")
        tip = f"{field.dtype}{f'; classes: {shown}' if shown else ''}"
        facts.append((name, text, tip))
    if config.normalize:
        tip = "Brought to mean 0 and deviation 1 over the training part; the export carries the same numbers."
        facts.append(("normalised", ", ".join(config.normalize), tip))
    return facts


def _split_facts(config: DataConfig) -> list[tuple[str, str, str]]:
    parts = ("train", "validation", "test")
    tips = (
        "What the network learns from.",
        "What it is measured on after each epoch.",
        "What it is measured on at the end.",
    )
    facts = [
        (part, f"{getattr(config.split, part):.0%}".replace("%", " %"), tip)
        for part, tip in zip(parts, tips, strict=True)
    ]
    if config.split.stratify:
        facts.append(("stratified by", config.split.stratify, "Each part has every class in the same share."))
    return facts


def _network_facts(blocks: int, lowering: Lowering | None) -> list[tuple[str, str, str]]:
    facts = [("blocks", count(blocks), "")]
    if lowering is not None:
        total = lowering.total()
        facts += [
            ("parameters", count(total.parameters), "Numbers that training adjusts."),
            ("FLOPs per sample", short(total.flops), FLOPS_HELP),
            ("activations", memory(total.activation), "Memory that the outputs of all blocks take for one sample."),
        ]
    return facts

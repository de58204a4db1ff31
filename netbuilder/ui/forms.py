"""A form made from a declaration: a row per parameter of a block, or of any model declared with `param`."""

from __future__ import annotations

import html
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from netbuilder.blocks.expressions import is_expression
from netbuilder.blocks.parameters import Parameter, expectation, parameters, parse
from netbuilder.graph.edits import UNSET
from netbuilder.graph.model import thaw
from netbuilder.ui.fields import MIXED, ChoiceField, Field, SwitchField, TextField
from netbuilder.ui.panels.parts import Elided, quiet_button, say, words
from netbuilder.ui.values import to_text

_INDEX = "In it, index counts the runs of a group that repeats, from 0."

Choices = Sequence[tuple[str, str]]
"""Pairs of a value and what is shown for it."""


class Form(QWidget):
    """Fields for the parameters of `model`, for one thing or for several that are edited together.

    The form changes nothing itself: `edited(parameter, value, series)` carries a JSON value, or `UNSET` for a reset;
    steps of one spin share a `series` above 0, so that they can become one undo step. A value that can't be used is
    passed on like any other, and `show_values` then says what is wrong with it below its field.
    """

    edited = Signal(str, object, int)

    def __init__(
        self,
        model: type[BaseModel] | Sequence[Parameter],
        choices: Mapping[str, Choices] | None = None,
        parent: QWidget | None = None,
        *,
        more: Sequence[Parameter] = (),
        written: Collection[str] = (),
        stands_in: str = "",
    ) -> None:
        """Make the form; `choices` turns a text parameter into a choice among what is there.

        Without a `model`, of parameters alone, values are judged by `problems` alone, and so are those of `more`, which
        come last. Those in `written` hold expressions, so they are lines of text; `stands_in` is the expression that a
        switch or a choice begins with when it is to be one.
        """
        super().__init__(parent)
        self._model = model if isinstance(model, type) else None
        declared = (*(parameters(model) if isinstance(model, type) else model), *more)
        self._more = {parameter.name for parameter in more}
        self._rows: dict[str, _Row] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 5)
        grid.setColumnStretch(1, 6)
        for at, parameter in enumerate(declared):
            row = _Row(parameter, (choices or {}).get(parameter.name), self, parameter.name in written)
            if stands_in and parameter.name not in self._more:
                row.offer_expressions(stands_in)
            row.field.committed.connect(
                lambda value, series, name=parameter.name: self.edited.emit(name, value, series)
            )
            row.reset.clicked.connect(lambda _=False, name=parameter.name: self.edited.emit(name, UNSET, 0))
            row.write.setVisible(bool(stands_in) and not isinstance(row.field, TextField))
            row.write.clicked.connect(lambda _=False, name=parameter.name: self.edited.emit(name, stands_in, 0))
            grid.addWidget(row.label, 3 * at, 0)
            grid.addWidget(row.field, 3 * at, 1)
            grid.addWidget(row.value, 3 * at + 1, 1)
            grid.addWidget(row.problem, 3 * at + 2, 0, 1, 2)
            self._rows[parameter.name] = row

    def show_values(
        self,
        params: Sequence[Mapping[str, Any]],
        problems: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        """Show the parameters set on one or several things; `problems` adds what the values alone don't tell.

        An empty one marks the field: what is wrong is said elsewhere. `values` has what expressions come to, where that
        is known.
        """
        given = [thaw(each) for each in params]
        found = dict(problems or {})
        if self._model is not None:
            for each in given:
                plain = {
                    name: value for name, value in each.items() if not is_expression(value) and name not in self._more
                }
                found |= {wrong.parameter: wrong.message for wrong in parse(self._model, plain)[1] if wrong.parameter}
        for name, row in self._rows.items():
            row.show([each.get(name, row.parameter.default) for each in given], found.get(name))
            row.show_value((values or {}).get(name))

    def hold(self, name: str, reason: str) -> None:
        """Disable the field of a parameter, and say why; an empty reason enables it again."""
        self._rows[name].hold(reason)

    def commit(self) -> None:
        """Take what is typed in a field as it stands."""
        for row in self._rows.values():
            row.field.commit()

    def names(self) -> set[str]:
        """Return the names of all parameters."""
        return set(self._rows)

    def field(self, name: str) -> Field:
        """Return the field of a parameter."""
        return self._rows[name].field

    def value(self, name: str) -> str:
        """Return what is said that a parameter's expression comes to, empty if nothing."""
        return self._rows[name].value.text()

    def write_button(self, name: str) -> QToolButton:
        """Return the button that turns a switch or a choice into an expression; hidden where there is none."""
        return self._rows[name].write

    def problem(self, name: str) -> str:
        """Return what is said to be wrong with a parameter, empty if nothing."""
        return self._rows[name].problem.text()

    def reset_button(self, name: str) -> QToolButton:
        """Return the button that gives a parameter its default back; hidden while it has it."""
        return self._rows[name].reset


_NAME_WIDTH = 96
"""Of a parameter's name that is shown however narrow the form is."""


class _Row:
    """The label, the field and the sentence of one parameter."""

    def __init__(self, parameter: Parameter, choices: Choices | None, form: QWidget, is_written: bool) -> None:
        self.parameter = parameter
        is_line = is_written and (choices is not None or parameter.kind in ("bool", "choice"))
        line = replace(parameter, kind="text", choices=())
        self.field = TextField(line, form) if is_line else _field(parameter, choices, form)
        self.field.setAccessibleName(parameter.name)
        self.field.setMinimumWidth(72)

        name = Elided()
        name.setText(parameter.name)
        name.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        name.setMinimumWidth(min(name.sizeHint().width(), _NAME_WIDTH))
        name.setBuddy(self.field)
        back = f"Back to the default: {to_text(parameter, parameter.default) or 'none'}"
        self.reset = quiet_button("mdi6.backup-restore", f"Reset {parameter.name}", back)
        self.reset.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.reset.hide()
        write = f"Write an expression of the group's parameters here. {_INDEX}"
        self.write = quiet_button("mdi6.function-variant", f"Write an expression for {parameter.name}", write)
        for button in (self.reset, self.write):
            button.setStyleSheet("padding: 1px;")
        self.label = QWidget()
        across = QHBoxLayout(self.label)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(4)
        across.addWidget(name)
        across.addStretch()
        across.addWidget(self.write)
        across.addWidget(self.reset)

        self.value = words(role="muted", wrap=True)
        self.value.setToolTip("What the expression comes to in the instance that is shown.")
        self.value.hide()
        self.problem = words(role="error", wrap=True)
        self.problem.hide()

        self._tip = _tooltip(parameter)
        name.setToolTip(self._tip)
        self.field.setToolTip(self._tip)

    def show(self, values: Sequence[Any], problem: str | None) -> None:
        texts = {to_text(self.parameter, value) for value in values}
        self.field.set_value(values[0] if len(texts) == 1 else MIXED)
        self.reset.setVisible(texts != {to_text(self.parameter, self.parameter.default)})
        self.field.set_problem(problem is not None)
        say(self.problem, problem or "")

    def hold(self, reason: str) -> None:
        """Disable the field for a reason, or, without one, enable it. A value that is to be mended can be mended."""
        is_held = bool(reason) and self.problem.isHidden()
        self.field.setEnabled(not is_held)
        self.field.setToolTip(f"<p>{html.escape(reason)}</p>{self._tip}" if is_held else self._tip)

    def offer_expressions(self, example: str) -> None:
        """Say in the tooltips that the field may hold an expression, such as this one."""
        self._tip += f"<p>{html.escape(f'An expression may stand here, such as {example}. {_INDEX}')}</p>"
        self.field.setToolTip(self._tip)

    def show_value(self, value: Any) -> None:
        """Show what an expression comes to; nothing for None."""
        shown = {True: "on", False: "off"}[value] if isinstance(value, bool) else to_text(self.parameter, value)
        self.value.setText("" if value is None else f"now {shown}")
        self.value.setVisible(value is not None)


def _field(parameter: Parameter, choices: Choices | None, parent: QWidget) -> Field:
    if choices is not None:
        return ChoiceField(choices, parent)
    match parameter.kind:
        case "choice":
            return ChoiceField([(choice, choice) for choice in parameter.choices], parent)
        case "bool":
            return SwitchField(parent)
        case _:
            return TextField(parameter, parent)


def _tooltip(parameter: Parameter) -> str:
    unit = f" {parameter.unit}" if parameter.unit else ""
    default = to_text(parameter, parameter.default) or "empty"
    facts = f"{expectation(parameter).capitalize()}{unit and f', in{unit}'}. Default: {default}."
    return f"<p><b>{html.escape(parameter.name)}</b></p><p>{html.escape(parameter.help)}</p><p>{html.escape(facts)}</p>"

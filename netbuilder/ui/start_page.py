"""What a person sees first: begin, open, go on with a recent project, or take an example."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from netbuilder.diagnostics import NetbuilderError
from netbuilder.examples import Example, Kind, examples
from netbuilder.graph.files import load
from netbuilder.graph.project import Project
from netbuilder.ui.settings import recent_files
from netbuilder.ui.theme import notifier, text_font, theme
from netbuilder.ui.thumbnail import Thumbnail

_WIDTH = 1000
_COLUMNS = 4
_PICTURE = 104
_SECTIONS: tuple[tuple[Kind, str], ...] = (("task", "Examples, ready to train"), ("architecture", "Architectures"))


class _Clickable(QFrame):
    """Something to press, by mouse or by keyboard."""

    chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    @property
    def marked(self) -> bool:
        """Whether pointer or keyboard is on it."""
        return self.underMouse() or self.hasFocus()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit()
        else:
            super().keyPressEvent(event)


class ExampleCard(_Clickable):
    """An example: a small picture of its network, its title and what it does."""

    def __init__(self, example: Example) -> None:
        super().__init__()
        self.example = example
        self.picture: Thumbnail | None = None
        self.setFixedHeight(_PICTURE + 76)
        self.setMinimumWidth(200)
        self.setToolTip(example.description)
        self.setAccessibleName(example.title)
        notifier().changed.connect(self.update)

    def load_picture(self) -> None:
        """Read the network that the picture shows; a damaged file leaves the picture empty,
        and says why when opened.
        """
        try:
            self.picture = Thumbnail.of(load(self.example.path))
        except NetbuilderError as error:
            self.picture = Thumbnail.of(Project())
            self.setToolTip(str(error))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        shape = QPainterPath()
        shape.addRoundedRect(outline, 8, 8)
        painter.fillPath(shape, look.raised)
        picture = QRectF(outline.left(), outline.top(), outline.width(), _PICTURE)
        painter.save()
        painter.setClipPath(shape)
        painter.fillRect(picture, look.background)
        painter.restore()
        painter.fillRect(QRectF(outline.left(), picture.bottom(), outline.width(), 1), look.line)
        if self.picture:
            self.picture.paint(painter, picture.adjusted(16, 14, -16, -14))
        painter.setPen(look.accent if self.marked else look.line)
        painter.drawPath(shape)

        words = outline.adjusted(12, _PICTURE + 10, -12, -8)
        painter.setPen(look.text)
        painter.setFont(text_font(13, QFont.Weight.DemiBold))
        painter.drawText(words, Qt.AlignmentFlag.AlignTop, self.example.title)
        painter.setPen(look.muted)
        painter.setFont(text_font(12))
        painter.drawText(
            words.adjusted(0, 22, 0, 0),
            int(Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap),
            self.example.description,
        )


class _RecentRow(_Clickable):
    """A recent project: its name and the folder that it is in."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.setFixedHeight(28)
        self.setToolTip(str(path))
        self.setAccessibleName(path.stem)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.marked:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.hover)
            painter.drawRoundedRect(self.rect(), 6, 6)
        area = self.rect().adjusted(8, 0, -8, 0)
        painter.setFont(text_font(13, QFont.Weight.Medium))
        painter.setPen(look.text)
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, self.path.stem)
        used = QFontMetrics(painter.font()).horizontalAdvance(self.path.stem) + 12
        painter.setFont(text_font(12))
        painter.setPen(look.muted)
        folder = _short_path(self.path.parent)
        text = QFontMetrics(painter.font()).elidedText(folder, Qt.TextElideMode.ElideMiddle, area.width() - used)
        painter.drawText(area.adjusted(used, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)


def _short_path(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


class StartPage(QScrollArea):
    """`new_requested`, `browse_requested` and `open_requested(path)` say what was chosen;
    `completed`, that all is drawn.
    """

    new_requested = Signal()
    browse_requested = Signal()
    open_requested = Signal(object)
    completed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        self._recent_heading = _heading("Recent")
        self.cards = [ExampleCard(example) for example in examples()]
        for card in self.cards:
            card.chosen.connect(lambda path=card.example.path: self.open_requested.emit(path))

        column = QVBoxLayout()
        column.setContentsMargins(32, 48, 32, 40)
        column.setSpacing(0)
        title = QLabel("NetBuilder")
        title.setFont(text_font(28, QFont.Weight.DemiBold))
        column.addWidget(title)
        column.addSpacing(4)
        subtitle = QLabel("Draw a neural network, watch it learn, take it with you as ONNX.")
        subtitle.setFont(text_font(14))
        subtitle.setProperty("role", "muted")
        column.addWidget(subtitle)
        column.addSpacing(24)
        column.addLayout(self._buttons())
        column.addSpacing(28)
        column.addWidget(self._recent_heading)
        column.addLayout(self._recent)
        for kind, words in _SECTIONS:
            column.addSpacing(28)
            column.addWidget(_heading(words))
            column.addSpacing(4)
            column.addLayout(_gallery([card for card in self.cards if card.example.kind == kind]))
        column.addStretch(1)
        page = QWidget()
        page.setMaximumWidth(_WIDTH + 64)
        page.setLayout(column)
        centre = QWidget()
        row = QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(page, 1000)
        row.addStretch(1)
        self.setWidget(centre)
        self.refresh()

    def refresh(self) -> None:
        """Show the recent files as they are now."""
        while item := self._recent.takeAt(0):
            if row := item.widget():
                row.deleteLater()
        paths: Sequence[Path] = recent_files()[:5]
        self._recent_heading.setVisible(bool(paths))
        for path in paths:
            row = _RecentRow(path)
            row.chosen.connect(lambda path=path: self.open_requested.emit(path))
            self._recent.addWidget(row)

    def load_pictures(self) -> None:
        """Read the examples one at a time, between two events, so that the page is there at once."""
        waiting = next((card for card in self.cards if card.picture is None), None)
        if waiting is None:
            self.completed.emit()
            return
        waiting.load_picture()
        QTimer.singleShot(0, self, self.load_pictures)

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        begin = QPushButton("New network")
        begin.setObjectName("start_new")
        begin.setProperty("role", "primary")
        begin.clicked.connect(self.new_requested)
        browse = QPushButton("Open…")
        browse.setObjectName("start_open")
        browse.clicked.connect(self.browse_requested)
        row.addWidget(begin)
        row.addWidget(browse)
        row.addStretch(1)
        return row


def _gallery(cards: Sequence[ExampleCard]) -> QGridLayout:
    grid = QGridLayout()
    grid.setSpacing(16)
    for place, card in enumerate(cards):
        grid.addWidget(card, place // _COLUMNS, place % _COLUMNS)
    for column in range(_COLUMNS):
        grid.setColumnStretch(column, 1)
    return grid


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "heading")
    label.setContentsMargins(0, 0, 0, 6)
    return label

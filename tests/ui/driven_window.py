"""The program's window in a process of its own, for hands that work from outside: `python -m tests.ui.driven_window`.

Answers each line on standard input with a line of JSON: `place NAME` is where something is on the screen, `project`
what is drawn, `close` the end. It says `ready` first.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from PySide6.QtCore import QObject, QPoint, QPointF, QSocketNotifier
from PySide6.QtWidgets import QWidget

from netbuilder.ui.app import application
from netbuilder.ui.canvas.parts import Side
from netbuilder.ui.main_window import MainWindow
from netbuilder.ui.theme import set_theme


class Driver(QObject):
    """Answers questions about the window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_line)
        window.shown.connect(self._on_shown)

    def _on_shown(self) -> None:
        self._window.files.new()
        self._window.canvas.camera.jump()
        say("ready")

    def _on_line(self) -> None:
        verb, *names = sys.stdin.readline().split()
        match verb:
            case "place":
                say(self._place(*names))
            case "project":
                graph = self._window.document.project.graph
                say({"blocks": [node.type for node in graph.nodes()], "wires": len(graph.edges())})
            case _:
                self._window.document.undo_stack.setClean()
                self._window.close()

    def _place(self, what: str, name: str = "") -> list[int]:
        layers, canvas = self._window.layers, self._window.canvas
        viewport = canvas.viewport()
        match what:
            case "layer":
                rows = layers.list
                return on_screen(rows.viewport(), rows.visualRect(layers.index_of(name)).center())
            case "canvas":
                return on_screen(viewport, viewport.rect().center())
            case _:
                node = canvas.document.project.graph.named(name)
                assert node is not None, name
                side = Side.INPUT if what == "input" else Side.OUTPUT
                item = canvas.canvas_scene.blocks[node.id]
                port: QPointF = item.port_position(side, item.side(side)[0].name)
                return on_screen(viewport, canvas.mapFromScene(port))


def on_screen(widget: QWidget, place: QPoint) -> list[int]:
    point = widget.mapToGlobal(place)
    return [point.x(), point.y()]


def say(answer: Any) -> None:
    print(json.dumps(answer), flush=True)


def main() -> None:
    app = application()
    set_theme("dark")
    window = MainWindow(remembers=False)
    window.setGeometry(0, 0, 1500, 950)
    driver = Driver(window)
    window.show()
    app.exec()
    driver.deleteLater()


if __name__ == "__main__":
    main()

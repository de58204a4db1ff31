from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from netbuilder.ui.dialogs import Message
from netbuilder.ui.errors import ErrorReporter, log_path


class Scene:
    """A window with an error reporter, and the dialogs over it."""

    def __init__(self, qtbot: QtBot) -> None:
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.window.show()
        self.saved: list[bool] = []
        self.reporter = ErrorReporter(lambda: self.window, lambda: self.saved.append(True))

    def dialogs(self) -> list[Message]:
        return [dialog for dialog in self.window.findChildren(Message) if dialog.isVisible()]


@pytest.fixture
def scene(qtbot: QtBot) -> Iterator[Scene]:
    scene = Scene(qtbot)
    scene.reporter.install()
    yield scene
    scene.reporter.uninstall()


def tell(error: BaseException) -> None:
    """Hand an exception to the hook, as Python does with one that nobody caught."""
    try:
        raise error
    except BaseException:
        sys.excepthook(*sys.exc_info())  # pyright: ignore[reportArgumentType]


def test_an_exception_is_a_dialog_with_a_sentence_and_a_report(scene: Scene, qtbot: QtBot) -> None:
    tell(RuntimeError("the flux is inverted"))
    qtbot.waitUntil(lambda: len(scene.dialogs()) == 1)
    dialog = scene.dialogs()[0]
    assert "the flux is inverted" in dialog.sentence.text()
    qtbot.mouseClick(dialog.button("copy"), Qt.MouseButton.LeftButton)
    report = QGuiApplication.clipboard().text()
    assert "Traceback" in report
    assert "torch" in report
    qtbot.mouseClick(dialog.button("close"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not scene.dialogs())
    assert "the flux is inverted" in log_path().read_text(encoding="utf-8")


def test_save_a_copy_saves_a_copy(scene: Scene, qtbot: QtBot) -> None:
    tell(RuntimeError("x"))
    qtbot.waitUntil(lambda: len(scene.dialogs()) == 1)
    qtbot.mouseClick(scene.dialogs()[0].button("save"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: scene.saved == [True])


def test_a_storm_of_errors_is_one_dialog(scene: Scene, qtbot: QtBot) -> None:
    for number in range(50):
        tell(RuntimeError(f"number {number}"))
    qtbot.waitUntil(lambda: len(scene.dialogs()) == 1)
    qtbot.waitUntil(lambda: "49 more" in scene.dialogs()[0].sentence.text())


def test_the_same_fault_again_is_logged_and_not_shown(scene: Scene, qtbot: QtBot) -> None:
    for _ in range(2):
        tell(RuntimeError("again"))
        qtbot.wait(30)
        for dialog in scene.dialogs():
            qtbot.mouseClick(dialog.button("close"), Qt.MouseButton.LeftButton)
    qtbot.wait(30)
    assert scene.dialogs() == []
    assert log_path().read_text(encoding="utf-8").count("RuntimeError: again") == 2


def test_an_exception_on_a_thread_is_shown_too(scene: Scene, qtbot: QtBot) -> None:
    def fail() -> None:
        raise ValueError("far away")

    thread = threading.Thread(target=fail, name="worker-7")
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(scene.dialogs()) == 1)
    assert "far away" in scene.dialogs()[0].sentence.text()
    assert "worker-7" in scene.dialogs()[0].details


def test_an_exception_in_a_clean_up_is_shown_too(scene: Scene, qtbot: QtBot) -> None:
    class Fragile:
        def __del__(self) -> None:
            raise ValueError("broken on the way out")

    thing = Fragile()
    del thing
    qtbot.waitUntil(lambda: len(scene.dialogs()) == 1)
    assert "broken on the way out" in scene.dialogs()[0].sentence.text()


def test_an_interrupt_closes_the_window(scene: Scene, qtbot: QtBot) -> None:
    tell(KeyboardInterrupt())
    qtbot.waitUntil(lambda: not scene.window.isVisible())
    assert scene.dialogs() == []


def test_the_program_goes_on_after_an_exception_in_a_slot(scene: Scene, qtbot: QtBot) -> None:
    ran: list[int] = []

    class Clumsy(QObject):
        def slot(self) -> None:
            ran.append(1)
            raise RuntimeError("in a slot")

    clumsy = Clumsy()
    with qtbot.captureExceptions() as caught:  # the test runner listens before us; what it hears is handed on
        QTimer.singleShot(0, clumsy.slot)
        qtbot.waitUntil(lambda: bool(caught))
    tell(caught[0][1])
    qtbot.waitUntil(lambda: len(scene.dialogs()) == 1)
    QTimer.singleShot(0, lambda: ran.append(2))
    qtbot.waitUntil(lambda: ran == [1, 2])

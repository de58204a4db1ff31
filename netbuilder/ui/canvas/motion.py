"""Short movements, which say where things went; none where the system wants none."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEasingCurve, QObject, QVariantAnimation

from netbuilder.ui.theme import motion

FADE = 120
GLIDE = 180


class Fade:
    """A number between 0 and 1 that goes where it is sent, in a moment rather than at once."""

    def __init__(self, on_change: Callable[[], object], owner: Callable[[], QObject | None]) -> None:
        self.value = 0.0
        self._owner = owner
        self._on_change = on_change
        self._animation: QVariantAnimation | None = None

    def go(self, target: float) -> None:
        """Go to `target`, from wherever it is."""
        if self._animation is None and target == self.value:
            return
        self.stop()
        self._animation = animate(FADE, self._owner(), self._step_from(self.value, target), self._done)

    def stop(self) -> None:
        """Stay where it is."""
        if self._animation is not None:
            halt(self._animation)
            self._animation = None

    def _step_from(self, start: float, target: float) -> Callable[[float], None]:
        def step(progress: float) -> None:
            self.value = start + (target - start) * progress
            self._on_change()

        return step

    def _done(self) -> None:
        self._animation = None


def halt(animation: QVariantAnimation) -> None:
    """Stop a movement where it is, and forget it."""
    animation.stop()
    animation.deleteLater()


def animate(
    milliseconds: int, owner: QObject | None, step: Callable[[float], None], done: Callable[[], None] | None = None
) -> QVariantAnimation | None:
    """Call `step` with 0 to 1 over a while, then `done`; at once, and return None, where motion is off.

    The movement ends with its owner.
    """
    duration = motion(milliseconds)
    if not duration:
        step(1.0)
        if done:
            done()
        return None
    animation = QVariantAnimation(owner)
    animation.setDuration(duration)
    animation.setStartValue(0.0)
    animation.setEndValue(1.0)
    animation.setEasingCurve(QEasingCurve.Type.OutCubic)
    animation.valueChanged.connect(step)
    animation.finished.connect(animation.deleteLater)
    if done:
        animation.finished.connect(done)
    animation.start()
    return animation

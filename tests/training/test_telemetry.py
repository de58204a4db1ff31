"""Numbers from one thread to another, without waiting."""

from __future__ import annotations

import threading

import numpy as np

from netbuilder.graph.model import NodeId
from netbuilder.training.telemetry import Resumed, Series, Telemetry


def test_a_series_grows_and_old_views_stay_as_they_were() -> None:
    series = Series()
    views = []
    for start in range(0, 5000, 100):
        series.extend(np.arange(start, start + 100, dtype=np.float32))
        views.append(series.view())
    for number, view in enumerate(views):
        assert np.array_equal(view, np.arange(100 * (number + 1)))


def test_a_reader_never_sees_a_value_that_is_not_written_yet() -> None:
    series, torn = Series(), []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            view = series.view()
            if not np.array_equal(view[-50:], np.arange(len(view))[-50:]):
                torn.append(view)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(0, 200_000, 10):
        series.extend(np.arange(number, number + 10, dtype=np.float32))
    over.set()
    reader.join()
    assert not torn
    assert len(series.view()) == 200_000


def test_events_are_taken_once_and_in_order() -> None:
    telemetry = Telemetry()
    for step in range(5):
        telemetry.emit(Resumed("run", step))
    assert [event.step for event in telemetry.take_events() if isinstance(event, Resumed)] == [0, 1, 2, 3, 4]
    assert telemetry.take_events() == []


def test_what_is_watched_is_one_block_or_none() -> None:
    telemetry = Telemetry()
    assert telemetry.watched() is None
    telemetry.watch(NodeId("n3"), sample=2)
    assert telemetry.watched() == ("n3", 2)
    telemetry.watch(None)
    assert telemetry.watched() is None

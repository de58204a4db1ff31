from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netbuilder.ui.panels.envelope import Envelope


def losses(count: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).random(count, dtype=np.float32)
    return (2.4 * np.exp(-np.arange(count) / max(count, 1) * 5) + 0.1 * noise).astype(np.float32)


def grown(values: np.ndarray, *ends: int) -> Envelope:
    envelope = Envelope()
    for end in (*ends, len(values)):
        envelope.update(values[:end])
    return envelope


def test_a_spike_of_one_step_among_ten_million_is_in_the_picture() -> None:
    values = np.zeros(10_000_000, dtype=np.float32)
    values[7_654_321] = 1000.0
    values[1_234_567] = -3.0
    places, shown = grown(values).view(0, len(values), 900)
    assert shown.max() == 1000.0
    assert shown.min() == -3.0
    assert len(shown) <= 2 * 900 + 4
    assert abs(places[shown.argmax()] - 7_654_321) <= 10_000_000 / 900 * 2


def test_zooming_in_gives_the_values_themselves() -> None:
    values = losses(1_000_000)
    places, shown = grown(values).view(500_000, 500_800, 900)
    assert places.tolist() == list(range(500_000, 500_800))
    assert np.array_equal(shown, values[500_000:500_800])


@given(
    count=st.integers(1, 40_000),
    cuts=st.lists(st.integers(0, 40_000), max_size=6),
    columns=st.integers(1, 900),
    data=st.data(),
)
def test_any_stretch_of_any_growth_keeps_its_extremes(
    count: int, cuts: list[int], columns: int, data: st.DataObject
) -> None:
    values = losses(count, seed=count)
    envelope = grown(values, *sorted(min(cut, count) for cut in cuts))
    first = data.draw(st.integers(0, count - 1))
    last = data.draw(st.integers(first + 1, count))
    places, shown = envelope.view(first, last, columns)
    stretch = values[first:last]
    assert shown.max() >= stretch.max()
    assert shown.min() <= stretch.min()
    assert np.all(np.diff(places) >= 0)
    assert len(shown) <= 2 * columns + 4
    if len(shown) == len(stretch):
        assert np.array_equal(shown, stretch)


def test_blocks_stay_where_they_are_while_the_curve_grows() -> None:
    values = losses(20_000)
    before = grown(values[:17_000]).view(0, 17_000, 100)
    after = grown(values).view(0, 20_000, 100)
    whole = 17_000 // 256 * 2
    assert np.array_equal(before[0][:whole], after[0][:whole])
    assert np.array_equal(before[1][:whole], after[1][:whole])


@pytest.mark.parametrize("window", [1, 9, 500])
def test_the_smooth_line_is_the_mean_of_the_steps_around(window: int) -> None:
    values = losses(5000)
    places, shown = grown(values, 100, 3000).smooth(0, 5000, 200, window)
    for place, mean in zip(places.astype(int), shown, strict=True):
        half = min(window // 2, place)
        assert mean == pytest.approx(values[place - half : place + half + 1].mean(), rel=1e-5)


def test_the_smooth_line_begins_at_the_first_value_and_ends_with_the_mean_of_the_last() -> None:
    values = losses(5000)
    _, shown = grown(values).smooth(0, 5000, 200, 300)
    assert shown[0] == pytest.approx(values[0])
    assert shown[-1] == pytest.approx(values[-151:].mean())


def test_a_value_that_is_no_number_hides_nothing_else() -> None:
    values = losses(4000)
    values[2000] = np.nan
    envelope = grown(values)
    _, shown = envelope.view(0, 4000, 100)
    assert np.isfinite(shown).all()
    assert np.isfinite(envelope.smooth(0, 4000, 100, 10)[1]).all()
    assert envelope.extremes(0, 4000) == (pytest.approx(np.nanmin(values)), pytest.approx(np.nanmax(values)))


def test_an_empty_curve_has_nothing_to_show() -> None:
    envelope = grown(np.empty(0, dtype=np.float32))
    assert len(envelope.view(0, 10, 100)[0]) == 0
    assert len(envelope.smooth(0, 10, 100, 5)[0]) == 0
    assert envelope.extremes(0, 10) is None
    assert envelope.value(0) is None

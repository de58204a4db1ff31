"""The data sets that are made are right, and the same each time."""

from __future__ import annotations

from datetime import date

import numpy as np
import torch

from netbuilder.data import made
from netbuilder.data.catalog import CHARACTERS, DATE_CHARACTERS, default_config
from netbuilder.data.dataset import load


def date_of(tokens: np.ndarray) -> str:
    return "".join(DATE_CHARACTERS[token] for token in tokens).rstrip()


def test_the_next_characters_of_a_text_are_those_that_follow() -> None:
    tokens = made.text()
    assert np.array_equal(tokens["text"][:, 1:], tokens["next"][:, :-1])
    whole = "".join(CHARACTERS[token] for token in tokens["text"].reshape(-1))
    assert "def __init__(self" in whole
    assert len(set(whole[:20_000])) > 50


def test_every_date_is_answered_as_machines_write_it() -> None:
    dates = made.dates()
    written = {date_of(row): date_of(answer) for row, answer in zip(dates["written"], dates["answer"], strict=True)}
    for text, answer in written.items():
        day = date.fromisoformat(answer)
        assert str(day.year) in text
        assert str(day.day) in text.split()
        assert f"{day:%B}"[:3] in text
    assert np.array_equal(dates["answer_before"][:, 1:], dates["answer"][:, :-1])
    assert (dates["answer_before"][:, 0] == len(DATE_CHARACTERS)).all()


def test_pairs_tell_whether_they_are_alike_and_what_they_add_up_to() -> None:
    images = np.arange(40, dtype=np.float32).reshape(40, 1, 1, 1)
    labels = np.arange(40, dtype=np.int64) % 10
    pairs = made.pairs({"image": images, "label": labels})
    left, right = (labels[pairs[side].reshape(-1).astype(int)] for side in ("left", "right"))
    assert np.array_equal(pairs["same"], left == right)
    assert np.array_equal(pairs["sum"], left + right)
    assert 0.5 <= pairs["same"].mean() <= 0.6


def test_the_mask_of_a_picture_covers_what_is_bright_and_holds_every_shape() -> None:
    shapes = made.shapes()
    inside = shapes["mask"] > 0
    assert shapes["image"][:, 0][inside].mean() > 0.5
    assert abs(shapes["image"][:, 0][~inside].mean()) < 0.01
    assert set(np.unique(shapes["mask"])) == {0, 1, 2, 3}
    assert 0.05 < inside.mean() < 0.5


def test_the_numbers_beside_a_digit_are_normal_and_the_digits_as_they_were() -> None:
    images = np.arange(5_000, dtype=np.float32).reshape(-1, 1, 1, 1)
    beside = made.beside_noise({"image": images, "label": np.zeros(5_000)})
    assert np.array_equal(beside["image"], images)
    assert beside["noise"].shape == (5_000, 16)
    assert beside["noise"].dtype == np.float32
    assert abs(beside["noise"].mean()) < 0.01
    assert abs(beside["noise"].std() - 1) < 0.01


def test_they_are_the_same_each_time() -> None:
    for name in ("digit_pairs", "digits_and_noise", "shapes", "python_text", "dates"):
        first, again = (load(default_config(name), torch.device("cpu")).split("train").fields for _ in range(2))
        assert all(torch.equal(first[field], again[field]) for field in first)

"""Data sets as they reach the training: real, split the same each time, normalised on what may be seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sklearn import datasets

from netbuilder.data import catalog, dataset
from netbuilder.data.config import PARTS, DataConfig, DataField, SplitConfig
from netbuilder.diagnostics import NetbuilderError

CPU = torch.device("cpu")


def load(name: str, **changes: Any) -> dataset.DataSet:
    return dataset.load(catalog.default_config(name).model_copy(update=changes), CPU)


@pytest.mark.parametrize("name", catalog.SOURCES)
def test_every_source_has_the_samples_and_fields_that_the_catalog_promises(name: str) -> None:
    source, data = catalog.SOURCES[name], load(name)
    assert sum(len(data.split(part)) for part in PARTS) == source.samples
    for part in PARTS:
        for field, declared in source.fields.items():
            tensor = data.split(part).fields[field]
            assert tensor.shape == (len(data.split(part)), *declared.shape)
            assert str(tensor.dtype) == f"torch.{declared.dtype}"
            assert bool(torch.isfinite(tensor).all())
            assert tensor.is_contiguous()
    assert data.classes == {field: list(each.classes) for field, each in source.fields.items() if each.classes}


@pytest.mark.parametrize("name", ["digits", "iris", "wine", "breast_cancer"])
def test_each_class_keeps_its_share_in_each_part(name: str) -> None:
    data = load(name)
    whole = torch.cat([data.split(part).fields["label"] for part in PARTS])
    for part, share in (("train", 0.7), ("validation", 0.15), ("test", 0.15)):
        labels = data.split(part).fields["label"]
        for label in whole.unique():
            assert abs(int((labels == label).sum()) - share * int((whole == label).sum())) <= 1


def test_the_parts_share_no_sample_and_leave_none_out() -> None:
    labels = np.arange(1797) % 10
    rows = dataset.deal(SplitConfig(stratify="label"), 1797, labels)
    assert sorted(np.concatenate(list(rows.values()))) == list(range(1797))


def test_the_seed_alone_decides_the_split() -> None:
    first, again = load("digits"), load("digits")
    other = load("digits", split=SplitConfig(seed=1, stratify="label"))
    for part in PARTS:
        assert torch.equal(first.split(part).fields["label"], again.split(part).fields["label"])
    assert not torch.equal(first.split("train").fields["label"], other.split("train").fields["label"])


def test_the_split_is_the_same_in_every_version() -> None:
    rows = dataset.deal(SplitConfig(), 20)
    assert rows["train"].tolist() == [19, 10, 8, 7, 14, 18, 5, 2, 17, 1, 4, 9, 13, 6]
    assert rows["validation"].tolist() == [3, 16, 11]
    assert rows["test"].tolist() == [15, 12, 0]


def test_samples_stand_in_mixed_order_so_that_the_first_ones_are_of_all_kinds() -> None:
    assert len(load("iris").split("validation").fields["label"][:16].unique()) == 3


def test_features_are_normalised_each_by_itself_and_by_the_training_part_alone() -> None:
    raw, data = load("wine", normalize={}), load("wine")
    train = raw.split("train").fields["features"]
    constants = data.preprocessing["features"]
    assert torch.tensor(constants["subtract"]) == pytest.approx(train.mean(0), rel=1e-5)
    assert torch.tensor(constants["divide"]) == pytest.approx(train.std(0, unbiased=False), rel=1e-4)
    for part in PARTS:
        values = raw.split(part).fields["features"]
        expected = (values - torch.tensor(constants["subtract"])) / torch.tensor(constants["divide"])
        assert torch.equal(data.split(part).fields["features"], expected)
    assert not torch.allclose(data.split("test").fields["features"].mean(0), torch.zeros(13), atol=1e-3)


def test_an_image_is_normalised_by_one_mean_and_one_deviation() -> None:
    data = load("digits")
    assert {key: len(values) for key, values in data.preprocessing["image"].items()} == {"subtract": 1, "divide": 1}
    image = data.split("train").fields["image"]
    assert float(image.mean()) == pytest.approx(0.0, abs=1e-5)
    assert float(image.std()) == pytest.approx(1.0, abs=1e-3)


def test_the_values_are_those_of_scikit_learn() -> None:
    data = load("digits", normalize={}, split=SplitConfig(stratify=None))
    rows = dataset.deal(SplitConfig(), 1797)
    digits: Any = datasets.load_digits()
    for part in PARTS:
        assert np.array_equal(data.split(part).fields["image"][:, 0].numpy(), digits.images[rows[part]])
        assert np.array_equal(data.split(part).fields["label"].numpy(), digits.target[rows[part]])


def test_a_feature_that_never_changes_stays_finite() -> None:
    constant = np.full((40, 2), 0.1, dtype=np.float32)
    constant[:, 1] = np.arange(40)
    constants = dataset._fit(constant)
    assert constants["divide"][0] == 1.0
    assert np.abs(dataset._standardize(constant, constants)[:, 0]).max() < 1e-6


def test_a_target_is_left_alone_unless_asked() -> None:
    target = torch.cat([load("diabetes").split(part).fields["target"] for part in PARTS])
    assert (float(target.min()), float(target.max())) == (25.0, 346.0)
    asked = load("diabetes", normalize={"target": "standard"})
    assert float(asked.split("train").fields["target"].mean()) == pytest.approx(0.0, abs=1e-5)
    assert set(asked.preprocessing) == {"target"}


def field(**changes: Any) -> DataField:
    return catalog.SOURCES["digits"].fields["label"].model_copy(update=changes)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"label": field(classes=tuple("01234"))}, "10 classes, and the project says 5"),
        ({"label": field(classes=tuple("abcdefghij"))}, "“0” as class 0, and the project says “a”"),
        ({"label": field(classes=())}, "10 classes, and the project says 0"),
        ({"label": field(shape=(1,))}, "shape a single number, and the project says 1"),
        ({"image": DataField(shape=(8, 8), dtype="float32")}, "shape 1 × 8 × 8, and the project says 8 × 8"),
        ({"label": DataField(shape=(), dtype="float32")}, "int64 values, and the project says float32"),
        ({"colour": DataField(shape=(), dtype="float32")}, "no field “colour”; it has image, label"),
        ({}, "no field"),
    ],
)
def test_fields_other_than_the_projects_are_refused(fields: dict[str, DataField], words: str) -> None:
    with pytest.raises(NetbuilderError, match=words):
        dataset.load(DataConfig(source="digits", fields=fields), CPU)


def test_a_label_beyond_the_classes_is_refused() -> None:
    with pytest.raises(NetbuilderError, match=r"label in “label” is 12, and the 10 classes are 0 to 9"):
        dataset._check_labels("label", field(), np.array([3, 12, 0]))
    with pytest.raises(NetbuilderError, match="is -1"):
        dataset._check_labels("label", field(), np.array([3, -1, 0]))


def test_an_unknown_source_and_an_unknown_part_are_refused() -> None:
    with pytest.raises(NetbuilderError, match="no data set “mnist”"):
        dataset.load(DataConfig(source="mnist", fields={}), CPU)
    with pytest.raises(NetbuilderError, match="no part “dev”"):
        load("iris").split("dev")


def test_a_part_that_would_be_empty_is_refused() -> None:
    shares = SplitConfig(train=0.998, validation=0.001, test=0.001)
    with pytest.raises(NetbuilderError, match=r"validation part would be empty: 0.001 of 150 samples"):
        load("iris", split=shares)

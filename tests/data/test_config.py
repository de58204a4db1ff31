"""The data section: what it may hold, and what is said where it holds something else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from netbuilder.data import catalog, config
from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.model import freeze


@pytest.mark.parametrize("name", catalog.SOURCES)
def test_a_default_section_survives_json_and_the_project(name: str) -> None:
    default = catalog.default_config(name)
    section = freeze(json.loads(json.dumps(default.section())))
    assert config.read(section) == default  # type: ignore[arg-type]


def digits(**changes: Any) -> dict[str, Any]:
    section = catalog.default_config("digits").section()
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = section
        for parent in parents:
            place = place[parent]
        place[last] = value
    return section


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({}, "no data"),
        ({"source": "digits"}, "fields"),
        (digits(colour="red"), "colour"),
        (digits(split__train=0.9), "add up to 1, and make 1.2"),
        (digits(split__train=1.5), "train"),
        (digits(split__validation=0.0), "validation"),
        (digits(split__test=-0.1), "test"),
        (digits(split__seed=-1), "seed"),
        (digits(split__seed="0"), "seed"),
        (digits(split__stratify="image"), "“image”"),
        (digits(split__stratify="colour"), "“colour”"),
        (digits(normalize={"colour": "standard"}), "“colour”"),
        (digits(normalize={"label": "standard"}), "whole numbers"),
        (digits(normalize={"image": "minmax"}), "standard"),
        (digits(fields__image__shape=[0, 8]), "shape"),
        (digits(fields__image__dtype="float16"), "dtype"),
        (digits(fields__image__classes=["a"]), "int64"),
    ],
)
def test_a_wrong_section_is_one_sentence_that_names_the_place(section: dict[str, Any], words: str) -> None:
    with pytest.raises(NetbuilderError) as caught:
        config.read(freeze(section))  # type: ignore[arg-type]
    message = str(caught.value)
    assert words in message
    assert "\n" not in message
    assert message.endswith(".")


def test_an_unknown_source_is_refused_by_name() -> None:
    with pytest.raises(NetbuilderError, match=r"no data set “mnist”; there are digits, iris"):
        catalog.default_config("mnist")

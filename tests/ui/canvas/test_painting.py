from __future__ import annotations

import pytest

from netbuilder.ui.canvas.painting import closer, text_width, title

_ROOM = 140


@pytest.mark.parametrize(
    ("name", "kind"),
    [("crossentropy", "CrossEntropy"), ("relu1", "ReLU"), ("conv2d_2", "Conv2d"), ("cross_entropy", "CrossEntropy")],
)
def test_a_type_that_says_what_the_name_says_is_left_out(qapp: object, name: str, kind: str) -> None:
    assert title(name, kind, _ROOM) == (name, "")


@pytest.mark.parametrize(("name", "kind"), [("conv1", "Conv2d"), ("loss", "CrossEntropy"), ("x", "Foo · unknown")])
def test_name_and_type_stand_side_by_side(qapp: object, name: str, kind: str) -> None:
    assert title(name, kind, _ROOM) == (name, kind)


def test_where_there_is_too_little_room_the_type_is_cut(qapp: object) -> None:
    name, kind = title("embedding", "TiedEmbedding", _ROOM)
    assert name == "embedding"
    assert kind.startswith("Tied")
    assert kind.endswith("…")
    assert text_width("name", name) + text_width("small", kind) < _ROOM
    assert title("encoder_attention", "MultiheadSelfAttention", _ROOM) == ("encoder_attention", "")


def test_a_long_name_alone_is_cut_to_the_room(qapp: object) -> None:
    name, kind = title("multiheadselfattention", "MultiheadSelfAttention", _ROOM)
    assert kind == ""
    assert text_width("name", name) <= _ROOM


@pytest.mark.parametrize(
    ("shape", "shown"), [("N × 64 × 568 × 568", "N × 64 × 568 × 568"), ("N × 1024 × 1080 × 1920", "N×1024×1080×1920")]
)
def test_a_shape_that_is_too_long_is_written_closer(qapp: object, shape: str, shown: str) -> None:
    assert closer(shape, _ROOM) == shown

"""Every way out that a block offers, taken in a drawn network: after it the block has nothing more to say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from netbuilder.compiler.lower import lower
from netbuilder.graph.model import NodeId
from tests.drawing import DIGITS, Drawing

Draw = Callable[[Drawing], NodeId]


def image(drawing: Drawing, *shape: int) -> NodeId:
    return drawing.put("Input", "input", shape=list(shape))


def flat(drawing: Drawing, features: int) -> NodeId:
    return drawing.put("Input", "features", shape=[features])


def branches(drawing: Drawing, type_id: str, *shapes: tuple[int, ...], **params: Any) -> NodeId:
    sources = [drawing.put("Input", f"input{i}", shape=list(shape)) for i, shape in enumerate(shapes)]
    return drawing.put(type_id, "block", *sources, **params)


def after_conv(drawing: Drawing, out_channels: int, type_id: str, **params: Any) -> NodeId:
    x = drawing.put("Conv2d", "conv", image(drawing, 3, 8, 8), out_channels=out_channels)
    return drawing.put(type_id, "block", drawing.put("ReLU", "relu", x), **params)


def skip(drawing: Drawing, type_id: str, **convolution: Any) -> NodeId:
    x = image(drawing, 4, 8, 8)
    return drawing.put(type_id, "block", x, drawing.put("Conv2d", "conv", x, **convolution))


def loss(drawing: Drawing, type_id: str, features: int) -> NodeId:
    x = drawing.put("Input", "image", field="image")
    label = drawing.put("Input", "label", field="label")
    x = drawing.put("Linear", "classes", drawing.put("Flatten", "flatten", x), out_features=features)
    return drawing.put(type_id, "block", drawing.put("Dropout", "dropout", x), label)


def rebuilt(drawing: Drawing, type_id: str) -> NodeId:
    x = drawing.put("Input", "image", field="image")
    flat = drawing.put("Linear", "decode", drawing.put("Flatten", "flatten", x), out_features=64)
    return drawing.put(type_id, "block", flat, x)


MISTAKES: dict[str, tuple[str, int, Draw]] = {
    "kernel larger than the image": (
        "kernel-too-large",
        1,
        lambda d: d.put("Conv2d", "block", image(d, 3, 4, 4), kernel_size=[7, 7], padding="valid"),
    ),
    "nothing left to pool": ("kernel-too-large", 1, lambda d: d.put("MaxPool2d", "block", image(d, 3, 1, 1))),
    "groups that do not divide": ("groups-mismatch", 1, lambda d: after_conv(d, 6, "Conv2d", groups=4)),
    "a stride with same padding": ("stride-with-same", 2, lambda d: after_conv(d, 6, "Conv2d", stride=[2, 2])),
    "padding beyond half a window": ("bad-parameter", 1, lambda d: after_conv(d, 6, "AvgPool2d", padding=[2, 2])),
    "dropout in a single layer": (
        "no-effect",
        2,
        lambda d: d.put("LSTM", "block", image(d, 8, 8), dropout=0.5),
    ),
    "heads that do not divide": (
        "heads-mismatch",
        1,
        lambda d: d.put("MultiheadSelfAttention", "block", image(d, 8, 30), num_heads=4),
    ),
    "heads of an encoder layer": (
        "heads-mismatch",
        1,
        lambda d: d.put("TransformerEncoderLayer", "block", image(d, 8, 30)),
    ),
    "a state of another size": (
        "state-mismatch",
        2,
        lambda d: d.put("GRU", "block", image(d, 8, 6), d.put("Linear", "state", flat(d, 5), out_features=7)),
    ),
    "keys of other features": (
        "shape-mismatch",
        1,
        lambda d: d.put(
            "ScaledDotProductAttention",
            "block",
            image(d, 8, 6),
            d.put("Linear", "keys", sequence := d.put("Input", "other", shape=[5, 4]), out_features=3),
            sequence,
        ),
    ),
    "groups of channels that do not divide": ("groups-mismatch", 1, lambda d: after_conv(d, 6, "GroupNorm")),
    "an odd number of features to gate": ("odd-features", 1, lambda d: after_conv(d, 5, "GLU", dim=1)),
    "an odd number of features to turn": (
        "odd-features",
        1,
        lambda d: d.put("RotaryEmbedding", "block", d.put("Linear", "queries", image(d, 8, 6), out_features=5)),
    ),
    "slopes for other channels": ("bad-parameter", 1, lambda d: after_conv(d, 6, "PReLU", num_parameters=4)),
    "channels that make no squares": ("channels-mismatch", 1, lambda d: after_conv(d, 6, "PixelShuffle")),
    "pixels that make no squares": (
        "size-mismatch",
        1,
        lambda d: after_conv(d, 6, "PixelUnshuffle", downscale_factor=3),
    ),
    "patches that leave some over": (
        "size-mismatch",
        1,
        lambda d: after_conv(d, 6, "PatchEmbedding", patch_size=[3, 3]),
    ),
    "an interpolation of other dimensions": ("bad-parameter", 1, lambda d: after_conv(d, 6, "Upsample", mode="linear")),
    "a size of other dimensions": ("bad-parameter", 2, lambda d: after_conv(d, 6, "Upsample", size=[5])),
    "a scale that leaves nothing": ("empty-output", 1, lambda d: after_conv(d, 6, "Upsample", scale_factor=0.05)),
    "bounds the wrong way round": ("bad-parameter", 1, lambda d: after_conv(d, 6, "Hardtanh", min_val=2.0)),
    "a shape of other size": ("reshape-mismatch", 1, lambda d: after_conv(d, 6, "Reshape", shape=[100])),
    "an order for fewer dimensions": ("bad-permutation", 1, lambda d: after_conv(d, 6, "Permute")),
    "other channels at Add": ("shape-mismatch", 2, lambda d: skip(d, "Add", out_channels=6)),
    "another size at Multiply": (
        "shape-mismatch",
        1,
        lambda d: skip(d, "Multiply", out_channels=4, stride=[2, 2], padding=[1, 1]),
    ),
    "other features at Add": ("shape-mismatch", 1, lambda d: branches(d, "Add", (10,), (12,))),
    "a gate without height and width": ("shape-mismatch", 1, lambda d: branches(d, "Multiply", (8, 4, 4), (8,))),
    "another size at Concat": ("shape-mismatch", 1, lambda d: branches(d, "Concat", (8, 4, 4), (8, 2, 2))),
    "the wrong dimension at Concat": ("shape-mismatch", 1, lambda d: branches(d, "Concat", (8, 4), (8, 6))),
    "an image beside features": ("shape-mismatch", 1, lambda d: branches(d, "Concat", (8,), (8, 6, 6))),
    "the batch at Concat": ("bad-parameter", 1, lambda d: branches(d, "Concat", (8,), (8,), dim=0)),
    "too many classes": ("label-mismatch", 1, lambda d: loss(d, "CrossEntropy", 12)),
    "too few classes": ("label-mismatch", 1, lambda d: loss(d, "Accuracy", 2)),
    "a flat reconstruction": ("shape-mismatch", 1, lambda d: rebuilt(d, "MSE")),
}


@pytest.mark.parametrize(("code", "ways", "draw"), MISTAKES.values(), ids=MISTAKES.keys())
def test_each_way_out_mends_the_mistake(code: str, ways: int, draw: Draw) -> None:
    drawing = Drawing(DIGITS)
    block = draw(drawing)
    (problem,) = [
        each for each in lower(drawing.project).diagnostics if each.node == block and each.severity == "error"
    ]
    assert problem.code == code
    assert problem.port or problem.parameter
    assert len(problem.fixes) == ways
    for fix in problem.fixes:
        mended = drawing.project.copy()
        fix.edit.apply(mended)
        left = [each for each in lower(mended).diagnostics if each.node == block and each.severity == "error"]
        assert not left, (fix.title, left)


def test_a_branch_behind_a_free_port_is_the_one_marked_and_mended() -> None:
    drawing = Drawing()
    a, b = (drawing.put("Input", name, shape=[size]) for name, size in (("a", 8), ("b", 5)))
    add = drawing.put("Add", "add", a)
    drawing.wire(b, add, "x3")
    drawing.put("Output", "out", add)
    (problem,) = lower(drawing.project).errors()
    assert problem.port == "x3"
    assert [fix.title for fix in problem.fixes] == ["Insert Linear"]
    problem.fixes[0].edit.apply(drawing.project)
    assert not lower(drawing.project).errors()


def test_of_a_pair_of_ports_the_free_one_is_said_to_be_free() -> None:
    drawing = Drawing()
    a = drawing.put("Input", "a", shape=[8])
    add = drawing.put("Add", "add")
    drawing.wire(a, add, "x2")
    drawing.put("Output", "out", add)
    (problem,) = lower(drawing.project).errors()
    assert (problem.code, problem.port) == ("unconnected-port", "x1")

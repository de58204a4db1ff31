"""What an export is proven with: inputs that are valid for the network."""

from __future__ import annotations

import numpy as np

from netbuilder.blocks.spec import BATCH, TensorSpec
from netbuilder.exchange.inputs import draw, example_sizes
from tests.drawing import Drawing, digits_cnn
from tests.exchange.networks import made


def test_token_numbers_stay_below_the_smallest_embedding_they_reach() -> None:
    drawing = Drawing()
    tokens = drawing.put("Input", "tokens", shape=[6], dtype="int64")
    turned = drawing.put("Reshape", "turned", tokens, shape=[2, 3])
    large = drawing.put("Embedding", "large", tokens, num_embeddings=100, embedding_dim=4)
    small = drawing.put("Embedding", "small", turned, num_embeddings=3, embedding_dim=4)
    drawing.put("Output", "a", large)
    drawing.put("Output", "b", small)
    program, _ = made(drawing)
    (drawn,) = draw(program, {"N": 50}, np.random.default_rng(0))
    assert drawn.dtype == np.int64
    assert set(drawn.flat) == {0, 1, 2}


def test_class_numbers_stay_below_the_number_of_classes() -> None:
    program, _ = made(digits_cnn())
    _, label = draw(program, {"N": 300}, np.random.default_rng(0))
    assert program.inputs[1].spec == TensorSpec((BATCH,), "int64", num_classes=10)
    assert set(label.flat) == set(range(10))


def test_the_example_batch_is_unlike_every_fixed_size() -> None:
    program, _ = made(digits_cnn())
    fixed = {dim for spec in program.specs().values() for dim in spec.shape if isinstance(dim, int)}
    size = example_sizes(program)["N"]
    assert size >= 2
    assert size not in fixed

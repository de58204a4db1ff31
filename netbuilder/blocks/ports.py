"""Ports that several blocks have."""

from __future__ import annotations

from netbuilder.blocks.spec import Port

SIGNALS = Port("x", help="Signals.", rank=3, layout="N × channels × length")
IMAGES = Port("x", help="Images.", rank=4, layout="N × channels × height × width")
VOLUMES = Port("x", help="Volumes.", rank=5, layout="N × channels × depth × height × width")
SEQUENCES = Port("x", help="Sequences.", rank=3, layout="N × time × features")
PADDING = Port(
    "key_padding_mask",
    help="True, or not 0, at steps that are padding, where nothing is to be looked for.",
    rank=2,
    layout="N × time",
    dtype="integer",
    optional=True,
)

PREDICTION = Port("prediction", help="What the network says; any shape.")
TRUE_NUMBERS = Port("target", help="What is true: numbers of the same shape.", dtype=None, truth="numbers")

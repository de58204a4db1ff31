"""Ports that several blocks have."""

from __future__ import annotations

from netbuilder.blocks.spec import Port

SIGNALS = Port("x", help="Signals: N × channels × length.", rank=3)
IMAGES = Port("x", help="Images: N × channels × height × width.", rank=4)
VOLUMES = Port("x", help="Volumes: N × channels × depth × height × width.", rank=5)
SEQUENCES = Port("x", help="Sequences: N × time × features.", rank=3)
PADDING = Port(
    "key_padding_mask",
    help="N × time: true, or not 0, at steps that are padding, where nothing is to be looked for.",
    rank=2,
    dtype="integer",
    optional=True,
)

PREDICTION = Port("prediction", help="What the network says; any shape.")
TRUE_NUMBERS = Port("target", help="What is true: numbers of the same shape.", dtype=None, truth="numbers")

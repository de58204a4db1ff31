"""Networks to export, drawn and made."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import fx

from netbuilder.compiler.build import build
from netbuilder.compiler.program import Program
from netbuilder.graph.model import PortRef
from tests.drawing import Drawing, digits_cnn, program_of


def made(drawing: Drawing) -> tuple[Program, fx.GraphModule]:
    """Return the program and a module that looks trained: no bias, mean or deviation is as it was made."""
    program = program_of(drawing.project)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(3)
        module = build(program)
        for name, tensor in module.state_dict().items():
            if tensor.is_floating_point():
                tensor.add_(torch.rand_like(tensor) * 0.1 + (0.5 if "running_var" in name else 0.0))
    return program, module


def batchnorm_and_dropout() -> Drawing:
    drawing = Drawing()
    image = drawing.put("Input", "image", shape=[3, 10, 10])
    conv = drawing.put("Conv2d", "conv1", image, out_channels=6)
    norm = drawing.put("BatchNorm2d", "norm", conv)
    relu = drawing.put("ReLU", "relu", norm)
    drop = drawing.put("Dropout", "drop", relu, p=0.5)
    flat = drawing.put("Flatten", "flat", drop)
    drawing.put("Output", "scores", drawing.put("Linear", "fc", flat, out_features=4))
    return drawing


def recurrent() -> Drawing:
    drawing = Drawing()
    rows = drawing.put("Input", "rows", shape=[8, 5])
    lstm = drawing.put("LSTM", "lstm", rows, hidden_size=7, num_layers=2, bidirectional=True, dropout=0.3)
    gru = drawing.put("GRU", "gru", PortRef(lstm, "sequence"), hidden_size=6)
    for name, value in {
        "sequence": PortRef(gru, "sequence"),
        "last": PortRef(gru, "last"),
        "hidden": PortRef(lstm, "hidden"),
        "cell": PortRef(lstm, "cell"),
    }.items():
        drawing.put("Output", name, value)
    return drawing


def attention(is_causal: bool) -> Drawing:
    drawing = Drawing()
    tokens = drawing.put("Input", "tokens", shape=[6], dtype="int64")
    embedding = drawing.put("Embedding", "embedding", tokens, num_embeddings=3, embedding_dim=16)
    position = drawing.put("LearnedPositionalEncoding", "position", embedding)
    mixed = drawing.put("MultiheadSelfAttention", "attention", position, is_causal=is_causal, dropout=0.2)
    norm = drawing.put("LayerNorm", "norm", drawing.put("Add", "skip", position, mixed))
    drawing.put("Output", "features", drawing.put("Linear", "fc", norm, out_features=5))
    return drawing


def several_inputs_and_outputs() -> Drawing:
    drawing = Drawing()
    left = drawing.put("Input", "left", shape=[4])
    right = drawing.put("Input", "right", shape=[6])
    joined = drawing.put("Concat", "joined", left, right)
    hidden = drawing.put("Linear", "hidden", joined, out_features=5)
    drawing.put("Output", "score", drawing.put("Sigmoid", "sigmoid", hidden))
    drawing.put("Output", "features", hidden)
    drawing.put("Output", "echo", right)
    return drawing


NETWORKS: dict[str, Callable[[], Drawing]] = {
    "digits CNN": digits_cnn,
    "batch normalisation and dropout": batchnorm_and_dropout,
    "LSTM and GRU": recurrent,
    "attention": lambda: attention(False),
    "causal attention": lambda: attention(True),
    "several inputs and outputs": several_inputs_and_outputs,
}

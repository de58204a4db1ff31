"""Networks to export, drawn and made."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import fx, nn

from netbuilder.compiler.build import build
from netbuilder.compiler.program import Program
from netbuilder.exchange.inputs import draw
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


def lively(program: Program) -> fx.GraphModule:
    """Return a network with random weights in which a signal neither dies nor explodes, however deep, in eval mode.

    With the weights that layers begin with, what a deep network says hardly depends on its input, and an export that
    lost half of its layers would seem equal. Here they are He's (2015), and batch normalisation has seen four samples.
    """
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(3)
        network = build(program)
        for weight in network.parameters():
            if weight.dim() > 1:
                nn.init.kaiming_normal_(weight)
        norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
        for norm in norms:
            norm.momentum = 1.0
        if norms:
            network.train()
            network(*map(torch.from_numpy, draw(program, {"N": 4}, np.random.default_rng(3))))
    return network.eval()


@torch.no_grad()
def variation(program: Program, network: fx.GraphModule) -> float:
    """Return how far the outputs for two samples are apart, at most: what depends on the input."""
    outputs = network(*map(torch.from_numpy, draw(program, {"N": 2}, np.random.default_rng(4))))
    return max(float((output[0] - output[1]).abs().max()) for output in outputs)


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

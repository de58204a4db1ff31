"""What is read from a declaration: the registry, search, and the parameters as a form needs them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from netbuilder.blocks.library.convolution import Conv2d
from netbuilder.blocks.library.normalization import BatchNorm2d
from netbuilder.blocks.library.pooling import MaxPool2d
from netbuilder.blocks.library.resampling import Upsample
from netbuilder.blocks.library.shape import Permute, Reshape
from netbuilder.blocks.parameters import Parameter, defaults, expectation, parameters, parse
from netbuilder.blocks.registry import CATEGORIES, blocks, by_category, get, search
from netbuilder.blocks.spec import Block, Free, Mismatch, TensorSpec

# fmt: off
ASKED_FOR = [
    "Input", "Output", "Linear", "Bilinear", "Conv1d", "Conv2d", "Conv3d", "DepthwiseConv2d", "SeparableConv2d",
    "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d", "MaxPool1d", "MaxPool2d", "MaxPool3d", "AvgPool1d",
    "AvgPool2d", "AvgPool3d", "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d", "AdaptiveMaxPool2d", "AdaptiveMaxPool3d", "GlobalAvgPool", "GlobalMaxPool", "Upsample",
    "PixelShuffle", "PixelUnshuffle", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "LayerNorm", "RMSNorm",
    "GroupNorm", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "LocalResponseNorm", "ReLU", "LeakyReLU",
    "PReLU", "RReLU", "ReLU6", "ELU", "CELU", "SELU", "GELU", "SiLU", "Mish", "Softplus", "Sigmoid",
    "LogSigmoid", "Tanh", "Softsign", "Tanhshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "Hardshrink",
    "Softshrink", "Threshold", "GLU", "SwiGLU", "Softmax", "LogSoftmax", "Softmin", "Softmax2d", "Dropout",
    "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "DropPath", "Noise", "RNN", "LSTM", "GRU",
    "PaddingMask", "ScaledDotProductAttention", "MultiheadSelfAttention", "MultiheadAttention",
    "TransformerEncoderLayer", "TransformerDecoderLayer", "Embedding", "TiedEmbedding", "Unembedding",
    "LearnedPositionalEncoding", "SinusoidalPositionalEncoding", "RotaryEmbedding", "PatchEmbedding",
    "ClassToken", "Split", "Slice", "Select", "Pad", "Crop", "Flatten", "Reshape", "Permute", "Unflatten",
    "Squeeze", "Unsqueeze", "Subtract", "Divide", "MatMul", "Where", "Expression", "Add", "Multiply", "Concat",
    "Stack", "Mean", "Sum", "Max", "ArgMax", "Constant", "Parameter", "Cast", "Identity", "CrossEntropy", "NLL",
    "BCE", "BCEWithLogits", "Hinge", "MultiMargin", "Focal", "Dice", "CTC", "MSE", "L1", "SmoothL1", "Huber",
    "PoissonNLL", "KLDiv", "GaussianKL", "Cosine", "Contrastive", "TripletMargin", "Accuracy", "Precision",
    "Recall", "F1Score", "MeanIoU", "AUROC", "Perplexity", "MeanAbsoluteError", "RootMeanSquaredError",
    "R2Score",
]
# fmt: on


def parameter(block: type[Block], name: str) -> Parameter:
    return next(each for each in parameters(block) if each.name == name)


def test_every_block_that_was_asked_for_is_there() -> None:
    assert set(ASKED_FOR) <= set(blocks())


def test_no_base_that_blocks_share_is_taken_for_a_block() -> None:
    assert all(not name.startswith("_") for name in blocks())


def test_a_layout_names_as_many_dimensions_as_the_port_takes() -> None:
    fixed = [port for block in blocks().values() for port in block.inputs if port.layout and isinstance(port.rank, int)]
    assert fixed
    assert all(len(port.layout.split(" × ")) == port.rank for port in fixed)


def test_categories_are_in_palette_order_and_all_in_use() -> None:
    assert tuple(by_category()) == CATEGORIES
    assert [block for group in by_category().values() for block in group] == list(blocks().values())


def test_losses_and_metrics_know_their_role() -> None:
    roles = {category: {block.role for block in group} for category, group in by_category().items()}
    assert roles["Loss"] == {"loss"}
    assert roles["Metric"] == {"metric"}
    assert roles["Convolution"] == {"layer"}


def test_an_unknown_block_is_none() -> None:
    assert get("FancyLayer") is None
    assert get("_Elementwise") is None


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("dense", "Linear"),
        ("fc", "Linear"),
        ("conv2", "Conv2d"),
        ("CONV 2D", "Conv2d"),
        ("swish", "SiLU"),
        ("mp2", "MaxPool2d"),
        ("skip", "Add"),
        ("mae", "MeanAbsoluteError"),
        ("self attention", "MultiheadSelfAttention"),
        ("cross attention", "MultiheadAttention"),
        ("stochastic depth", "DropPath"),
        ("rope", "RotaryEmbedding"),
        ("cls", "ClassToken"),
        ("super-resolution", "PixelShuffle"),
        ("gap", "GlobalAvgPool"),
        ("transformer", "TransformerEncoderLayer"),
        ("attention", "MultiheadAttention"),
        ("residual", "Add"),
        ("norm", "BatchNorm2d"),
    ],
)
def test_search_finds_what_people_type(query: str, first: str) -> None:
    assert first in [block.__name__ for block in search(query)[:2]]


@pytest.mark.parametrize("category", ["Loss", "Metric", "Pooling", "Recurrent"])
def test_search_finds_all_of_a_category(category: str) -> None:
    assert set(by_category()[category]) <= set(search(category.lower()))


def test_search_finds_nothing_for_nonsense() -> None:
    assert search("qqzzx") == []


def test_a_form_knows_words_and_numbers_of_a_padding() -> None:
    padding = parameter(Conv2d, "padding")
    assert (padding.kind, padding.choices, padding.length) == ("sizes", ("same", "valid"), 2)
    assert (padding.minimum, padding.maximum, padding.default) == (0, 65_536, "same")
    assert expectation(padding) == "“same” or “valid” or 2 whole numbers from 0 to 65,536"


def test_a_form_knows_lists_of_any_length() -> None:
    dims = parameter(Permute, "dims")
    assert (dims.kind, dims.length, dims.fewest, dims.most) == ("sizes", None, 1, 8)
    assert expectation(dims) == "1 to 8 whole numbers from -8 to 7"
    assert expectation(parameter(Reshape, "shape")) == "up to 7 whole numbers of at least -1"
    assert parameter(MaxPool2d, "stride").choices == ("kernel_size",)


def test_a_list_that_is_too_long_is_told_how_long_it_may_be() -> None:
    _, (problem,) = parse(Upsample, {"size": [2, 4, 1, 1]})
    assert problem.message == (
        "size has to be “scale_factor” or 1 to 3 whole numbers from 1 to 65,536, not [2, 4, 1, 1]."
    )


def test_bounds_of_numbers_are_read() -> None:
    eps = parameter(BatchNorm2d, "eps")
    assert (eps.kind, eps.minimum, eps.maximum, eps.default) == ("float", 1e-12, 1.0, 1e-5)


def test_every_wrong_parameter_is_told_at_once() -> None:
    block, problems = parse(Conv2d, {"out_channels": 0, "padding": "round", "colour": "red", "bias": True})
    assert block is None
    assert {problem.parameter: problem.code for problem in problems} == {
        "out_channels": "bad-parameter",
        "padding": "bad-parameter",
        "colour": "unknown-parameter",
    }
    messages = {problem.parameter: problem.message for problem in problems}
    assert messages["out_channels"] == "out_channels has to be a whole number of at least 1, not 0."


def test_defaults_are_json_values() -> None:
    assert defaults(Conv2d)["kernel_size"] == [3, 3]
    assert defaults(MaxPool2d)["stride"] == "kernel_size"


def test_a_spec_gives_fixed_sizes_and_refuses_free_ones() -> None:
    spec = TensorSpec((Free("N"), 3, Free("N", 4)))
    assert spec.size(-2) == 3
    assert spec.axis(-1) == 2
    with pytest.raises(Mismatch, match=r"dimension 3"):
        spec.size(3)
    with pytest.raises(Mismatch, match=r"is N\*4"):
        spec.size(2)


def test_declarations_need_neither_torch_nor_qt() -> None:
    program = (
        "import sys; sys.modules['torch'] = sys.modules['PySide6'] = None\n"
        "from netbuilder.blocks.registry import blocks; from netbuilder.blocks.spec import TensorSpec, BATCH\n"
        "print(blocks()['Conv2d']().lower(TensorSpec((BATCH, 1, 8, 8))).target)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "torch.nn.Conv2d"

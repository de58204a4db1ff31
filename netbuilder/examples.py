"""The projects that come with the program: the start page's gallery and `netbuilder examples`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from netbuilder import assets
from netbuilder.diagnostics import NetbuilderError

Kind = Literal["task", "architecture"]


@dataclass(frozen=True, slots=True)
class Example:
    """A project in the examples' folder.

    A `task` is ready to train, an `architecture` is the network of a paper, to look into.
    """

    name: str
    title: str
    description: str
    kind: Kind = "task"

    @property
    def path(self) -> Path:
        """The project file."""
        return assets.examples() / f"{self.name}.netb"


_EXAMPLES = (
    Example("digits_cnn", "Digits, convolutional", "Reads handwritten digits with two convolutions."),
    Example("iris_mlp", "Iris flowers", "Tells three kinds of iris apart by four measurements."),
    Example("wine_mlp", "Wine cultivars", "Finds the grape behind a wine from its chemistry."),
    Example("breast_cancer_mlp", "Breast cancer", "Tells malignant from benign tumours by cell measurements."),
    Example("diabetes_regression", "Diabetes progression", "Predicts a number: how far the disease goes in a year."),
    Example("digits_autoencoder", "Digits, autoencoder", "Squeezes an image through a few numbers and draws it again."),
    Example("digits_denoising", "Digits, denoising", "Learns to draw a clean digit from a noisy one."),
    Example(
        "digits_vae", "Digits, variational", "Gives each digit a place in a cloud from which new ones can be drawn."
    ),
    Example("digits_resnet", "Digits, residual", "Reads digits through residual blocks, drawn once and repeated."),
    Example("digits_inception", "Digits, inception", "Looks at a digit through windows of several sizes at once."),
    Example(
        "digits_rnn", "Digits, plain recurrence", "Reads an image as a sequence of rows with the simplest recurrence."
    ),
    Example("digits_gru", "Digits, gated recurrence", "Reads the rows with a GRU, which learns what to forget."),
    Example("digits_bilstm", "Digits, both ways", "Reads the rows from the top and from the bottom."),
    Example("digits_lstm", "Digits, row by row", "Reads an image as a sequence of rows with an LSTM."),
    Example("digits_transformer", "Digits, attention", "Lets the rows of an image look at one another."),
    Example("digits_siamese", "Are both the same?", "Compares two digits with one encoder, used twice."),
    Example("digits_sum", "Adding digits", "Takes two images and tells what they add up to."),
    Example("digits_two_tasks", "Two tasks at once", "Adds two digits and compares them, with one network for both."),
    Example("shapes_unet", "Shapes, pixel by pixel", "Says of each pixel what it belongs to, with a small U-Net."),
    Example("python_gpt", "Python, letter by letter", "Learns to write Python from the standard library's own source."),
    Example("dates_seq2seq", "Dates, translated", "Reads a date as people write it, and writes it as machines do."),
    Example("lenet5", "LeNet-5", "LeCun 1998: convolutions that read digits on cheques.", "architecture"),
    Example("alexnet", "AlexNet", "Krizhevsky 2014: eight layers, as torchvision has them.", "architecture"),
    Example("vgg16", "VGG-16", "Simonyan 2014: small kernels only, sixteen layers deep.", "architecture"),
    Example("googlenet", "GoogLeNet", "Szegedy 2014: kernels of several sizes side by side.", "architecture"),
    Example("digits_gan", "GAN", "Goodfellow 2014: a forger and a judge, who teach each other.", "architecture"),
    Example("resnet18", "ResNet-18", "He 2015: each block learns what to add to its input.", "architecture"),
    Example("resnet50", "ResNet-50", "He 2015: residual blocks with a bottleneck, 50 layers.", "architecture"),
    Example("unet", "U-Net", "Ronneberger 2015: down for what, up for where, with bridges.", "architecture"),
    Example("densenet121", "DenseNet-121", "Huang 2016: every layer sees all that came before it.", "architecture"),
    Example(
        "mobilenet_v2", "MobileNetV2", "Sandler 2018: inverted residuals, small enough for a phone.", "architecture"
    ),
    Example("efficientnet_b0", "EfficientNet-B0", "Tan 2019: MBConv blocks that weigh their channels.", "architecture"),
    Example("bert_base", "BERT-base", "Devlin 2018: twelve layers that read in both directions.", "architecture"),
    Example("gpt2_small", "GPT-2 small", "Radford 2019: twelve blocks that write on, word by word.", "architecture"),
    Example("vit_b16", "ViT-B/16", "Dosovitskiy 2020: an image as a sequence of patches.", "architecture"),
)


def examples(kind: Kind | None = None) -> tuple[Example, ...]:
    """Return all examples, or those of one kind, the best one to begin with first."""
    return tuple(example for example in _EXAMPLES if kind in (None, example.kind))


def find(name: str) -> Example:
    """Return the example of this name; `NetbuilderError` names those that there are."""
    for example in _EXAMPLES:
        if example.name == name:
            return example
    raise NetbuilderError(f"There is no example “{name}”; there are {', '.join(each.name for each in _EXAMPLES)}.")

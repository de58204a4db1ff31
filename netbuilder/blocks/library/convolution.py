"""Convolutions: learned kernels that slide over a signal or an image."""

from __future__ import annotations

from netbuilder.blocks.ports import IMAGES
from netbuilder.blocks.spec import (
    AutoPadding1d,
    AutoPadding2d,
    Block,
    Call,
    Count,
    Mismatch,
    Padding2d,
    Port,
    SetOwn,
    Size1d,
    Size2d,
    TensorSpec,
    module,
    param,
)
from netbuilder.blocks.windows import require_fit, times

_PADDING_HELP = "“same” keeps the size at stride 1, “valid” adds nothing, a number adds so many zeros on each side."


class Conv1d(Block):
    """Slide learned kernels along a signal, one output channel per kernel.

    yₒ[l] = bₒ + Σ꜀ Σₖ wₒ꜀[k] · x꜀[l·stride + k·dilation − padding]. Input `N × C × L`, output `N × out_channels × L′`
    with L′ = ⌊(L + 2·padding − dilation·(kernel_size − 1) − 1) / stride⌋ + 1. For what repeats along one dimension:
    audio, sensor readings, text as characters. A sequence `N × T × F` has its channels last: Permute it first.
    Source: `torch.nn.Conv1d`.
    """

    category = "Convolution"
    aliases = ("conv", "temporal convolution", "cnn", "1d", "signal", "tcn")
    inputs = (Port("x", help="Signals: N × channels × length.", rank=3),)
    features_from = "out_channels"

    out_channels: Count = param(32, help="Kernels learned, each of which makes one output channel.")
    kernel_size: Size1d = param((3,), help="How many neighbouring steps a kernel sees.")
    stride: Size1d = param((1,), help="Steps by which the kernel moves; 2 halves the length.")
    padding: AutoPadding1d = param("same", help=_PADDING_HELP)
    dilation: Size1d = param((1,), help="Distance between the steps that a kernel sees.")
    groups: Count = param(1, help="Parts into which the channels are split; each part sees only its own.")
    bias: bool = param(True, help="Add a learned constant to each output channel.")

    def lower(self, x: TensorSpec) -> Call:
        _require_groups(x, self.out_channels, self.groups)
        _require_padding(x, self.kernel_size, self.stride, self.padding, self.dilation)
        return module("torch.nn.Conv1d", in_channels=x.size(1), **self.model_dump())

    def summary(self) -> str:
        return _summary(self.out_channels, self.kernel_size, self.stride, self.padding)


class Conv2d(Block):
    """Slide learned kernels over an image, one output channel per kernel.

    yₒ[i, j] = bₒ + Σ꜀ Σₐ Σᵦ wₒ꜀[a, b] · x꜀[i·stride + a, j·stride + b], over the padded image. Input `N × C × H × W`, output
    `N × out_channels × H′ × W′` with H′ = ⌊(H + 2·padding − dilation·(kernel_size − 1) − 1) / stride⌋ + 1. The same
    kernel is used everywhere, so it finds its pattern wherever it is, with few weights: the base of image networks.
    Source: `torch.nn.Conv2d`; LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998.
    """

    category = "Convolution"
    aliases = ("conv", "convolution", "cnn", "image", "depthwise", "pointwise")
    inputs = (IMAGES,)
    features_from = "out_channels"

    out_channels: Count = param(32, help="Kernels learned, each of which makes one output channel.")
    kernel_size: Size2d = param((3, 3), help="Height and width that a kernel sees.")
    stride: Size2d = param((1, 1), help="Pixels by which the kernel moves; 2 halves height and width.")
    padding: AutoPadding2d = param("same", help=_PADDING_HELP)
    dilation: Size2d = param((1, 1), help="Distance between the pixels that a kernel sees.")
    groups: Count = param(1, help="Parts into which the channels are split; as many as channels is depthwise.")
    bias: bool = param(True, help="Add a learned constant to each output channel; not needed before BatchNorm2d.")

    def lower(self, x: TensorSpec) -> Call:
        _require_groups(x, self.out_channels, self.groups)
        _require_padding(x, self.kernel_size, self.stride, self.padding, self.dilation)
        return module("torch.nn.Conv2d", in_channels=x.size(1), **self.model_dump())

    def summary(self) -> str:
        return _summary(self.out_channels, self.kernel_size, self.stride, self.padding)


class ConvTranspose2d(Block):
    """Paint learned kernels into a larger image: a convolution run backwards.

    Each input pixel adds its kernel, scaled by the pixel, to the output. Input `N × C × H × W`, output
    `N × out_channels × H′ × W′` with H′ = (H − 1)·stride − 2·padding + dilation·(kernel_size − 1) + output_padding + 1.
    Kernel 2 with stride 2 doubles an image exactly. For the decoder of an autoencoder, segmentation, generators; a kernel
    that the stride does not divide leaves a checkerboard.
    Source: `torch.nn.ConvTranspose2d`; Zeiler et al., Deconvolutional Networks, 2010.
    """

    category = "Convolution"
    aliases = ("deconvolution", "transposed convolution", "upsample", "upconv", "decoder")
    inputs = (IMAGES,)
    features_from = "out_channels"

    out_channels: Count = param(32, help="Channels of the output.")
    kernel_size: Size2d = param((3, 3), help="Height and width of the patch that each pixel paints.")
    stride: Size2d = param((1, 1), help="By how much the image grows; 2 doubles height and width.")
    padding: Padding2d = param((0, 0), help="Pixels cut off each side of the output.")
    output_padding: Padding2d = param((0, 0), help="Pixels added at the bottom and right, to reach a certain size.")
    groups: Count = param(1, help="Parts into which the channels are split; each part sees only its own.")
    bias: bool = param(True, help="Add a learned constant to each output channel.")
    dilation: Size2d = param((1, 1), help="Distance between the pixels that a kernel paints.")

    def lower(self, x: TensorSpec) -> Call:
        _require_groups(x, self.out_channels, self.groups)
        for extra, stride, dilation in zip(self.output_padding, self.stride, self.dilation, strict=True):
            if extra >= max(stride, dilation):
                raise Mismatch(
                    f"output_padding is {times(self.output_padding)}: it has to be smaller than the stride "
                    f"({times(self.stride)}) or the dilation ({times(self.dilation)}).",
                    parameter="output_padding",
                    code="bad-parameter",
                    suggestions=(SetOwn("output_padding", (0, 0)),),
                )
        for axis, size in enumerate(x.shape[2:]):
            grown = self.dilation[axis] * (self.kernel_size[axis] - 1) + self.output_padding[axis] + 1
            if isinstance(size, int) and (size - 1) * self.stride[axis] + grown <= 2 * self.padding[axis]:
                raise Mismatch(
                    f"Nothing is left of the input {x}: padding {times(self.padding)} cuts all of it off. Pad less.",
                    parameter="padding",
                    code="empty-output",
                    suggestions=(SetOwn("padding", (0, 0)),),
                )
        return module("torch.nn.ConvTranspose2d", in_channels=x.size(1), **self.model_dump())

    def summary(self) -> str:
        return _summary(self.out_channels, self.kernel_size, self.stride, self.padding)


def _require_groups(x: TensorSpec, out_channels: int, groups: int) -> None:
    for channels, what in ((x.size(1), f"channels of the input {x}"), (out_channels, "out_channels")):
        if channels % groups:
            raise Mismatch(
                f"groups is {groups}, and the {channels} {what} can't be split into {groups} equal parts.",
                parameter="groups",
                code="groups-mismatch",
                suggestions=(SetOwn("groups", 1),),
            )


def _require_padding(
    x: TensorSpec,
    kernel_size: tuple[int, ...],
    stride: tuple[int, ...],
    padding: str | tuple[int, ...],
    dilation: tuple[int, ...],
) -> None:
    if padding == "same":
        if any(step > 1 for step in stride):
            halves = tuple(step * (kernel - 1) // 2 for kernel, step in zip(kernel_size, dilation, strict=True))
            raise Mismatch(
                f"padding “same” keeps the size, and stride {times(stride)} changes it: give the padding as a number.",
                parameter="padding",
                code="stride-with-same",
                suggestions=(SetOwn("padding", halves), SetOwn("stride", (1,) * len(stride))),
            )
        return
    require_fit(x, kernel_size, (0,) * len(kernel_size) if isinstance(padding, str) else padding, dilation)


def _summary(
    out_channels: int, kernel_size: tuple[int, ...], stride: tuple[int, ...], padding: str | tuple[int, ...]
) -> str:
    parts = [str(out_channels), times(kernel_size)]
    if any(step > 1 for step in stride):
        parts.append(f"stride {times(stride, short=True)}")
    if isinstance(padding, str):
        parts.append(padding)
    elif any(padding):
        parts.append(f"pad {times(padding, short=True)}")
    return " · ".join(parts)

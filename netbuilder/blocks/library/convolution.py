"""Convolutions: learned kernels that slide over a signal, an image or a volume."""

from __future__ import annotations

from typing import Generic

from netbuilder.blocks.ports import IMAGES, SIGNALS, VOLUMES
from netbuilder.blocks.spec import (
    AutoPadding1d,
    AutoPadding2d,
    AutoPadding3d,
    Block,
    Call,
    Count,
    Mismatch,
    Padding1d,
    Padding2d,
    Padding3d,
    SetOwn,
    Size1d,
    Size2d,
    Size3d,
    TensorSpec,
    module,
    param,
)
from netbuilder.blocks.windows import AutoPaddingT, PaddingT, SizeT, require_fit, times

_PADDING_HELP = "“same” keeps the size at stride 1, “valid” adds nothing, a number adds so many zeros on each side."


class _Convolution(Block, Generic[SizeT, AutoPaddingT]):
    """What a convolution is, in any number of dimensions."""

    category = "Convolution"
    features_from = "out_channels"
    has_weights = True

    out_channels: Count = param(32, help="Kernels learned, each of which makes one output channel.")
    kernel_size: SizeT = param(3, help="How much a kernel sees along each dimension.")
    stride: SizeT = param(1, help="By how much the kernel moves; 2 halves the size.")
    padding: AutoPaddingT = param("same", help=_PADDING_HELP)
    dilation: SizeT = param(1, help="Distance between the elements that a kernel sees.")
    groups: Count = param(1, help="Parts into which the channels are split; as many as channels is depthwise.")
    bias: bool = param(True, help="Add a learned constant to each output channel; not needed before BatchNorm.")

    def lower(self, x: TensorSpec) -> Call:
        _require_groups(x, self.out_channels, self.groups)
        _require_padding(x, self.kernel_size, self.stride, self.padding, self.dilation)
        return module(f"torch.nn.{type(self).__name__}", in_channels=x.size(1), **self.model_dump())

    def summary(self) -> str:
        return _summary(self.out_channels, self.kernel_size, self.stride, self.padding)


class Conv1d(_Convolution[Size1d, AutoPadding1d]):
    """Slide learned kernels along a signal, one output channel per kernel.

    y[o, l] = bias[o] + Σ w[o, c, k] · x[c, l·stride + k·dilation − padding], summed over c and k. Input `N × C × L`,
    output `N × out_channels × L′`. With padding “same” L′ = L, by dilation·(kernel_size − 1) zeros in all; else
    L′ = ⌊(L + 2·padding − dilation·(kernel_size − 1) − 1) / stride⌋ + 1, where “valid” is a padding of 0. For what
    repeats along one dimension: audio, sensor readings, text as characters. A sequence `N × T × F` has its channels
    last: Permute it first.
    Source: `torch.nn.Conv1d`.
    """

    aliases = ("conv", "temporal convolution", "cnn", "1d", "signal", "tcn")
    inputs = (SIGNALS,)


class Conv2d(_Convolution[Size2d, AutoPadding2d]):
    """Slide learned kernels over an image, one output channel per kernel.

    y[o, i, j] = bias[o] + Σ w[o, c, a, b] · x[c, i·stride + a·dilation, j·stride + b·dilation], summed over c, a and b
    in the padded image. Input `N × C × H × W`, output `N × out_channels × H′ × W′`. With padding “same” H′ = H, by
    dilation·(kernel_size − 1) zeros in all; else H′ = ⌊(H + 2·padding − dilation·(kernel_size − 1) − 1) / stride⌋ + 1,
    where “valid” is a padding of 0; W′ likewise. The same kernel is used everywhere, so it finds its pattern wherever
    it is, with few weights: the base of image networks.
    Source: `torch.nn.Conv2d`; LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998.
    """

    aliases = ("conv", "convolution", "cnn", "image", "depthwise", "pointwise")
    inputs = (IMAGES,)


class Conv3d(_Convolution[Size3d, AutoPadding3d]):
    """Slide learned kernels through a volume, one output channel per kernel.

    As Conv2d, with a third dimension. Input `N × C × D × H × W`, output `N × out_channels × D′ × H′ × W′`. With padding
    “same” D′ = D; else D′ = ⌊(D + 2·padding − dilation·(kernel_size − 1) − 1) / stride⌋ + 1, where “valid” is a padding
    of 0. For medical scans, and for video with time as the depth. A kernel of 3 has 27 weights for each pair of
    channels, so these networks are costly.
    Source: `torch.nn.Conv3d`; Tran et al., Learning Spatiotemporal Features with 3D Convolutional Networks, 2014.
    """

    aliases = ("conv", "convolution", "cnn", "3d", "video", "volume", "scan")
    inputs = (VOLUMES,)


class DepthwiseConv2d(Block):
    """Slide kernels over each channel by itself.

    Conv2d with groups = C: each channel of the output comes of one channel of the input alone. Input `N × C × H × W`,
    output `N × C·depth_multiplier × H′ × W′`, sizes as there. C times cheaper than Conv2d, as nothing is mixed between
    channels; a 1×1 convolution after it does that. In MobileNet, EfficientNet and ConvNeXt.
    Source: `torch.nn.Conv2d` with groups; Howard et al., MobileNets, 2017.
    """

    category = "Convolution"
    aliases = ("depthwise convolution", "channelwise", "mobilenet", "groups", "conv")
    inputs = (IMAGES,)
    has_weights = True

    kernel_size: Size2d = param(3, help="Height and width that a kernel sees.")
    stride: Size2d = param(1, help="Pixels by which the kernel moves; 2 halves height and width.")
    padding: AutoPadding2d = param("same", help=_PADDING_HELP)
    dilation: Size2d = param(1, help="Distance between the pixels that a kernel sees.")
    depth_multiplier: Count = param(1, help="Output channels made of each input channel.")
    bias: bool = param(True, help="Add a learned constant to each output channel; not needed before BatchNorm2d.")

    def lower(self, x: TensorSpec) -> Call:
        _require_padding(x, self.kernel_size, self.stride, self.padding, self.dilation)
        channels = x.size(1)
        return module(
            "torch.nn.Conv2d",
            in_channels=channels,
            out_channels=channels * self.depth_multiplier,
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=channels,
            bias=self.bias,
        )

    def summary(self) -> str:
        return _summary(None, self.kernel_size, self.stride, self.padding)


class SeparableConv2d(Block):
    """Convolve each channel by itself, then mix the channels pixel by pixel.

    A DepthwiseConv2d without bias and a Conv2d with a 1×1 kernel. Input `N × C × H × W`, output
    `N × out_channels × H′ × W′`, sizes as for Conv2d. k²·C + C·out_channels weights in place of k²·C·out_channels:
    about k² times cheaper than Conv2d, and nearly as good. In Xception and MobileNet.
    Source: Chollet, Xception: Deep Learning with Depthwise Separable Convolutions, 2016.
    """

    category = "Convolution"
    aliases = ("depthwise separable convolution", "pointwise", "xception", "mobilenet", "conv")
    inputs = (IMAGES,)
    features_from = "out_channels"
    has_weights = True

    out_channels: Count = param(32, help="Channels of the output.")
    kernel_size: Size2d = param(3, help="Height and width that a kernel sees.")
    stride: Size2d = param(1, help="Pixels by which the kernel moves; 2 halves height and width.")
    padding: AutoPadding2d = param("same", help=_PADDING_HELP)
    dilation: Size2d = param(1, help="Distance between the pixels that a kernel sees.")
    bias: bool = param(True, help="Add a learned constant to each output channel; not needed before BatchNorm2d.")

    def lower(self, x: TensorSpec) -> Call:
        _require_padding(x, self.kernel_size, self.stride, self.padding, self.dilation)
        return module("netbuilder.nn.SeparableConv2d", in_channels=x.size(1), **self.model_dump())

    def summary(self) -> str:
        return _summary(self.out_channels, self.kernel_size, self.stride, self.padding)


class _TransposedConvolution(Block, Generic[SizeT, PaddingT]):
    """What a convolution run backwards is, in any number of dimensions."""

    category = "Convolution"
    features_from = "out_channels"
    has_weights = True

    out_channels: Count = param(32, help="Channels of the output.")
    kernel_size: SizeT = param(3, help="Size of the patch that each element paints.")
    stride: SizeT = param(1, help="By how much the input grows; 2 doubles its size.")
    padding: PaddingT = param(0, help="How much is cut off each side of the output.")
    output_padding: PaddingT = param(0, help="How much is added at the far end, to reach a certain size.")
    groups: Count = param(1, help="Parts into which the channels are split; each part sees only its own.")
    bias: bool = param(True, help="Add a learned constant to each output channel.")
    dilation: SizeT = param(1, help="Distance between the elements that a kernel paints.")

    def lower(self, x: TensorSpec) -> Call:
        _require_groups(x, self.out_channels, self.groups)
        for extra, stride, dilation in zip(self.output_padding, self.stride, self.dilation, strict=True):
            if extra >= max(stride, dilation):
                raise Mismatch(
                    f"output_padding is {times(self.output_padding)}: it has to be smaller than the stride "
                    f"({times(self.stride)}) or the dilation ({times(self.dilation)}).",
                    parameter="output_padding",
                    code="bad-parameter",
                    suggestions=(SetOwn("output_padding", (0,) * len(self.output_padding)),),
                )
        for axis, size in enumerate(x.shape[2:]):
            grown = self.dilation[axis] * (self.kernel_size[axis] - 1) + self.output_padding[axis] + 1
            if isinstance(size, int) and (size - 1) * self.stride[axis] + grown <= 2 * self.padding[axis]:
                raise Mismatch(
                    f"Nothing is left of the input {x}: padding {times(self.padding)} cuts all of it off. Pad less.",
                    parameter="padding",
                    code="empty-output",
                    suggestions=(SetOwn("padding", (0,) * len(self.padding)),),
                )
        return module(f"torch.nn.{type(self).__name__}", in_channels=x.size(1), **self.model_dump())

    def summary(self) -> str:
        return _summary(self.out_channels, self.kernel_size, self.stride, self.padding)


class ConvTranspose1d(_TransposedConvolution[Size1d, Padding1d]):
    """Paint learned kernels into a longer signal: a convolution run backwards.

    Each step adds its kernel, scaled by the step, to the output. Input `N × C × L`, output `N × out_channels × L′` with
    L′ = (L − 1)·stride − 2·padding + dilation·(kernel_size − 1) + output_padding + 1. For the decoder of sound:
    WaveGAN, vocoders, autoencoders of signals.
    Source: `torch.nn.ConvTranspose1d`.
    """

    aliases = ("deconvolution", "transposed convolution", "upsample", "upconv", "decoder", "1d")
    inputs = (SIGNALS,)


class ConvTranspose2d(_TransposedConvolution[Size2d, Padding2d]):
    """Paint learned kernels into a larger image: a convolution run backwards.

    Each input pixel adds its kernel, scaled by the pixel, to the output. Input `N × C × H × W`, output
    `N × out_channels × H′ × W′` with H′ = (H − 1)·stride − 2·padding + dilation·(kernel_size − 1) + output_padding + 1.
    Kernel 2 with stride 2 doubles an image exactly. For the decoder of an autoencoder, segmentation, generators; a
    kernel that the stride does not divide leaves a checkerboard.
    Source: `torch.nn.ConvTranspose2d`; Zeiler et al., Deconvolutional Networks, 2010.
    """

    aliases = ("deconvolution", "transposed convolution", "upsample", "upconv", "decoder")
    inputs = (IMAGES,)


class ConvTranspose3d(_TransposedConvolution[Size3d, Padding3d]):
    """Paint learned kernels into a larger volume: a convolution run backwards.

    Each element adds its kernel, scaled by the element, to the output. Input `N × C × D × H × W`, output
    `N × out_channels × D′ × H′ × W′` with D′ as for ConvTranspose2d. For the way up of a 3-d U-Net and for generators
    of shapes.
    Source: `torch.nn.ConvTranspose3d`; Çiçek et al., 3D U-Net, 2016.
    """

    aliases = ("deconvolution", "transposed convolution", "upsample", "upconv", "decoder", "3d", "volume")
    inputs = (VOLUMES,)


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
    out_channels: int | None, kernel_size: tuple[int, ...], stride: tuple[int, ...], padding: str | tuple[int, ...]
) -> str:
    parts = [str(out_channels)] if out_channels else []
    parts.append(times(kernel_size))
    if any(step > 1 for step in stride):
        parts.append(f"stride {times(stride, short=True)}")
    if isinstance(padding, str):
        parts.append(padding)
    elif any(padding):
        parts.append(f"pad {times(padding, short=True)}")
    return " · ".join(parts)

"""Pooling: summarise neighbouring pixels, so that images shrink."""

from __future__ import annotations

from netbuilder.blocks.ports import IMAGES
from netbuilder.blocks.spec import (
    Arg,
    Block,
    Call,
    Mismatch,
    Padding2d,
    SetOwn,
    Size2d,
    Stride2d,
    TensorSpec,
    function,
    param,
)
from netbuilder.blocks.windows import require_fit, times

_STRIDE_HELP = "“kernel_size” moves by a whole window, so that windows don't overlap; a number by so many pixels."
_X = Arg(0)


class MaxPool2d(Block):
    """Keep the strongest response in each window and shrink the image.

    y[i, j] = max over the window at (i, j). Input `N × C × H × W`, output `N × C × H′ × W′`; a 2×2 window halves height and
    width. Makes the network see farther and care less where exactly a pattern is. Nothing is learned.
    Source: `torch.nn.MaxPool2d`.
    """

    category = "Pooling"
    aliases = ("max pooling", "downsample", "subsample")
    inputs = (IMAGES,)
    features_from = "x"

    kernel_size: Size2d = param((2, 2), help="Height and width of the window.")
    stride: Stride2d = param("kernel_size", help=_STRIDE_HELP)
    padding: Padding2d = param((0, 0), help="Pixels added on each side, never the strongest; at most half the window.")
    dilation: Size2d = param((1, 1), help="Distance between the pixels of a window.")
    ceil_mode: bool = param(False, help="Keep a last window that only partly covers the image.")

    def lower(self, x: TensorSpec) -> Call:
        _require_padding(self.kernel_size, self.padding)
        require_fit(x, self.kernel_size, self.padding, self.dilation)
        return function(
            "torch.nn.functional.max_pool2d",
            _X,
            kernel_size=self.kernel_size,
            stride=_steps(self.kernel_size, self.stride),
            padding=self.padding,
            dilation=self.dilation,
            ceil_mode=self.ceil_mode,
        )

    def summary(self) -> str:
        return _summary(self.kernel_size, self.stride)


class AvgPool2d(Block):
    """Average each window and shrink the image.

    y[i, j] = mean over the window at (i, j). Input `N × C × H × W`, output `N × C × H′ × W′`. Smoother than MaxPool2d; the
    older LeNets have it, and it is a plain way to downscale. Nothing is learned.
    Source: `torch.nn.AvgPool2d`.
    """

    category = "Pooling"
    aliases = ("average pooling", "mean pooling", "downsample", "blur")
    inputs = (IMAGES,)
    features_from = "x"

    kernel_size: Size2d = param((2, 2), help="Height and width of the window.")
    stride: Stride2d = param("kernel_size", help=_STRIDE_HELP)
    padding: Padding2d = param((0, 0), help="Zeros added on each side; at most half the window.")
    ceil_mode: bool = param(False, help="Keep a last window that only partly covers the image.")
    count_include_pad: bool = param(True, help="Count the added zeros in the average.")

    def lower(self, x: TensorSpec) -> Call:
        _require_padding(self.kernel_size, self.padding)
        require_fit(x, self.kernel_size, self.padding)
        return function(
            "torch.nn.functional.avg_pool2d",
            _X,
            kernel_size=self.kernel_size,
            stride=_steps(self.kernel_size, self.stride),
            padding=self.padding,
            ceil_mode=self.ceil_mode,
            count_include_pad=self.count_include_pad,
        )

    def summary(self) -> str:
        return _summary(self.kernel_size, self.stride)


class AdaptiveAvgPool2d(Block):
    """Average an image of any size down to a fixed one.

    The windows are chosen so that the output is `N × C × output_size`, whatever H and W are. With 1×1 each channel becomes
    its mean (global average pooling), which replaces the large Linear after a convolutional network.
    Source: `torch.nn.AdaptiveAvgPool2d`; Lin et al., Network In Network, 2013.
    """

    category = "Pooling"
    aliases = ("global average pooling", "gap", "resize", "mean")
    inputs = (IMAGES,)
    features_from = "x"

    output_size: Size2d = param((1, 1), help="Height and width of the output.")

    def lower(self, x: TensorSpec) -> Call:
        return function("torch.nn.functional.adaptive_avg_pool2d", _X, output_size=self.output_size)

    def summary(self) -> str:
        return f"to {times(self.output_size)}"


def _steps(kernel_size: tuple[int, int], stride: str | tuple[int, int]) -> tuple[int, int]:
    return kernel_size if isinstance(stride, str) else stride


def _require_padding(kernel_size: tuple[int, int], padding: tuple[int, int]) -> None:
    half = tuple(size // 2 for size in kernel_size)
    if any(pad > most for pad, most in zip(padding, half, strict=True)):
        raise Mismatch(
            f"padding {times(padding)} is more than half of the window {times(kernel_size)}: "
            "some windows would see nothing but padding.",
            parameter="padding",
            code="bad-parameter",
            suggestions=(SetOwn("padding", tuple(map(min, padding, half))),),
        )


def _summary(kernel_size: tuple[int, int], stride: str | tuple[int, int]) -> str:
    steps = _steps(kernel_size, stride)
    return times(kernel_size) if steps == kernel_size else f"{times(kernel_size)} · stride {times(steps, short=True)}"

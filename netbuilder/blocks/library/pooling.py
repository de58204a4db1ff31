"""Pooling: summarise neighbouring pixels, so that signals, images and volumes shrink."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import Generic

from netbuilder.blocks.ports import IMAGES, SIGNALS, VOLUMES
from netbuilder.blocks.spec import (
    Arg,
    Block,
    Call,
    Mismatch,
    Padding1d,
    Padding2d,
    Padding3d,
    Port,
    SetOwn,
    Size1d,
    Size2d,
    Size3d,
    Stride1d,
    Stride2d,
    Stride3d,
    TensorSpec,
    function,
    param,
)
from netbuilder.blocks.windows import PaddingT, SizeT, StrideT, require_fit, times


class _Pool(Block, Generic[SizeT, StrideT, PaddingT]):
    """What pooling by a sliding window is, in any number of dimensions."""

    category = "Pooling"
    features_from = "x"

    kernel_size: SizeT = param(2, help="Size of the window along each dimension.")
    stride: StrideT = param(
        "kernel_size", help="“kernel_size” moves by a whole window, so that windows don't overlap; a number by so much."
    )
    padding: PaddingT = param(0, help="Border added on each side; at most half the window.")

    def steps(self) -> tuple[int, ...]:
        """Return by how much the window moves along each dimension."""
        return self.kernel_size if isinstance(self.stride, str) else self.stride

    def summary(self) -> str:
        window = times(self.kernel_size)
        return window if self.steps() == self.kernel_size else f"{window} · stride {times(self.steps(), short=True)}"

    def _call(self, operation: str, x: TensorSpec, dilation: tuple[int, ...] | None = None) -> Call:
        _require_padding(self.kernel_size, self.padding)
        settings = self.model_dump()
        settings["stride"] = self.steps()
        beyond = tuple(step - 1 for step in self.steps()) if settings["ceil_mode"] else None
        require_fit(x, self.kernel_size, self.padding, dilation, beyond)
        call = function(f"torch.nn.functional.{operation}{len(self.kernel_size)}d", Arg(0), **settings)
        left_out = settings["ceil_mode"] and self._leaves_a_window_out(x, dilation or (1,) * len(self.kernel_size))
        return replace(call, unexportable=_LEFT_OUT) if left_out else call

    def _leaves_a_window_out(self, x: TensorSpec, dilation: tuple[int, ...]) -> bool:
        """Tell whether with ceil_mode there would be a window that begins behind the input: torch leaves it out."""
        return any(
            isinstance(size, int)
            and (windows := ceil((size + 2 * pad - step * (kernel - 1) - 1) / stride)) > 0
            and windows * stride >= size + pad
            for size, kernel, pad, stride, step in zip(
                x.shape[2:], self.kernel_size, self.padding, self.steps(), dilation, strict=True
            )
        )


_LEFT_OUT = (
    "with ceil_mode its last window would see nothing but padding; torch leaves it out, and ONNX does not. "
    "Turn ceil_mode off or take other sizes."
)


class _MaxPool(_Pool[SizeT, StrideT, PaddingT], Generic[SizeT, StrideT, PaddingT]):
    """What MaxPool1d, MaxPool2d and MaxPool3d share."""

    dilation: SizeT = param(1, help="Distance between the elements of a window.")
    ceil_mode: bool = param(False, help="Keep a last window that only partly covers the input.")

    def lower(self, x: TensorSpec) -> Call:
        for size, pad, step in zip(x.shape[2:], self.padding, self.dilation, strict=True):
            if pad and isinstance(size, int) and step > size:  # torch would read and write beyond its memory
                raise Mismatch(
                    f"dilation {times(self.dilation)} steps over the whole of the input {x}: "
                    "some windows would see nothing but padding.",
                    parameter="dilation",
                    code="bad-parameter",
                    suggestions=(SetOwn("dilation", (1,) * len(self.dilation)),),
                )
        return self._call("max_pool", x, self.dilation)


class MaxPool1d(_MaxPool[Size1d, Stride1d, Padding1d]):
    """Keep the strongest response in each window and shorten the signal.

    y[i] = max over the window at i·stride. Input `N × C × L`, output `N × C × L′` with
    L′ = ⌊(L + 2·padding − dilation·(kernel_size − 1) − 1) / stride⌋ + 1, with ceil_mode rounded up, where the last
    window still begins before the signal's end; a window of 2 halves the length. Between convolutions over signals and
    text. The border never wins. Nothing is learned.
    Source: `torch.nn.MaxPool1d`.
    """

    aliases = ("max pooling", "downsample", "subsample", "1d")
    inputs = (SIGNALS,)


class MaxPool2d(_MaxPool[Size2d, Stride2d, Padding2d]):
    """Keep the strongest response in each window and shrink the image.

    y[i, j] = max over the window at (i, j). Input `N × C × H × W`, output `N × C × H′ × W′` with
    H′ = ⌊(H + 2·padding − dilation·(kernel_size − 1) − 1) / stride⌋ + 1, with ceil_mode rounded up, where the last
    window still begins inside of the image; a 2×2 window halves height and width. Makes the network see farther and
    care less where exactly a pattern is. The border never wins. Nothing is learned.
    Source: `torch.nn.MaxPool2d`.
    """

    aliases = ("max pooling", "downsample", "subsample")
    inputs = (IMAGES,)


class MaxPool3d(_MaxPool[Size3d, Stride3d, Padding3d]):
    """Keep the strongest response in each window and shrink the volume.

    y[i, j, k] = max over the window at (i, j, k). Input `N × C × D × H × W`, output `N × C × D′ × H′ × W′`, sizes as of
    MaxPool2d; a 2×2×2 window halves each side and leaves an eighth of the numbers. For scans and for video, whose depth
    is time.
    Source: `torch.nn.MaxPool3d`.
    """

    aliases = ("max pooling", "downsample", "subsample", "3d", "video", "volume")
    inputs = (VOLUMES,)


class _AvgPool(_Pool[SizeT, StrideT, PaddingT], Generic[SizeT, StrideT, PaddingT]):
    """What AvgPool1d, AvgPool2d and AvgPool3d share."""

    ceil_mode: bool = param(False, help="Keep a last window that only partly covers the input.")
    count_include_pad: bool = param(True, help="Count the added zeros in the average.")

    def lower(self, x: TensorSpec) -> Call:
        return self._call("avg_pool", x)


class AvgPool1d(_AvgPool[Size1d, Stride1d, Padding1d]):
    """Average each window and shorten the signal.

    y[i] = mean over the window at i·stride. Input `N × C × L`, output `N × C × L′` with
    L′ = ⌊(L + 2·padding − kernel_size) / stride⌋ + 1, with ceil_mode as for MaxPool1d. A moving average with a stride:
    smooths and downsamples. Nothing is learned.
    Source: `torch.nn.AvgPool1d`.
    """

    aliases = ("average pooling", "mean pooling", "downsample", "moving average", "1d")
    inputs = (SIGNALS,)


class AvgPool2d(_AvgPool[Size2d, Stride2d, Padding2d]):
    """Average each window and shrink the image.

    y[i, j] = mean over the window at (i, j). Input `N × C × H × W`, output `N × C × H′ × W′` with
    H′ = ⌊(H + 2·padding − kernel_size) / stride⌋ + 1, with ceil_mode as for MaxPool2d. Smoother than MaxPool2d; the
    older LeNets have it, and it is a plain way to downscale. Nothing is learned.
    Source: `torch.nn.AvgPool2d`.
    """

    aliases = ("average pooling", "mean pooling", "downsample", "blur")
    inputs = (IMAGES,)


class AvgPool3d(_AvgPool[Size3d, Stride3d, Padding3d]):
    """Average each window and shrink the volume.

    y[i, j, k] = mean over the window at (i, j, k). Input `N × C × D × H × W`, output `N × C × D′ × H′ × W′`, sizes as
    of AvgPool2d. For scans and for video, whose depth is time. Nothing is learned.
    Source: `torch.nn.AvgPool3d`.
    """

    aliases = ("average pooling", "mean pooling", "downsample", "3d", "video", "volume")
    inputs = (VOLUMES,)

    def lower(self, x: TensorSpec) -> Call:
        require_fit(x, self.kernel_size, (0, 0, 0))  # torch takes no larger window here, however wide the border
        return super().lower(x)


class _AdaptivePool(Block, Generic[SizeT]):
    """What pooling to a given size is, in any number of dimensions."""

    category = "Pooling"
    features_from = "x"

    output_size: SizeT = param(1, help="Size of the output along each dimension.")

    def summary(self) -> str:
        return f"to {times(self.output_size)}"

    def _call(self, operation: str) -> Call:
        target = f"torch.nn.functional.{operation}{len(self.output_size)}d"
        return function(target, Arg(0), output_size=self.output_size)


class _AdaptiveAvgPool(_AdaptivePool[SizeT], Generic[SizeT]):
    """What AdaptiveAvgPool1d, AdaptiveAvgPool2d and AdaptiveAvgPool3d share."""

    def lower(self, x: TensorSpec) -> Call:
        return self._call("adaptive_avg_pool")


class AdaptiveAvgPool1d(_AdaptiveAvgPool[Size1d]):
    """Average a signal of any length down to a fixed one.

    The windows are chosen so that the output is `N × C × output_size`, whatever L is: window i covers
    ⌊i·L / output_size⌋ up to ⌈(i + 1)·L / output_size⌉.
    Source: `torch.nn.AdaptiveAvgPool1d`.
    """

    aliases = ("global average pooling", "resize", "mean", "1d")
    inputs = (SIGNALS,)


class AdaptiveAvgPool2d(_AdaptiveAvgPool[Size2d]):
    """Average an image of any size down to a fixed one.

    The windows are chosen so that the output is `N × C × output_size`, whatever H and W are. With 1×1 each channel
    becomes its mean (global average pooling), which replaces the large Linear after a convolutional network.
    Source: `torch.nn.AdaptiveAvgPool2d`; Lin et al., Network In Network, 2013.
    """

    aliases = ("global average pooling", "resize", "mean")
    inputs = (IMAGES,)


class AdaptiveAvgPool3d(_AdaptiveAvgPool[Size3d]):
    """Average a volume of any size down to a fixed one.

    The windows are chosen so that the output is `N × C × output_size`, whatever D, H and W are. At the end of networks
    for scans and for video.
    Source: `torch.nn.AdaptiveAvgPool3d`.
    """

    aliases = ("global average pooling", "resize", "mean", "3d", "video", "volume")
    inputs = (VOLUMES,)


class _AdaptiveMaxPool(_AdaptivePool[SizeT], Generic[SizeT]):
    """What AdaptiveMaxPool1d, AdaptiveMaxPool2d and AdaptiveMaxPool3d share."""

    def lower(self, x: TensorSpec) -> Call:
        return self._call("adaptive_max_pool")


class AdaptiveMaxPool1d(_AdaptiveMaxPool[Size1d]):
    """Keep the strongest responses of a signal of any length, a fixed number of them.

    As AdaptiveAvgPool1d, with the maximum of each window: `N × C × L` becomes `N × C × output_size`. With 1, “did the
    pattern occur at all”, as in convolutional networks for text.
    Source: `torch.nn.AdaptiveMaxPool1d`; Kim, Convolutional Neural Networks for Sentence Classification, 2014.
    """

    aliases = ("global max pooling", "max over time", "resize", "1d")
    inputs = (SIGNALS,)


class AdaptiveMaxPool2d(_AdaptiveMaxPool[Size2d]):
    """Keep the strongest responses of an image of any size, on a grid of fixed size.

    As AdaptiveAvgPool2d, with the maximum of each window: `N × C × H × W` becomes `N × C × output_size`. The pooling of
    regions in Fast R-CNN.
    Source: `torch.nn.AdaptiveMaxPool2d`; He et al., Spatial Pyramid Pooling, 2014.
    """

    aliases = ("global max pooling", "spatial pyramid", "roi pooling", "resize")
    inputs = (IMAGES,)


class AdaptiveMaxPool3d(_AdaptiveMaxPool[Size3d]):
    """Keep the strongest responses of a volume of any size, on a grid of fixed size.

    As AdaptiveAvgPool3d, with the maximum of each window: `N × C × D × H × W` becomes `N × C × output_size`.
    Source: `torch.nn.AdaptiveMaxPool3d`.
    """

    aliases = ("global max pooling", "resize", "3d", "video", "volume")
    inputs = (VOLUMES,)


class _GlobalPool(Block):
    """What pooling over all places is."""

    category = "Pooling"
    features_from = "x"
    inputs = (Port("x", help="Signals, images or volumes.", rank=(3, 5), layout="N × channels × sizes"),)

    def _call(self, operation: str, x: TensorSpec) -> Call:
        return function(operation, Arg(0), dim=tuple(range(2, x.rank)))


class GlobalAvgPool(_GlobalPool):
    """Average each channel over all places.

    `N × C × …` becomes `N × C`: how strong each pattern is on the whole. It takes images of any size, learns nothing,
    and stands between the last convolution and the one Linear of ResNet and of most networks after it.
    Source: `torch.mean`; Lin et al., Network In Network, 2013.
    """

    aliases = ("global average pooling", "gap", "mean", "squeeze", "adaptive")

    def lower(self, x: TensorSpec) -> Call:
        return self._call("torch.mean", x)


class GlobalMaxPool(_GlobalPool):
    """Keep the strongest response of each channel over all places.

    `N × C × …` becomes `N × C`: whether each pattern occurs anywhere. For text and sound, where one occurrence decides.
    Source: `torch.amax`; Kim, Convolutional Neural Networks for Sentence Classification, 2014.
    """

    aliases = ("global max pooling", "gmp", "max over time", "adaptive")

    def lower(self, x: TensorSpec) -> Call:
        return self._call("torch.amax", x)


def _require_padding(kernel_size: tuple[int, ...], padding: tuple[int, ...]) -> None:
    half = tuple(size // 2 for size in kernel_size)
    if any(pad > most for pad, most in zip(padding, half, strict=True)):
        raise Mismatch(
            f"padding {times(padding)} is more than half of the window {times(kernel_size)}: "
            "some windows would see nothing but padding.",
            parameter="padding",
            code="bad-parameter",
            suggestions=(SetOwn("padding", tuple(map(min, padding, half))),),
        )

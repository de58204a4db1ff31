"""Resampling: more or fewer pixels, with nothing learned."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from netbuilder.blocks.ports import IMAGES
from netbuilder.blocks.spec import (
    Arg,
    Block,
    Call,
    Mismatch,
    NewSize,
    Port,
    Resize,
    SetOwn,
    TensorSpec,
    function,
    param,
)
from netbuilder.blocks.windows import times

_LINEAR = {3: "linear", 4: "bilinear", 5: "trilinear"}


class Upsample(Block):
    """Enlarge a signal, an image or a volume by copying or interpolating.

    `N × C × H × W` becomes `N × C × ⌊H·scale_factor⌋ × ⌊W·scale_factor⌋`, or of a given size. “nearest” copies the
    nearest element; “linear” (signals), “bilinear” (images) and “trilinear” (volumes) interpolate; “bicubic” is
    smoother still. With a convolution behind it, it takes the place of ConvTranspose2d and leaves no checkerboard; also
    in U-Net and feature pyramids.
    Source: `torch.nn.Upsample`; Odena et al., Deconvolution and Checkerboard Artifacts, 2016.
    """

    category = "Pooling"
    aliases = ("interpolate", "resize", "enlarge", "upsampling", "unpooling", "scale", "decoder")
    inputs = (Port("x", help="Signals, images or volumes.", rank=(3, 5), layout="N × channels × sizes"),)
    features_from = "x"

    scale_factor: Annotated[float, Field(ge=0.01, le=1024.0)] = param(2.0, help="By how much each dimension grows.")
    size: NewSize = param("scale_factor", help="“scale_factor” multiplies by it; numbers are the sizes of the output.")
    mode: Literal["nearest", "linear", "bilinear", "bicubic", "trilinear"] = param(
        "nearest", help="How new elements are made of their neighbours."
    )
    align_corners: bool = param(False, help="Let the corner elements keep their place; “nearest” has no use for it.")

    def lower(self, x: TensorSpec) -> Call:
        self._require_mode(x)
        self._require_size(x)
        return function(
            "torch.nn.functional.interpolate",
            Arg(0),
            size=None if isinstance(self.size, str) else self.size,
            scale_factor=self.scale_factor if isinstance(self.size, str) else None,
            mode=self.mode,
            align_corners=None if self.mode == "nearest" else self.align_corners,
        )

    def summary(self) -> str:
        size = f"×{self.scale_factor:g}" if isinstance(self.size, str) else f"to {times(self.size)}"
        return size if self.mode == "nearest" else f"{size} · {self.mode}"

    def _require_mode(self, x: TensorSpec) -> None:
        linear = _LINEAR[x.rank]
        fitting = ("nearest", linear, "bicubic") if x.rank == 4 else ("nearest", linear)
        if self.mode not in fitting:
            raise Mismatch(
                f"mode “{self.mode}” is not for an input of {x.rank} dimensions as {x}: "
                f"it takes {' or '.join(fitting)}.",
                parameter="mode",
                code="bad-parameter",
                suggestions=(SetOwn("mode", linear),),
            )

    def _require_size(self, x: TensorSpec) -> None:
        if isinstance(self.size, str):
            sizes = [size for size in x.shape[2:] if isinstance(size, int)]
            if any(math.floor(size * self.scale_factor) < 1 for size in sizes):
                raise Mismatch(
                    f"Nothing is left of the input {x} when it is scaled by {self.scale_factor:g}.",
                    parameter="scale_factor",
                    code="empty-output",
                    suggestions=(SetOwn("scale_factor", 1.0),),
                )
        elif len(self.size) != x.rank - 2:
            raise Mismatch(
                f"size is {times(self.size)}, and the input {x} has {x.rank - 2} dimensions to resize.",
                parameter="size",
                code="bad-parameter",
                suggestions=(SetOwn("size", (self.size * x.rank)[: x.rank - 2]), SetOwn("size", "scale_factor")),
            )


class PixelShuffle(Block):
    """Turn channels into pixels: an image r times larger, of r² times fewer channels.

    `N × C·r² × H × W` becomes `N × C × H·r × W·r`; every r² channels of a pixel become a square of r×r pixels. A
    convolution before it computes all of these at the small size: the usual end of super-resolution networks, free of
    checkerboards.
    Source: `torch.nn.PixelShuffle`; Shi et al., Efficient Sub-Pixel Convolutional Neural Network, 2016.
    """

    category = "Pooling"
    aliases = ("sub-pixel", "super-resolution", "depth to space", "upsample")
    inputs = (IMAGES,)

    upscale_factor: Annotated[int, Field(ge=1, le=256)] = param(2, help="By how much height and width grow.")

    def lower(self, x: TensorSpec) -> Call:
        channels, square = x.size(1), self.upscale_factor**2
        if channels % square:
            raise Mismatch(
                f"The {channels} channels of the input {x} can't be laid out as squares of {square} pixels.",
                port="x",
                parameter="upscale_factor",
                code="channels-mismatch",
                suggestions=(Resize(math.ceil(channels / square) * square),),
            )
        return function("torch.pixel_shuffle", Arg(0), self.upscale_factor)

    def summary(self) -> str:
        return f"×{self.upscale_factor}"


class PixelUnshuffle(Block):
    """Turn pixels into channels: an image r times smaller, of r² times more channels.

    `N × C × H·r × W·r` becomes `N × C·r² × H × W`: every square of r×r pixels becomes one pixel. PixelShuffle
    backwards; it downsamples without losing a number.
    Source: `torch.nn.PixelUnshuffle`; Shi et al., Efficient Sub-Pixel Convolutional Neural Network, 2016.
    """

    category = "Pooling"
    aliases = ("space to depth", "downsample", "passthrough")
    inputs = (IMAGES,)

    downscale_factor: Annotated[int, Field(ge=1, le=256)] = param(2, help="By how much height and width shrink.")

    def lower(self, x: TensorSpec) -> Call:
        height, width, factor = x.size(2), x.size(3), self.downscale_factor
        if height % factor or width % factor:
            raise Mismatch(
                f"Height and width of the input {x} can't be divided by {factor}.",
                parameter="downscale_factor",
                code="size-mismatch",
                suggestions=(SetOwn("downscale_factor", math.gcd(height, width, factor)),),
            )
        return function("torch.pixel_unshuffle", Arg(0), factor)

    def summary(self) -> str:
        return f"÷{self.downscale_factor}"

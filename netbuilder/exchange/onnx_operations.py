# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# (torch, onnx and onnxscript leave these types out)
"""Operations that torch's ONNX exporter lacks, written in those that ONNX has.

Adaptive pooling to a size that does not divide the input's has windows of unequal length. Along each dimension the
elements of all windows are gathered, short windows filled up by repeating their last element, and each window is
reduced.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch


def translations() -> dict[Any, Callable[..., Any]]:
    """Return what `torch.onnx.export` takes as its `custom_translation_table`."""
    aten = torch.ops.aten
    return {
        aten.adaptive_max_pool2d.default: _adaptive_max_pool,
        aten.adaptive_max_pool3d.default: _adaptive_max_pool,
        aten._adaptive_avg_pool3d.default: _adaptive_avg_pool,
    }


def _adaptive_max_pool(x: Any, output_size: Sequence[int]) -> tuple[Any, Any]:
    op, y = _operators(), x
    for axis, windows in _windows(x, output_size):
        y = op.ReduceMax(op.Gather(y, _constant(windows), axis=axis), [axis + 1], keepdims=0)
    return y, y  # in the place of the indices of the maxima, which no block asks for


def _adaptive_avg_pool(x: Any, output_size: Sequence[int]) -> Any:
    op, y = _operators(), x
    for axis, windows in _windows(x, output_size):
        after = (1,) * (len(x.shape) - axis - 1)
        repeated = windows[:, 1:] == windows[:, :-1]
        counted = torch.cat((torch.ones(len(windows), 1), (~repeated).float()), dim=1)
        share = (counted / counted.sum(1, keepdim=True)).reshape(*windows.shape, *after)
        y = op.ReduceSum(op.Mul(op.Gather(y, _constant(windows), axis=axis), _constant(share)), [axis + 1], keepdims=0)
    return y


def _windows(x: Any, output_size: Sequence[int]) -> list[tuple[int, torch.Tensor]]:
    """Return each pooled axis with the places that every window along it sees, window by window."""
    first = len(x.shape) - len(output_size)
    return [(axis, _places(int(x.shape[axis]), size)) for axis, size in enumerate(output_size, first)]


def _places(length: int, size: int) -> torch.Tensor:
    start = torch.arange(size) * length // size
    end = -(-(torch.arange(size) + 1) * length // size)
    longest = int((end - start).max())
    return torch.minimum(start[:, None] + torch.arange(longest), end[:, None] - 1)


def _constant(values: torch.Tensor) -> Any:
    from onnx import numpy_helper

    return _operators().Constant(value=numpy_helper.from_array(values.numpy(), "places"))


def _operators() -> Any:
    """Return ONNX's operators, in the version in which `netbuilder.exchange.onnx_export` writes."""
    from onnxscript import opset20

    return opset20

"""Layers that torch lacks."""

import torch
from torch import nn
from torch.nn import functional


class SwiGLU(nn.Module):
    """Scales one half of the features with SiLU of the other.

    Shazeer, GLU Variants Improve Transformer, 2020.
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return half as many features as `x` has along `dim`."""
        gate, value = x.chunk(2, self.dim)
        return functional.silu(gate) * value


class RReLU(nn.Module):
    """`nn.RReLU`, which is LeakyReLU outside training, in operations that ONNX has."""

    def __init__(self, lower: float, upper: float) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` with what is below zero scaled: in training at random."""
        if self.training:
            return functional.rrelu(x, self.lower, self.upper, training=True)
        return functional.leaky_relu(x, (self.lower + self.upper) / 2)


class SeparableConv2d(nn.Module):
    """Convolves each channel by itself, then mixes them (Chollet, Xception, 2016)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: str | int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(
            in_channels,
            in_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups=in_channels,
            bias=False,
        )
        self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `N x out_channels x H' x W'`."""
        return self.pointwise(self.depthwise(x))


class DropPath(nn.Module):
    """In training, drops whole samples of a residual branch.

    Huang et al., Deep Networks with Stochastic Depth, 2016.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` with each sample set to 0 or scaled by 1 / (1 - p)."""
        if not self.training:
            return x
        kept = functional.dropout(x.new_ones(x.shape[0]), self.p)
        return x * kept.view(-1, *(1 for _ in x.shape[1:]))


class Constant(nn.Module):
    """The same number everywhere."""

    def __init__(self, shape: tuple[int, ...], value: float) -> None:
        super().__init__()
        self.tensor: torch.Tensor
        self.register_buffer("tensor", torch.full(shape, value), persistent=False)

    def forward(self) -> torch.Tensor:
        """Return the tensor."""
        return self.tensor


class LearnedTensor(nn.Module):
    """A tensor every number of which is learned."""

    def __init__(
        self, shape: tuple[int, ...], init: str = "normal", std: float = 0.02
    ) -> None:
        super().__init__()
        self.tensor = nn.Parameter(
            torch.ones(shape) if init == "ones" else torch.zeros(shape)
        )
        if init == "normal":
            nn.init.normal_(self.tensor, std=std)

    def forward(self) -> torch.Tensor:
        """Return the tensor."""
        return self.tensor


class GaussianNoise(nn.Module):
    """Adds normal noise: anew each time in training, outside of it always the same."""

    def __init__(self, std: float = 1.0, evaluation_std: float = 0.0) -> None:
        super().__init__()
        self.std = std
        self.evaluation_std = evaluation_std

    def forward(
        self, x: torch.Tensor, log_variance: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return a sample around `x`, whose variance may be another tensor's to say."""
        std = self.std if self.training else self.evaluation_std
        if std == 0.0:
            return x
        if self.training:
            noise = torch.randn_like(x)
        else:  # no random number of the training's is drawn
            generator = torch.Generator().manual_seed(0)
            noise = torch.randn(x.shape, generator=generator).to(x)
        if log_variance is not None:
            noise = noise * torch.exp(0.5 * log_variance)
        return x + std * noise

"""Modules that torch lacks. Generated code prints their source as it stands: each needs nothing but these three imports."""

import torch
from torch import nn
from torch.nn import functional


class SwiGLU(nn.Module):
    """Scales one half of the features with SiLU of the other (Shazeer, GLU Variants Improve Transformer, 2020)."""

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
        """Return `x` with what is below zero scaled: at random in training, else by the mean of the bounds."""
        if self.training:
            return functional.rrelu(x, self.lower, self.upper, training=True)
        return functional.leaky_relu(x, (self.lower + self.upper) / 2)


class SeparableConv2d(nn.Module):
    """Convolves each channel by itself, then mixes channels pixel by pixel (Chollet, Xception, 2016)."""

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
            in_channels, in_channels, kernel_size, stride, padding, dilation, groups=in_channels, bias=False
        )
        self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `N x out_channels x H' x W'`."""
        return self.pointwise(self.depthwise(x))


class MultiheadSelfAttention(nn.Module):
    """Multi-head self-attention over `N x T x embed_dim` (Vaswani et al., 2017)."""

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True, is_causal: bool = False
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.dropout = dropout
        self.is_causal = is_causal
        self.in_proj = nn.Linear(embed_dim, 3 * embed_dim, bias=bias)
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what each step gathered, in the shape of `x`."""
        heads = self.in_proj(x).unflatten(-1, (3, self.num_heads, -1))  # N x T x 3 x heads x head_dim
        query, key, value = heads.permute(2, 0, 3, 1, 4)
        dropout = self.dropout if self.training else 0.0
        y = functional.scaled_dot_product_attention(query, key, value, dropout_p=dropout, is_causal=self.is_causal)
        return self.out_proj(y.transpose(1, 2).flatten(2))


class LearnedPositionalEncoding(nn.Module):
    """Adds a learned vector to each step of `N x length x features`."""

    def __init__(self, length: int, features: int) -> None:
        super().__init__()
        self.position = nn.Parameter(torch.empty(length, features))
        nn.init.normal_(self.position, std=0.02)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` with the positions added."""
        return x + self.position


class DropPath(nn.Module):
    """In training, drops whole samples of a residual branch (Huang et al., Deep Networks with Stochastic Depth, 2016)."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` with each sample set to 0 or scaled by 1 / (1 - p)."""
        if not self.training:
            return x
        kept = functional.dropout(x.new_ones(x.shape[0]), self.p)
        return x * kept.view(-1, *(1 for _ in x.shape[1:]))


class Accuracy(nn.Module):
    """Share of right answers: classes `N x C x ...` against integers `N x ...`, or scores against 0 and 1 as floats."""

    def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the mean over all answers."""
        if target.is_floating_point():
            return ((logits > 0) == (target > 0.5)).float().mean()
        return (logits.argmax(dim=1) == target).float().mean()


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

    def __init__(self, shape: tuple[int, ...], init: str = "normal", std: float = 0.02) -> None:
        super().__init__()
        self.tensor = nn.Parameter(torch.ones(shape) if init == "ones" else torch.zeros(shape))
        if init == "normal":
            nn.init.normal_(self.tensor, std=std)

    def forward(self) -> torch.Tensor:
        """Return the tensor."""
        return self.tensor


class GaussianNoise(nn.Module):
    """Adds normal noise to each element: anew each time in training, outside of it always the same."""

    def __init__(self, std: float = 1.0, evaluation_std: float = 0.0) -> None:
        super().__init__()
        self.std = std
        self.evaluation_std = evaluation_std

    def forward(self, x: torch.Tensor, log_variance: torch.Tensor | None = None) -> torch.Tensor:
        """Return a sample around `x`, whose variance may be another tensor's to say."""
        std = self.std if self.training else self.evaluation_std
        if std == 0.0:
            return x
        if self.training:
            noise = torch.randn_like(x)
        else:  # no random number of the training's is drawn
            noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(0)).to(x)
        if log_variance is not None:
            noise = noise * torch.exp(0.5 * log_variance)
        return x + std * noise

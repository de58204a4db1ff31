"""What sequences need and torch lacks: attention over them, embeddings, places."""

import torch
from torch import nn
from torch.nn import functional


def padding_bias(mask: torch.Tensor) -> torch.Tensor:
    """Return what is added to scores, `N x S`: 0, or -1e9 where the mask is not 0."""
    return torch.zeros(mask.shape, device=mask.device).masked_fill(mask != 0, -1e9)


def causal_bias(query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    """Return what is added to scores, `T x S`: 0, or minus infinity at later steps."""
    shape = (query.shape[-2], key.shape[-2])
    return torch.full(shape, float("-inf"), device=query.device).triu(1)


class MultiheadSelfAttention(nn.Module):
    """Multi-head self-attention over `N x T x embed_dim` (Vaswani et al., 2017)."""

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        is_causal: bool = False,
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.dropout = dropout
        self.is_causal = is_causal
        self.in_proj = nn.Linear(embed_dim, 3 * embed_dim, bias=bias)
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias=bias)

    def forward(
        self, x: torch.Tensor, attn_mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return what each step gathered; `N x 1 x T x T` may be added to scores."""
        heads = self.in_proj(x).unflatten(-1, (3, self.num_heads, -1))
        query, key, value = heads.permute(2, 0, 3, 1, 4)  # N x heads x T x head_dim
        y = functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask,
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=self.is_causal and attn_mask is None,
        )
        return self.out_proj(y.transpose(1, 2).flatten(2))


class TiedEmbedding(nn.Module):
    """One table that turns tokens into vectors, and vectors into scores of tokens.

    Press & Wolf, Using the Output Embedding to Improve Language Models, 2016.
    """

    def __init__(self, num_embeddings: int, embedding_dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(num_embeddings, embedding_dim))
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return rows for integers, or the products of each vector with all rows."""
        if x.is_floating_point():
            return functional.linear(x, self.weight)
        return functional.embedding(x, self.weight)


class LearnedPositionalEncoding(nn.Module):
    """Adds a learned vector to each of up to `length` steps of `N x T x features`."""

    def __init__(self, length: int, features: int) -> None:
        super().__init__()
        self.position = nn.Parameter(torch.empty(length, features))
        nn.init.normal_(self.position, std=0.02)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` with the positions added."""
        return x + self.position[: x.shape[1]]


class SinusoidalPositionalEncoding(nn.Module):
    """Adds waves of the place to each of up to `length` steps of `N x T x features`.

    Vaswani et al., Attention Is All You Need, 2017.
    """

    def __init__(self, length: int, features: int) -> None:
        super().__init__()
        rates = 10_000.0 ** (-torch.arange(0, features, 2) / features)
        angles = torch.arange(length)[:, None] * rates
        table = torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1)
        self.position: torch.Tensor
        self.register_buffer("position", table[:, :features], persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` with the positions added."""
        return x + self.position[: x.shape[1]]


class RotaryEmbedding(nn.Module):
    """Turns pairs of features of `N x ... x T x features` by the place's angles.

    There are angles for up to `length` steps.

    Su et al., RoFormer, 2021.
    """

    def __init__(
        self,
        length: int,
        features: int,
        base: float = 10_000.0,
        interleaved: bool = False,
    ) -> None:
        super().__init__()
        rates = base ** (-torch.arange(0, features, 2) / features)
        angles = torch.arange(length)[:, None] * rates
        self.interleaved = interleaved
        self.cos: torch.Tensor
        self.sin: torch.Tensor
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` turned, neighbours or (not interleaved) halves as pairs."""
        a, b = (x[..., 0::2], x[..., 1::2]) if self.interleaved else x.chunk(2, dim=-1)
        cos, sin = self.cos[: x.shape[-2]], self.sin[: x.shape[-2]]
        turned = (a * cos - b * sin, a * sin + b * cos)
        if self.interleaved:
            return torch.stack(turned, dim=-1).flatten(-2)
        return torch.cat(turned, dim=-1)


class PatchEmbedding(nn.Module):
    """Cuts images into patches, and projects each to a vector (Dosovitskiy, 2020)."""

    def __init__(
        self,
        in_channels: int,
        embed_dim: int,
        patch_size: int | tuple[int, int],
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.projection = nn.Conv2d(
            in_channels, embed_dim, patch_size, patch_size, bias=bias
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `N x patches x embed_dim`, row by row."""
        return self.projection(x).flatten(2).transpose(1, 2)


class ClassToken(nn.Module):
    """Puts a learned step before a sequence `N x T x features` (Dosovitskiy, 2020)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.zeros(1, 1, features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `N x (T + 1) x features`."""
        return torch.cat((self.token.expand(x.shape[0], -1, -1), x), dim=1)

"""Modules that torch lacks. Generated code prints their source as it stands: each needs nothing but these three imports."""

import torch
from torch import nn
from torch.nn import functional


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

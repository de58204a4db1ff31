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


def padding_bias(mask: torch.Tensor) -> torch.Tensor:
    """Return what attention adds to its scores, `N x S`: 0 at steps to look at, -1e9 where the mask is true or not 0."""
    return torch.zeros(mask.shape, device=mask.device).masked_fill(mask != 0, -1e9)


def causal_bias(query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    """Return what attention adds to its scores, `T x S`: 0 at a step itself and earlier ones, minus infinity at later ones."""
    shape = (query.shape[-2], key.shape[-2])
    return torch.full(shape, float("-inf"), device=query.device).triu(1)


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

    def forward(self, x: torch.Tensor, attn_mask: torch.Tensor | None = None) -> torch.Tensor:
        """Return what each step gathered, in the shape of `x`; `attn_mask`, `N x 1 x T x T`, is added to the scores."""
        heads = self.in_proj(x).unflatten(-1, (3, self.num_heads, -1))  # N x T x 3 x heads x head_dim
        query, key, value = heads.permute(2, 0, 3, 1, 4)
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
    """One table that turns tokens into vectors, and vectors into a score for each token (Press & Wolf, 2016)."""

    def __init__(self, num_embeddings: int, embedding_dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(num_embeddings, embedding_dim))
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return a row of the table for each integer, or the products of each vector with all rows."""
        return functional.linear(x, self.weight) if x.is_floating_point() else functional.embedding(x, self.weight)


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


class SinusoidalPositionalEncoding(nn.Module):
    """Adds sines and cosines of the place to each step of `N x length x features` (Vaswani et al., 2017)."""

    def __init__(self, length: int, features: int) -> None:
        super().__init__()
        rates = 10_000.0 ** (-torch.arange(0, features, 2) / features)
        angles = torch.arange(length)[:, None] * rates
        table = torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1)[:, :features]
        self.position: torch.Tensor
        self.register_buffer("position", table, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` with the positions added."""
        return x + self.position


class RotaryEmbedding(nn.Module):
    """Turns pairs of features of `N x ... x length x features` by angles that grow with the place (Su et al., 2021)."""

    def __init__(self, length: int, features: int, base: float = 10_000.0, interleaved: bool = False) -> None:
        super().__init__()
        rates = base ** (-torch.arange(0, features, 2) / features)
        angles = torch.arange(length)[:, None] * rates
        self.interleaved = interleaved
        self.cos: torch.Tensor
        self.sin: torch.Tensor
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` turned: neighbours as pairs where interleaved, else one of each half."""
        a, b = (x[..., 0::2], x[..., 1::2]) if self.interleaved else x.chunk(2, dim=-1)
        turned = (a * self.cos - b * self.sin, a * self.sin + b * self.cos)
        return torch.stack(turned, dim=-1).flatten(-2) if self.interleaved else torch.cat(turned, dim=-1)


class PatchEmbedding(nn.Module):
    """Cuts images into patches and projects each to a vector (Dosovitskiy et al., 2020)."""

    def __init__(self, in_channels: int, embed_dim: int, patch_size: int | tuple[int, int], bias: bool = True) -> None:
        super().__init__()
        self.projection = nn.Conv2d(in_channels, embed_dim, patch_size, patch_size, bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `N x patches x embed_dim`, row by row."""
        return self.projection(x).flatten(2).transpose(1, 2)


class ClassToken(nn.Module):
    """Puts a learned step before a sequence `N x T x features` (Devlin et al., BERT, 2018)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.zeros(1, 1, features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `N x (T + 1) x features`."""
        return torch.cat((self.token.expand(x.shape[0], -1, -1), x), dim=1)


class Accuracy(nn.Module):
    """Share of right answers: classes `N x C x ...` against integers `N x ...`, or scores against 0 and 1 as floats."""

    def __init__(self, top_k: int = 1) -> None:
        super().__init__()
        self.top_k = top_k

    def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the mean over all answers."""
        if target.is_floating_point():
            return ((logits > 0) == (target > 0.5)).float().mean()
        if self.top_k > 1:
            found = logits.topk(self.top_k, dim=1).indices == target.unsqueeze(1)
            return found.any(dim=1).float().mean()
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


class WeightedCrossEntropy(nn.Module):
    """Cross entropy with a weight for each class: `N x C x ...` against integers `N x ...`."""

    def __init__(self, weight: tuple[float, ...], ignore_index: int = -100, label_smoothing: float = 0.0) -> None:
        super().__init__()
        self.weight: torch.Tensor
        self.register_buffer("weight", torch.tensor(weight), persistent=False)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the weighted mean."""
        return functional.cross_entropy(
            logits, target, self.weight, ignore_index=self.ignore_index, label_smoothing=self.label_smoothing
        )


def binary_cross_entropy(probabilities: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Cross entropy of yes and no. Unlike torch's, numbers that are no probabilities do not end the process on a GPU."""
    yes, no = torch.log(probabilities.clamp(min=1e-38)), torch.log((1 - probabilities).clamp(min=1e-38))
    return -torch.mean(target * yes + (1 - target) * no)


def weighted_bce_with_logits(logits: torch.Tensor, target: torch.Tensor, pos_weight: float) -> torch.Tensor:
    """Cross entropy of yes and no, where a yes counts `pos_weight` times."""
    return -torch.mean(
        pos_weight * target * functional.logsigmoid(logits) + (1 - target) * functional.logsigmoid(-logits)
    )


def focal_loss(logits: torch.Tensor, target: torch.Tensor, gamma: float = 2.0) -> torch.Tensor:
    """Focal loss of classes: `N x C x ...` against integers `N x ...` (Lin et al., 2017)."""
    cross_entropy = functional.cross_entropy(logits, target, reduction="none")
    return torch.mean((1 - torch.exp(-cross_entropy)) ** gamma * cross_entropy)


def binary_focal_loss(
    logits: torch.Tensor, target: torch.Tensor, gamma: float = 2.0, alpha: float = 0.0
) -> torch.Tensor:
    """Focal loss of yes and no, as numbers of one shape; `alpha` weighs yes, where it is not 0 (Lin et al., 2017)."""
    cross_entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    p = torch.sigmoid(logits)
    wrong = target * (1 - p) + (1 - target) * p
    balance = alpha * target + (1 - alpha) * (1 - target) if alpha else 1.0
    return torch.mean(balance * wrong**gamma * cross_entropy)


def binary_dice_loss(logits: torch.Tensor, target: torch.Tensor, smooth: float = 1.0) -> torch.Tensor:
    """One minus the overlap of yes and no in each channel of each sample, `N x C x ...` both (Milletari et al., 2016)."""
    first = min(2, logits.dim() - 1)
    p, t = torch.sigmoid(logits).flatten(first), target.flatten(first)
    return torch.mean(1 - (2 * (p * t).sum(-1) + smooth) / (p.sum(-1) + t.sum(-1) + smooth))


def dice_loss(logits: torch.Tensor, target: torch.Tensor, smooth: float = 1.0) -> torch.Tensor:
    """One minus the overlap of each class in each sample: `N x C x ...` against integers `N x ...`."""
    p = torch.softmax(logits, dim=1).unsqueeze(-1).flatten(2)
    t = functional.one_hot(target, logits.shape[1]).movedim(-1, 1).unsqueeze(-1).flatten(2)
    return torch.mean(1 - (2 * (p * t).sum(-1) + smooth) / (p.sum(-1) + t.sum(-1) + smooth))


def ctc_loss(logits: torch.Tensor, target: torch.Tensor, blank: int = 0, zero_infinity: bool = False) -> torch.Tensor:
    """CTC of steps `N x T x C` and texts `N x S` that are filled up with blanks (Graves et al., 2006)."""
    steps = torch.full((logits.shape[0],), logits.shape[1], device=target.device)
    log_probabilities = torch.log_softmax(logits, dim=-1).transpose(0, 1)
    letters = (target != blank).sum(1)
    return functional.ctc_loss(log_probabilities, target, steps, letters, blank, zero_infinity=zero_infinity)


def gaussian_kl(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """Divergence of normal distributions from the standard one, summed over each sample (Kingma & Welling, 2013)."""
    divergence = -0.5 * (1 + log_variance - mean**2 - torch.exp(log_variance))
    return torch.mean(divergence.flatten(1).sum(1))


def contrastive_loss(a: torch.Tensor, b: torch.Tensor, target: torch.Tensor, margin: float = 1.0) -> torch.Tensor:
    """Distances of pairs `N x D`, near where the target `N` is above 0 and a margin apart elsewhere (Hadsell et al., 2006)."""
    distance = functional.pairwise_distance(a, b)
    return 0.5 * torch.mean(torch.where(target > 0, distance**2, torch.relu(margin - distance) ** 2))

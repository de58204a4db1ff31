"""Losses, and a metric, that torch lacks."""

import torch
from torch import nn
from torch.nn import functional


class Accuracy(nn.Module):
    """Share of right answers.

    Classes `N x C x ...` against integers `N x ...`, or scores against floats 0 and 1.
    """

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


class WeightedCrossEntropy(nn.Module):
    """Cross entropy with weights: classes `N x C x ...` against integers `N x ...`."""

    def __init__(
        self,
        weight: tuple[float, ...],
        ignore_index: int = -100,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        self.weight: torch.Tensor
        self.register_buffer("weight", torch.tensor(weight), persistent=False)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the weighted mean."""
        return functional.cross_entropy(
            logits,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
        )


def binary_cross_entropy(
    probabilities: torch.Tensor, target: torch.Tensor
) -> torch.Tensor:
    """Cross entropy of yes and no.

    Unlike torch's, numbers that are no probabilities do not end the process on a GPU.
    """
    yes = torch.log(probabilities.clamp(min=1e-38))
    no = torch.log((1 - probabilities).clamp(min=1e-38))
    return -torch.mean(target * yes + (1 - target) * no)


def weighted_bce_with_logits(
    logits: torch.Tensor, target: torch.Tensor, pos_weight: float
) -> torch.Tensor:
    """Cross entropy of yes and no, where a yes counts `pos_weight` times."""
    yes, no = functional.logsigmoid(logits), functional.logsigmoid(-logits)
    return -torch.mean(pos_weight * target * yes + (1 - target) * no)


def focal_loss(
    logits: torch.Tensor, target: torch.Tensor, gamma: float = 2.0
) -> torch.Tensor:
    """Focal loss of classes (Lin, 2017): `N x C x ...` against integers `N x ...`."""
    cross_entropy = functional.cross_entropy(logits, target, reduction="none")
    wrong = (1 - torch.exp(-cross_entropy)).clamp(min=1e-12)  # a root has no slope at 0
    return torch.mean(wrong**gamma * cross_entropy)


def binary_focal_loss(
    logits: torch.Tensor, target: torch.Tensor, gamma: float = 2.0, alpha: float = 0.0
) -> torch.Tensor:
    """Focal loss of yes and no (Lin, 2017); `alpha` weighs yes, where it is not 0."""
    cross_entropy = functional.binary_cross_entropy_with_logits(
        logits, target, reduction="none"
    )
    p = torch.sigmoid(logits)
    wrong = (target * (1 - p) + (1 - target) * p).clamp(min=1e-12)
    balance = alpha * target + (1 - alpha) * (1 - target) if alpha else 1.0
    return torch.mean(balance * wrong**gamma * cross_entropy)


def binary_dice_loss(
    logits: torch.Tensor, target: torch.Tensor, smooth: float = 1.0
) -> torch.Tensor:
    """One minus the overlap in each channel, `N x C x ...` both (Milletari, 2016)."""
    first = min(2, logits.dim() - 1)
    p, t = torch.sigmoid(logits).flatten(first), target.flatten(first)
    overlap = 2 * (p * t).sum(-1) + smooth
    return torch.mean(1 - overlap / (p.sum(-1) + t.sum(-1) + smooth))


def dice_loss(
    logits: torch.Tensor, target: torch.Tensor, smooth: float = 1.0
) -> torch.Tensor:
    """One minus the overlap of classes: `N x C x ...` against integers `N x ...`."""
    p = torch.softmax(logits, dim=1).unsqueeze(-1).flatten(2)
    one_hot = functional.one_hot(target, logits.shape[1])
    t = one_hot.movedim(-1, 1).unsqueeze(-1).flatten(2)
    overlap = 2 * (p * t).sum(-1) + smooth
    return torch.mean(1 - overlap / (p.sum(-1) + t.sum(-1) + smooth))


def ctc_loss(
    logits: torch.Tensor,
    target: torch.Tensor,
    blank: int = 0,
    zero_infinity: bool = False,
) -> torch.Tensor:
    """CTC of steps `N x T x C` and texts `N x S` filled with blanks (Graves, 2006)."""
    steps = torch.full((logits.shape[0],), logits.shape[1], device=target.device)
    log_probabilities = torch.log_softmax(logits, dim=-1).transpose(0, 1)
    letters = (target != blank).sum(1)
    return functional.ctc_loss(
        log_probabilities, target, steps, letters, blank, zero_infinity=zero_infinity
    )


def gaussian_kl(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """Divergence from the standard normal, summed over a sample (Kingma, 2013)."""
    divergence = -0.5 * (1 + log_variance - mean**2 - torch.exp(log_variance))
    return torch.mean(divergence.flatten(1).sum(1))


def contrastive_loss(
    a: torch.Tensor, b: torch.Tensor, target: torch.Tensor, margin: float = 1.0
) -> torch.Tensor:
    """Distances of pairs `N x D`, near where the target `N` is above 0, else apart.

    Hadsell et al., Dimensionality Reduction by Learning an Invariant Mapping, 2006.
    """
    distance = functional.pairwise_distance(a, b)
    missing = torch.relu(margin - distance)
    return 0.5 * torch.mean(torch.where(target > 0, distance**2, missing**2))

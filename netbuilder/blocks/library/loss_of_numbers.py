"""Losses of numbers, of distributions and of embeddings."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from netbuilder.blocks.ports import PREDICTION, TRUE_NUMBERS
from netbuilder.blocks.spec import BATCH, Arg, Call, Epsilon, Port, TensorSpec, function, param
from netbuilder.blocks.targets import Loss, Margin, numbers_like, require_equal, require_one_each, require_pair

_Positive = Annotated[float, Field(ge=1e-6, le=1e6)]
_ALIKE = Port(
    "target", help="1 for two of a kind, 0 for two that differ: N.", dtype=None, optional=True, truth="labels"
)
_EMBEDDINGS = tuple(Port(name, help="Embeddings.", rank=2, layout="N × features") for name in ("a", "b"))
_PAIR = (TensorSpec((BATCH, 12)), TensorSpec((BATCH, 12)), TensorSpec((BATCH,), "int64", 2))


class MSE(Loss):
    """Punish the squared distance between prediction and target.

    loss = mean((prediction − target)²). Both of the same shape. The loss for numbers (regression) and for images that
    are rebuilt (autoencoders); large errors count most, so single outliers pull.
    Source: `torch.nn.MSELoss`.
    """

    aliases = ("mean squared error", "l2", "regression", "reconstruction", "criterion")
    inputs = (PREDICTION, TRUE_NUMBERS)

    def lower(self, prediction: TensorSpec, target: TensorSpec) -> Call:
        truth = numbers_like("MSE", "prediction", prediction, target)
        return function("torch.nn.functional.mse_loss", Arg(0), truth)


class L1(Loss):
    """Punish the distance between prediction and target.

    loss = mean(|prediction − target|). Both of the same shape. Like MSE, but every unit of error counts the same:
    robust against outliers, and images come out sharper.
    Source: `torch.nn.L1Loss`.
    """

    aliases = ("mean absolute error", "mae", "regression", "criterion")
    inputs = (PREDICTION, TRUE_NUMBERS)

    def lower(self, prediction: TensorSpec, target: TensorSpec) -> Call:
        truth = numbers_like("L1", "prediction", prediction, target)
        return function("torch.nn.functional.l1_loss", Arg(0), truth)


class SmoothL1(Loss):
    """Punish small errors by their square and large ones by their size.

    loss = mean of d² / (2 beta) where d = |prediction − target| < beta, else d − beta / 2. Both of the same shape.
    Smooth where it is small, as MSE, and calm about outliers, as L1; the loss of bounding boxes.
    Source: `torch.nn.SmoothL1Loss`; Girshick, Fast R-CNN, 2015.
    """

    aliases = ("huber", "regression", "bounding box", "robust", "criterion")
    inputs = (PREDICTION, TRUE_NUMBERS)

    beta: _Positive = param(1.0, help="Error at which the square turns into a line.")

    def lower(self, prediction: TensorSpec, target: TensorSpec) -> Call:
        truth = numbers_like("SmoothL1", "prediction", prediction, target)
        return function("torch.nn.functional.smooth_l1_loss", Arg(0), truth, beta=self.beta)


class Huber(Loss):
    """Punish small errors by half their square, and large ones by as steep a line.

    loss = mean of d² / 2 where d = |prediction − target| < delta, else delta · (d − delta / 2): delta times SmoothL1.
    Both of the same shape. For regression with outliers, and for values in reinforcement learning.
    Source: `torch.nn.HuberLoss`; Huber, Robust Estimation of a Location Parameter, 1964.
    """

    aliases = ("smooth l1", "regression", "robust", "reinforcement learning", "criterion")
    inputs = (PREDICTION, TRUE_NUMBERS)

    delta: _Positive = param(1.0, help="Error at which the square turns into a line.")

    def lower(self, prediction: TensorSpec, target: TensorSpec) -> Call:
        truth = numbers_like("Huber", "prediction", prediction, target)
        return function("torch.nn.functional.huber_loss", Arg(0), truth, delta=self.delta)


class PoissonNLL(Loss):
    """Predict counts.

    loss = mean(exp(x) − target · x) with x the logarithm of the rate; without log_input, mean(x − target · log(x +
    eps)) with x the rate itself, where one below 0 counts as 0. Both of the same shape, the target whole numbers as
    float. For how often something happens: calls in an hour, photons on a pixel.
    Source: `torch.nn.PoissonNLLLoss`.
    """

    aliases = ("counts", "rate", "regression", "criterion")
    inputs = (PREDICTION, TRUE_NUMBERS)

    log_input: bool = param(True, help="The prediction is the logarithm of the rate.")
    full: bool = param(False, help="Add Stirling's approximation of the term that is the same for all predictions.")
    eps: Epsilon = param(1e-8, help="Keeps the logarithm of a rate of 0 finite.")

    def lower(self, prediction: TensorSpec, target: TensorSpec) -> Call:
        require_equal("PoissonNLL", "prediction", prediction, target)
        rate = Arg(0) if self.log_input else function("torch.clamp", Arg(0), min=0.0)
        return function(
            "torch.nn.functional.poisson_nll_loss", rate, Arg(1), log_input=self.log_input, full=self.full, eps=self.eps
        )


class KLDiv(Loss):
    """Measure how far a predicted distribution is from another.

    loss = Σ target · (log target − log_probabilities) / N: the Kullback-Leibler divergence. Both `N × C` or `N × …`;
    the first from LogSoftmax, the target probabilities, where one below 0 counts as 0. For distillation: a small
    network learns what a large one says.
    Source: `torch.nn.KLDivLoss`, with reduction batchmean.
    """

    aliases = ("kullback leibler", "distillation", "divergence", "criterion")
    takes = "log-probabilities"
    inputs = (
        Port("log_probabilities", help="Logarithms of probabilities, as from LogSoftmax.", rank=(2, 8)),
        Port("target", help="Probabilities of the same shape.", rank=(2, 8), truth="numbers"),
    )

    def lower(self, log_probabilities: TensorSpec, target: TensorSpec) -> Call:
        require_equal("KLDiv", "log_probabilities", log_probabilities, target)
        probabilities = function("torch.clamp", Arg(1), min=0.0)
        return function("torch.nn.functional.kl_div", Arg(0), probabilities, reduction="batchmean")


class GaussianKL(Loss):
    """Keep the code of a variational autoencoder near a normal distribution.

    loss = −½ Σ (1 + log_variance − mean² − exp(log_variance)), summed over the code and averaged over the batch: how
    far the normal distribution of each sample's code is from the one with mean 0 and variance 1. Both `N × D`. Beside a
    reconstruction loss; its weight is the β of a β-VAE, and wants to be small where that loss is a mean over pixels.
    Source: Kingma & Welling, Auto-Encoding Variational Bayes, 2013; Higgins et al., beta-VAE, 2017.
    """

    aliases = ("vae", "kl divergence", "variational", "beta-vae", "criterion")
    inputs = (
        Port("mean", help="Means of the code.", rank=(2, 8)),
        Port("log_variance", help="Logarithms of its variances, of the same shape.", rank=(2, 8)),
    )

    def lower(self, mean: TensorSpec, log_variance: TensorSpec) -> Call:
        require_pair("GaussianKL", mean, log_variance, "log_variance")
        return function("netbuilder.nn.gaussian_kl", Arg(0), Arg(1))


class Cosine(Loss):
    """Turn embeddings of a kind the same way, and others apart.

    loss = mean of 1 − cos(a, b) for pairs of a kind, and max(0, cos(a, b) − margin) for others, which the target tells:
    1 or 0. Without a target all pairs are of a kind. Embeddings `N × D`, target `N`. Lengths do not matter: for texts,
    and for learning without labels.
    Source: `torch.nn.CosineEmbeddingLoss`.
    """

    aliases = ("cosine similarity", "embedding", "siamese", "angle", "criterion")
    inputs = (*_EMBEDDINGS, _ALIKE)
    example_inputs = _PAIR

    margin: Annotated[float, Field(ge=-1.0, le=1.0)] = param(0.0, help="Similarity up to which others count nothing.")

    def lower(self, a: TensorSpec, b: TensorSpec, target: TensorSpec | None = None) -> Call:
        require_pair("Cosine", a, b, "b")
        if target is None:
            similarity = function("torch.nn.functional.cosine_similarity", Arg(0), Arg(1))
            return function("torch.mean", function("operator.sub", 1, similarity))
        require_one_each("Cosine", target)
        sign = function("torch.where", function("torch.gt", Arg(2), 0), 1, -1)
        return function("torch.nn.functional.cosine_embedding_loss", Arg(0), Arg(1), sign, margin=self.margin)


class Contrastive(Loss):
    """Pull embeddings of a kind together and push others a margin apart.

    loss = ½ mean(t · d² + (1 − t) · max(0, margin − d)²), with d the distance of a and b, and t 1 for two of a kind,
    else 0. Embeddings `N × D`, target `N`. The loss of siamese networks: is it the same face, the same signature?
    Source: Hadsell et al., Dimensionality Reduction by Learning an Invariant Mapping, 2006.
    """

    aliases = ("siamese", "embedding", "similarity", "verification", "criterion")
    inputs = (*_EMBEDDINGS, replace(_ALIKE, optional=False))
    example_inputs = _PAIR

    margin: Margin = param(1.0, help="Distance from which others count nothing.")

    def lower(self, a: TensorSpec, b: TensorSpec, target: TensorSpec) -> Call:
        require_pair("Contrastive", a, b, "b")
        require_one_each("Contrastive", target)
        return function("netbuilder.nn.contrastive_loss", Arg(0), Arg(1), Arg(2), margin=self.margin)


class TripletMargin(Loss):
    """Bring an embedding nearer to one of its kind than to any other, by a margin.

    loss = mean(max(0, d(anchor, positive) − d(anchor, negative) + margin)), with d the p-norm distance. All `N × D`:
    three branches with shared weights. For recognising faces and for search, where there are too many classes to name.
    Source: `torch.nn.TripletMarginLoss`; Schroff et al., FaceNet, 2015.
    """

    aliases = ("facenet", "embedding", "metric learning", "siamese", "criterion")
    inputs = (
        Port("anchor", help="Embeddings.", rank=2, layout="N × features"),
        Port("positive", help="Embeddings of the same kind as the anchor.", rank=2, layout="N × features"),
        Port("negative", help="Embeddings of another kind.", rank=2, layout="N × features"),
    )

    margin: _Positive = param(1.0, help="By how much the other kind has to be farther away.")
    p: Annotated[float, Field(ge=1.0, le=16.0)] = param(2.0, help="Norm of the distance; 2 is the usual one.")
    swap: bool = param(False, help="Take the distance of positive and negative where it is smaller than the anchor's.")

    def lower(self, anchor: TensorSpec, positive: TensorSpec, negative: TensorSpec) -> Call:
        require_pair("TripletMargin", anchor, positive, "positive")
        require_pair("TripletMargin", anchor, negative, "negative")
        return function(
            "torch.nn.functional.triplet_margin_loss",
            Arg(0),
            Arg(1),
            Arg(2),
            margin=self.margin,
            p=self.p,
            swap=self.swap,
        )

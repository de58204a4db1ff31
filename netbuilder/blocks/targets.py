"""Whether predictions and targets go together: what losses and metrics have in common."""

from __future__ import annotations

from netbuilder.blocks.spec import Insert, Mismatch, Resize, Suggestion, TensorSpec


def require_labels(block: str, logits: TensorSpec, target: TensorSpec) -> None:
    """Raise `Mismatch` unless logits `N × C × …` score the C classes of integer labels `N × …`."""
    if target.dtype != "int64":
        raise Mismatch(
            f"{block} compares scores with class labels, which are integers; the target is {target.dtype}, {target}. "
            "Wire a label into it, or take MSE for numbers.",
            port="target",
            code="label-mismatch",
        )
    if logits.shape[:1] + logits.shape[2:] != target.shape:
        raise Mismatch(
            f"{block} needs one score per class, N × classes{' × …' if target.rank > 1 else ''}, for each label of the "
            f"target {target}; the logits are {logits}.",
            port="logits",
            code="label-mismatch",
            suggestions=(Insert("Flatten"),) if logits.rank > 2 and target.rank == 1 else (),
        )
    classes = logits.size(1)
    if target.num_classes is not None and classes != target.num_classes:
        raise Mismatch(
            f"The target has {target.num_classes} classes and the logits {logits} have scores for {classes}: "
            f"the last layer needs {target.num_classes} outputs.",
            port="logits",
            code="label-mismatch",
            suggestions=(Resize(target.num_classes),),
        )


def require_equal(block: str, port: str, prediction: TensorSpec, target: TensorSpec) -> None:
    """Raise `Mismatch` unless prediction and target are numbers of the same shape."""
    if target.dtype != "float32":
        raise Mismatch(
            f"{block} compares numbers, and the target is class labels ({target.dtype}, {target}): "
            "take CrossEntropy for labels.",
            port="target",
            code="label-mismatch",
        )
    if prediction.shape != target.shape:
        raise Mismatch(
            f"{block} compares element by element, so both have to have the same shape: the {port} is {prediction} and "
            f"the target {target}.",
            port=port,
            suggestions=_ways_to(prediction, target),
        )


def _ways_to(prediction: TensorSpec, target: TensorSpec) -> list[Suggestion]:
    if prediction.shape[:1] != target.shape[:1]:
        return []
    if prediction.numel() == target.numel():
        return [Insert("Reshape", (("shape", target.shape[1:]),))]
    if prediction.rank > 2 and target.rank <= 2:
        return [Insert("Flatten")]
    axis = 1 if target.rank == 4 else target.rank - 1
    features = target.shape[axis]
    alike = prediction.rank == target.rank and all(
        a == b for i, (a, b) in enumerate(zip(prediction.shape, target.shape, strict=True)) if i != axis
    )
    return [Resize(features)] if alike and isinstance(features, int) else []

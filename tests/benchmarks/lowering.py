"""What it takes to learn all shapes of a large network, cold and after an edit.

Run it: `python tests/benchmarks/lowering.py`.

Cold, no layer has been seen before; torch is loaded and warm. The edit is the one that costs most: a parameter of a
block inside of the group of which most of the network is made, another value each time. Printed are medians of
milliseconds.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from netbuilder.compiler.infer import infer
from netbuilder.compiler.lower import Memo, lower
from netbuilder.examples import find
from netbuilder.graph.edits import SetParameter
from netbuilder.graph.files import load
from netbuilder.graph.project import Project

ROUNDS = 15
EDITS = {
    "gpt2_small": ("GPTBlock", "norm1", "eps"),
    "bert_base": ("BERTLayer", "norm1", "eps"),
    "resnet50": ("Bottleneck", "norm3", "eps"),
    "densenet121": ("NormActConv", "norm", "eps"),
}
"""Group, block and parameter that is changed."""


def cold(project: Project) -> float:
    """Return the milliseconds of a first lowering."""
    infer.cache_clear()
    start = time.perf_counter()
    lower(project)
    return 1e3 * (time.perf_counter() - start)


def edited(project: Project, group_name: str, block: str, parameter: str) -> list[float]:
    """Return the milliseconds of the lowering after each of several edits inside of a group."""
    (group,) = (group for group, definition in project.groups.items() if definition.name == group_name)
    node = project.groups[group].graph.named(block)
    assert node is not None
    memo: Memo = {}
    lower(project, memo)
    times: list[float] = []
    for turn in range(ROUNDS):
        SetParameter(node.id, parameter, 1e-6 * (turn + 2), group).apply(project)
        start = time.perf_counter()
        lower(project, memo)
        times.append(1e3 * (time.perf_counter() - start))
    return times


def main() -> None:
    """Measure and print."""
    lower(load(find("lenet5").path))
    for name, edit in EDITS.items():
        project = load(find(name).path)
        first = statistics.median(cold(project) for _ in range(ROUNDS))
        again = statistics.median(edited(project, *edit))
        print(f"{name:>12}: cold {first:5.1f} ms, after an edit inside of {edit[0]} {again:5.1f} ms")


if __name__ == "__main__":
    main()

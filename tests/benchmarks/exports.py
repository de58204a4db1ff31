"""What it takes to export and prove each architecture, untrained but alive.

Run it: `python tests/benchmarks/exports.py [NAME ...]`.

The test suite exports the smaller ones; here are all, one after the other, each in a process of its own. Printed are
seconds, the size of the file, the most memory that the process had, how far outputs of two samples are apart, and the
largest difference from torch at each batch size.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from netbuilder.examples import examples, find
from netbuilder.graph.files import load


def export_one(name: str) -> None:
    """Export an example to a file that is thrown away, and print what it took."""
    from netbuilder.compiler.lower import lower
    from netbuilder.exchange.onnx_export import export
    from tests.exchange.networks import lively, variation

    program = lower(load(find(name).path)).program
    assert program is not None, f"{name} opens without an error"
    network = lively(program.only("output"))
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        report = export(program, network, Path(folder) / f"{name}.onnx")
        seconds = time.perf_counter() - start
        size = report.path.stat().st_size / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    moved = variation(program.only("output"), network)
    proof = ", ".join(f"{difference:.0e} at {batch}" for batch, difference in report.max_abs_diff.items())
    print(
        f"{name:>16}: {seconds:6.1f} s, {size:6.1f} MB, at most {peak:4.1f} GB of memory; "
        f"outputs {moved:.2g} apart, {proof}",
        flush=True,
    )


def main() -> None:
    """Export what was named, or all architectures; end with 1 where one could not be."""
    failed = 0
    for name in sys.argv[1:] or [example.name for example in examples("architecture")]:
        process = multiprocessing.get_context("spawn").Process(target=export_one, args=(name,))
        process.start()
        process.join()
        failed += process.exitcode != 0
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

"""Numbers as a person reads them: `4,640`, `148 K`, `2.0 KiB`, `0.0603`."""

from __future__ import annotations

FLOPS_HELP = (
    "Floating-point operations, forward, for one sample: a multiplication and an addition for each step of a matrix "
    "product, a convolution, a recurrence or of attention. What is done to each element by itself is not counted."
)
"""What is said of FLOPs wherever they are shown; `netbuilder.compiler.program.Cost` counts them."""


def count(number: int) -> str:
    """Return a count in full, its thousands apart."""
    return f"{number:,}"


def short(number: float) -> str:
    """Return a count in three or four characters and a letter: `148 K`, `1.1 M`."""
    return _scaled(number, 1000, ("", "K", "M", "G", "T", "P"))


def memory(size: float) -> str:
    """Return bytes in the unit that suits them: `64 B`, `2.0 KiB`."""
    return _scaled(size, 1024, ("B", "KiB", "MiB", "GiB", "TiB", "PiB"))


def measure(value: float) -> str:
    """Return a loss or a metric with three figures that mean something: `0.060`, `2.31`, `1.5e-05`."""
    if value != value:
        return "NaN"
    size = abs(value)
    if size and (size < 1e-3 or size >= 1e5):
        return f"{value:.2g}"
    return f"{value:.3f}" if size < 10 else f"{value:.4g}"


def _scaled(number: float, base: int, units: tuple[str, ...]) -> str:
    at = 0
    while abs(number) >= base and at + 1 < len(units):
        number, at = number / base, at + 1
    is_whole = at == 0 or abs(number) >= (10 if base == 1000 else 100)
    return f"{number:.{0 if is_whole else 1}f} {units[at]}".strip()

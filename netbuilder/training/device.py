"""Which device a run trains on."""

from __future__ import annotations

import torch

from netbuilder.diagnostics import NetbuilderError

_ALL_THREADS = torch.get_num_threads()
_FLOPS_WORTH_A_THREAD = 100_000_000


def resolve(name: str) -> torch.device:
    """Return the device of this name, with its number; "auto" is a GPU where there is one. Raises `NetbuilderError`."""
    if name == "auto":
        return resolve(next((kind for kind in ("cuda", "mps") if _count(kind)), "cpu"))
    kind, _, number = name.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (number and not number.isdecimal()):
        raise NetbuilderError(f"There is no device “{name}”; choose auto, cpu, cuda, cuda:0 or mps.")
    count = _count(kind)
    if not count:
        what = "CUDA GPU" if kind == "cuda" else "Apple GPU (mps)"
        raise NetbuilderError(f"PyTorch finds no {what} on this machine; choose auto or cpu.")
    if int(number or 0) >= count:
        raise NetbuilderError(f"There is no {name} on this machine; the last is {kind}:{count - 1}.")
    return torch.device("cuda", int(number or 0)) if kind == "cuda" else torch.device(kind)


def threads_for(step_flops: int) -> int:
    """Return how many threads a training on the CPU is given; a step that is soon done is done sooner by one.

    The network and the batch size decide, so a seed gives the same numbers each time. On two cores with two other
    programs at work, the digits example takes 30 times as long with two threads as with one, which waits for nobody.
    """
    return max(1, min(_ALL_THREADS, step_flops // _FLOPS_WORTH_A_THREAD))


def describe(device: torch.device, threads: int) -> str:
    """Name a device for people: `cpu · 2 threads`, `cuda:0 · NVIDIA H200`."""
    if device.type == "cuda":
        return f"{device} · {torch.cuda.get_device_name(device)}"
    if device.type == "mps":
        return "mps · Apple GPU"
    return f"cpu · {threads} thread{'s' if threads > 1 else ''}"


def _count(kind: str) -> int:
    if kind == "cuda":
        return torch.cuda.device_count() if torch.cuda.is_available() else 0
    return 1 if kind == "cpu" or torch.backends.mps.is_available() else 0

"""Which device a run trains on."""

from __future__ import annotations

import torch

from netbuilder.diagnostics import NetbuilderError


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


def describe(device: torch.device) -> str:
    """Name a device for people: `cpu · 2 threads`, `cuda:0 · NVIDIA H200`."""
    if device.type == "cuda":
        return f"{device} · {torch.cuda.get_device_name(device)}"
    if device.type == "mps":
        return "mps · Apple GPU"
    threads = torch.get_num_threads()
    return f"cpu · {threads} thread{'s' if threads > 1 else ''}"


def _count(kind: str) -> int:
    if kind == "cuda":
        return torch.cuda.device_count() if torch.cuda.is_available() else 0
    return 1 if kind == "cpu" or torch.backends.mps.is_available() else 0

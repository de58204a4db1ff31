"""Asking whether something fits into memory, beforehand: a refusal is a sentence, an overrun ends the process."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import psutil
import torch

from netbuilder.diagnostics import NetbuilderError

_CONTAINER_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def require_memory(bytes_needed: int, what: str, device: torch.device | None = None) -> None:
    """Raise `NetbuilderError` where less memory is free than `what` takes: “Building the network”.

    Memory is the machine's or, where it is less, what the container leaves to this process; for a CUDA device its own.
    """
    available, where = _available(device)
    if bytes_needed > available:
        needed, free = (f"{size / 1e9:,.1f} GB" for size in (bytes_needed, available))
        raise NetbuilderError(f"{what} takes {needed} of memory, and only {free} is free{where}.")


def _available(device: torch.device | None) -> tuple[int, str]:
    if device is not None and device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return free + cached, f" on {device}"
    limits = [psutil.virtual_memory().available]
    for file in _CONTAINER_LIMITS:
        with suppress(OSError, ValueError):  # no such control group, or the word “max” for no limit
            limits.append(max(0, int(file.read_text()) - psutil.Process().memory_info().rss))
    return min(limits), ""

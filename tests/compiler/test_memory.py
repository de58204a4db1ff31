"""What does not fit is refused in a sentence, before it is allocated."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
import torch

from netbuilder.compiler import memory
from netbuilder.compiler.memory import require_memory
from netbuilder.diagnostics import NetbuilderError


def test_what_fits_passes() -> None:
    require_memory(10**6, "Building the network")
    require_memory(10**6, "Building the network", torch.device("cpu"))


def test_what_does_not_fit_is_refused_with_both_figures() -> None:
    total = psutil.virtual_memory().total
    with pytest.raises(NetbuilderError) as caught:
        require_memory(total * 10, "Building the network")
    sentence = str(caught.value)
    assert sentence.startswith(f"Building the network takes {total / 1e8:,.1f} GB of memory, and only ")
    assert sentence.endswith(" GB is free.")


@pytest.mark.parametrize(("limit", "refused"), [("1000", True), ("max", False), (str(2**62), False)])
def test_a_container_may_have_less_than_its_machine(
    limit: str, refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "memory.max"
    file.write_text(f"{limit}\n")
    monkeypatch.setattr(memory, "_CONTAINER_LIMITS", (tmp_path / "missing", file))
    if refused:
        with pytest.raises(NetbuilderError, match=r"and only 0\.0 GB is free"):
            require_memory(10**6, "Building the network")
    else:
        require_memory(10**6, "Building the network")

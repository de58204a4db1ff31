"""How printed code is laid out: as `ruff format` does where it is told nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from netbuilder import assets
from netbuilder.compiler.source import source
from netbuilder.graph.files import load
from tests.drawing import program_of


def test_the_code_of_every_example_is_as_ruff_formats_it(tmp_path: Path) -> None:
    for path in sorted(assets.examples().glob("*.netb")):
        (tmp_path / f"{path.stem}.py").write_text(source(program_of(load(path))), encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache", "--diff", str(tmp_path)]
    result = subprocess.run(ruff, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    assert result.returncode == 0, result.stdout + result.stderr

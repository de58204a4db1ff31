"""What stands at the top of the repository, and what travels with the program when it is installed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from netbuilder.cli import VERBS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_top_level_is_what_it_is_meant_to_be() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    top = {line.split("/")[0] for line in listed.splitlines()}
    named = {name for name in top if not name.startswith(".")}
    assert named == {"LICENSE", "README.md", "examples", "netbuilder", "pyproject.toml", "resources", "tests"}


def test_the_readme_begins_with_a_picture_and_two_commands_of_one_line_each() -> None:
    picture, *_ = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert (ROOT / picture).is_file()
    demo, tests, *_ = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    assert demo.endswith(" && .venv/bin/netbuilder demo\n")
    assert tests.endswith(" && .venv/bin/python -m pytest -n 2\n")
    for command in (demo, tests):
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install -q ")
        assert command.count("\n") == 1


def test_the_readme_names_every_verb_and_every_option() -> None:
    for verb in VERBS:
        assert f"`netbuilder {verb.name}" in README
        for option in (name for each in verb.arguments for name in each.names if name.startswith("--")):
            assert option in README or option in ("--out", "--weights"), f"{verb.name} {option}"


def test_the_installed_program_finds_its_examples_and_fonts_from_anywhere(tmp_path: Path) -> None:
    script = """
from netbuilder import assets, examples
from netbuilder.graph.files import load
for example in examples.examples():
    assert load(example.path).graph, example.name
assert list((assets.resources() / "fonts").glob("Inter-*"))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_font_travels_with_its_licence() -> None:
    fonts = ROOT / "resources" / "fonts"
    families = {path.name.split("-")[0] for path in fonts.iterdir() if path.suffix in (".otf", ".ttf")}
    assert families
    assert all((fonts / f"{family}-OFL.txt").is_file() for family in families)

"""The house has one-way layers: who may import whom, read from the source, and tried once for real.

Every import counts, also one inside a function or for the type checker alone; what loads torch counts as it runs.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import netbuilder

PACKAGE = Path(netbuilder.__file__).parent

BELOW: dict[str, set[str]] = {
    "diagnostics": set(),
    "assets": set(),
    "examples": {"assets", "diagnostics"},
    "atomic": {"diagnostics"},
    "graph": {"diagnostics", "atomic"},
    "blocks": {"diagnostics"},
    "nn": set(),
    "compiler": {"blocks", "graph", "diagnostics", "nn"},
    "exchange": {"compiler", "blocks", "graph", "diagnostics", "atomic", "nn"},
    "data": {"blocks", "graph", "diagnostics", "atomic"},
    "training": {"data", "exchange", "compiler", "blocks", "graph", "diagnostics", "atomic"},
    "ui": {
        "training",
        "data",
        "exchange",
        "compiler",
        "blocks",
        "graph",
        "diagnostics",
        "atomic",
        "assets",
        "examples",
    },
}
"""Part of the package -> the parts that it may import. The command line, on top, may import every one."""

TOP = {"cli", "commands", "__main__"}

TORCH = {"torch", "torchmetrics", "torchvision", "onnx", "onnxscript", "onnxruntime", "safetensors", "sklearn"}
QT = {"PySide6", "pyqtgraph", "superqt", "qtawesome", "shiboken6"}

FORBIDDEN: dict[str, set[str]] = {
    "diagnostics": TORCH | QT | {"networkx", "pydantic", "numpy"},
    "graph": TORCH | QT | {"pydantic", "numpy"},
    "blocks": TORCH | QT | {"networkx", "numpy"},
    "compiler": QT,
    "exchange": QT,
    "data": QT,
    "training": QT,
    "ui": TORCH,
}
"""Part of the package -> libraries that it never imports, wherever in a file."""


@dataclass(frozen=True)
class Import:
    """One import statement: `at_load` says that it runs when its module is imported."""

    module: str
    line: int
    at_load: bool


def modules() -> dict[str, Path]:
    """Return every module of the package by its dotted name."""
    found: dict[str, Path] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ("netbuilder", *path.relative_to(PACKAGE).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def part(module: str) -> str:
    """Return the part of the package that a module belongs to: `netbuilder.graph.model` belongs to `graph`."""
    return module.split(".")[1] if "." in module else ""


def _walk(tree: ast.AST, at_load: bool) -> Iterator[Import]:
    for node in ast.iter_child_nodes(tree):
        inside = at_load and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        match node:
            case ast.Import(names=names):
                yield from (Import(alias.name, node.lineno, at_load) for alias in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from (Import(f"{module}.{alias.name}", node.lineno, at_load) for alias in names)
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), body=body, orelse=rest):
                yield from (each for statement in body for each in _walk(ast.Module([statement], []), False))
                yield from (each for statement in rest for each in _walk(ast.Module([statement], []), inside))
            case _:
                yield from _walk(node, inside)


@cache
def imports(module: str) -> tuple[Import, ...]:
    """Return every import in a module; for one of ours by the module itself, not a name in it."""
    found = _walk(ast.parse(MODULES[module].read_text(encoding="utf-8")), True)
    return tuple(Import(_ours(each.module) or each.module, each.line, each.at_load) for each in found)


def _ours(name: str) -> str | None:
    return next((known for known in (name, name.rpartition(".")[0]) if known in MODULES), None)


def loads(module: str, libraries: set[str]) -> list[str]:
    """Return the chain of imports by which importing the module loads one of the libraries; empty if it does not."""
    seen: set[str] = set()
    chains = [[module]]
    while chains:
        chain = chains.pop()
        parents = [".".join(chain[-1].split(".")[:length]) for length in range(1, chain[-1].count(".") + 1)]
        at_load = [each.module for each in imports(chain[-1]) if each.at_load]
        for name in (*at_load, *parents):
            if name.split(".")[0] in libraries:
                return [*chain, name]
            if name in MODULES and name not in seen:
                seen.add(name)
                chains.append([*chain, name])
    return []


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_one_way(module: str) -> None:
    mine = part(module)
    if mine in TOP:
        return
    allowed = BELOW[mine] | {mine, ""} if mine else set[str]()
    wrong = [
        f"{module}:{each.line} imports {each.module}"
        for each in imports(module)
        if each.module.split(".")[0] == "netbuilder" and part(each.module) not in allowed
    ]
    assert not wrong


@pytest.mark.parametrize("module", MODULES)
def test_libraries_stay_in_their_layers(module: str) -> None:
    forbidden = FORBIDDEN.get(part(module), set())
    wrong = [
        f"{module}:{each.line} imports {each.module}"
        for each in imports(module)
        if each.module.split(".")[0] in forbidden
    ]
    assert not wrong


@pytest.mark.parametrize("module", [name for name in MODULES if part(name) in {"ui", *TOP}])
def test_the_window_and_the_command_line_start_without_torch(module: str) -> None:
    assert not loads(module, TORCH)


@pytest.mark.parametrize("module", [name for name in MODULES if part(name) in TOP])
def test_the_command_line_starts_without_qt(module: str) -> None:
    assert not loads(module, QT)


def test_every_part_of_the_package_has_its_place() -> None:
    assert {part(module) for module in MODULES} - {""} == set(BELOW) | TOP


def test_the_rules_have_no_circle() -> None:
    ready: set[str] = set()
    while len(ready) < len(BELOW):
        more = {name for name, below in BELOW.items() if below <= ready} - ready
        assert more, "these wait for each other: " + ", ".join(sorted(BELOW.keys() - ready))
        ready |= more


IMPORT_WITHOUT = """
import importlib, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked}:
            raise ImportError(f"{{name}} is blocked")

sys.meta_path.insert(0, Blocked())
for name in {modules}:
    importlib.import_module(name)
assert not {blocked} & set(sys.modules)
"""


def _import_without(blocked: set[str], names: list[str]) -> None:
    script = IMPORT_WITHOUT.format(blocked=blocked, modules=names)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_everything_but_the_window_imports_without_qt() -> None:
    _import_without(QT, [name for name in MODULES if part(name) != "ui" and name != "netbuilder.__main__"])


def test_the_window_imports_without_torch() -> None:
    _import_without(TORCH, [name for name in MODULES if part(name) == "ui"])

"""`examples`, `new`, `check`, `code`: project files."""

from __future__ import annotations

import keyword
from argparse import Namespace
from pathlib import Path
from typing import Any

from netbuilder.atomic import atomic_write
from netbuilder.commands.output import print_json, print_table
from netbuilder.compiler.program import Program
from netbuilder.compiler.text import class_name
from netbuilder.diagnostics import Diagnostic, NetbuilderError, one_line
from netbuilder.examples import examples as bundled
from netbuilder.examples import find
from netbuilder.graph.files import load, save
from netbuilder.graph.model import NodeId
from netbuilder.graph.project import Project
from netbuilder.training.sections import section_problems


def examples(given: Namespace) -> None:
    """List the bundled examples."""
    if given.json:
        listed = [{"name": each.name, "title": each.title, "description": each.description} for each in bundled()]
        print_json({"examples": listed})
        return
    print_table([(each.name, each.title, each.description) for each in bundled()])
    print("\nnetbuilder new --example NAME FILE.netb")


def new(given: Namespace) -> None:
    """Write a new project file, never over another."""
    project = load(find(given.example).path) if given.example else Project()
    if given.file.exists():
        raise NetbuilderError(f"{given.file} is there already; give the new project another name.")
    save(project, given.file)
    print(f"{given.file} is written; open it with: netbuilder {given.file}")


def check(given: Namespace) -> None:
    """List all problems of a network, and count it. Raises `NetbuilderError` where there are errors."""
    project = load(given.file)
    from netbuilder.compiler.lower import lower

    lowering = lower(project)
    cost, blocks = lowering.total(), len(project.graph)
    problems = [*lowering.problems(), *section_problems(project)]
    errors = [each for each in problems if each.severity == "error"]
    warnings = [each for each in problems if each.severity == "warning"]
    if given.json:
        print_json(
            {
                "errors": [_as_json(each, project) for each in errors],
                "warnings": [_as_json(each, project) for each in warnings],
                "parameters": cost.parameters,
                "flops": cost.flops,
                "nodes": blocks,
            }
        )
    else:
        print(f"{given.file}: {blocks:,} blocks, {cost.parameters:,} parameters, {cost.flops:,} flops per sample")
        for each in (*errors, *warnings):
            _print(each, project)
    if errors:
        raise NetbuilderError(f"{given.file} has {_count(len(errors), 'error')}.")


def code(given: Namespace) -> None:
    """Print a network as a plain PyTorch module, or write it to a file."""
    text = source_of(given.file)
    if given.out:
        if given.out.exists() and given.out.samefile(given.file):
            raise NetbuilderError(f"{given.out} is the project itself: give the code another name.")
        atomic_write(given.out, text.encode())
        print(f"{given.out} is written.")
    else:
        print(text, end="")


def source_of(file: Path) -> str:
    """Return the PyTorch source of the network in a project file; the class has the file's name."""
    program = program_of(load(file), file)
    from netbuilder.compiler.source import source

    return source(program, _class_name(file.stem))


def program_of(project: Project, file: Path) -> Program:
    """Return the program of a project; `NetbuilderError` with the first error where there is none."""
    from netbuilder.compiler.lower import lower

    lowering = lower(project)
    if lowering.program is None:
        first, *others = (each for each in lowering.problems() if each.severity == "error")
        more = f" (and {_count(len(others), 'more error')}: netbuilder check {file})" if others else ""
        raise NetbuilderError(f"{file}: {first.message}{more}")
    return lowering.program


def _as_json(diagnostic: Diagnostic, project: Project) -> dict[str, Any]:
    return {
        "code": diagnostic.code,
        "message": diagnostic.message,
        "node": _name(diagnostic, project),
        "port": diagnostic.port,
    }


def _print(diagnostic: Diagnostic, project: Project) -> None:
    place = ".".join(part for part in (_name(diagnostic, project), diagnostic.port or diagnostic.parameter) if part)
    sentence = one_line(f"{place}: {diagnostic.message}" if place else diagnostic.message)
    print(f"  {diagnostic.severity} {sentence} [{diagnostic.code}]")
    for fix in diagnostic.fixes:
        print(f"    can be fixed: {one_line(fix.title)}")


def _name(diagnostic: Diagnostic, project: Project) -> str | None:
    """Return the name by which people know the node of a diagnostic, after that of the group inside of which it is."""
    if not diagnostic.node:
        return None
    node = NodeId(diagnostic.node)
    group = project.homes[node]
    name = project.sheet(group).graph.node(node).name
    return f"{project.groups[group].name}.{name}" if group else name


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _class_name(stem: str) -> str:
    """Return a file's name as a class name: digits_cnn -> DigitsCnn."""
    name = class_name(stem)
    return name if name.isidentifier() and not keyword.iskeyword(name) else "Network"

"""`blocks`: what the palette holds."""

from __future__ import annotations

from argparse import Namespace
from typing import Any, cast

from netbuilder import assets
from netbuilder.blocks import registry
from netbuilder.blocks.parameters import Parameter, parameters
from netbuilder.blocks.reference import reference
from netbuilder.blocks.spec import Block, Port
from netbuilder.blocks.windows import times
from netbuilder.commands.output import print_json
from netbuilder.compiler.reference import ready_made_reference
from netbuilder.graph.files import SUFFIX, load
from netbuilder.graph.project import Group


def blocks(given: Namespace) -> None:
    """List all blocks with their ports and parameters; as Markdown with all that is said of them."""
    if given.markdown:
        print(reference(), ready_made_reference(_ready_made()), sep="\n", end="")
    if given.json:
        print_json({"blocks": [_as_json(name, block) for name, block in registry.blocks().items()]})
    if given.json or given.markdown:
        return
    for category, members in registry.by_category().items():
        print(category)
        for block in members:
            settings = ", ".join(f"{each.name}={_short(each.default)}" for each in parameters(block))
            print(f"  {block.__name__}({settings})")
            print(f"      {block.purpose()}")


def _ready_made() -> list[Group]:
    """Return the groups that come with the program, each of which has the name of its file."""
    paths = sorted((assets.resources() / "groups").glob(f"*{SUFFIX}"))
    return [group for path in paths for group in load(path).groups.values() if group.name == path.stem]


def _as_json(name: str, block: type[Block]) -> dict[str, Any]:
    return {
        "id": name,
        "category": block.category,
        "help": block.purpose(),
        "inputs": [_port(port) for port in block.inputs],
        "outputs": [_port(port) for port in block.outputs],
        "parameters": [_parameter(each) for each in parameters(block)],
    }


def _port(port: Port) -> dict[str, Any]:
    rank = list(port.rank) if isinstance(port.rank, tuple) else port.rank
    return {
        "name": port.name,
        "help": port.help,
        "rank": rank,
        "layout": port.layout,
        "dtype": port.dtype,
        "variadic": port.variadic,
        "optional": port.optional,
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "type": parameter.kind,
        "default": parameter.default,
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
        "choices": list(parameter.choices),
    }


def _short(default: object) -> str:
    return times(cast("tuple[int, ...]", default)) if isinstance(default, tuple) else str(default)

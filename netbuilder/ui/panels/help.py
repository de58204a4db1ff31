"""A block's declaration as a page to read: its tooltip in the palette and its help in the inspector."""

from __future__ import annotations

import html
import inspect
import re
from collections.abc import Iterable

from netbuilder.blocks.spec import Block, Port
from netbuilder.graph.project import Group


def body(block: type[Block]) -> str:
    """Return what its documentation says after the first line, as HTML: formula, shapes, when to use it,
    where it is from.
    """
    _, _, rest = (inspect.getdoc(block) or "").partition("\n")
    return _html(" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", rest.strip()) if paragraph.strip())


def group_body(group: Group) -> str:
    """Return what the description of a group says after its first paragraph, as HTML."""
    return _html(group.paragraphs()[1:])


def group_tooltip(group: Group, what: str) -> str:
    """Return what is taught about a group, as HTML, of which `what` says whose it is."""
    described = _html(group.paragraphs()) or "<p>It has no description.</p>"
    return f"<p><b>{html.escape(group.name)}</b></p>{described}<p>{html.escape(what)}</p>"


def tooltip(block: type[Block]) -> str:
    """Return what the palette teaches about a block, as HTML."""
    also = f"<p>Also found as: {html.escape(', '.join(block.aliases))}.</p>" if block.aliases else ""
    return f"<p><b>{block.__name__}</b></p><p>{html.escape(block.purpose())}</p>{body(block)}{also}"


def port_tooltip(port: Port) -> str:
    """Say in words what a port is for and what it takes."""
    facts = [port.sizes()] if port.sizes() else []
    if port.dtype is not None:
        facts.append({"float": "measurements", "integer": "whole numbers"}[port.dtype])
    if port.variadic:
        facts.append("several wires")
    if port.optional:
        facts.append("may be left open")
    return f"{port.help} ({', '.join(facts)})".strip() if facts else port.help


def _html(paragraphs: Iterable[str]) -> str:
    return "".join(f"<p>{_code(paragraph)}</p>" for paragraph in paragraphs)


def _code(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))

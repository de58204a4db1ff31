"""Weights shared by tag: blocks of one graph whose parameter `weights` is the same text are one module.

The tag is no parameter of the block: any block with a module may carry it, and any instance of a group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from netbuilder.blocks.parameters import value_in_words
from netbuilder.blocks.spec import Call
from netbuilder.compiler.program import GroupCall, Program
from netbuilder.diagnostics import Diagnostic
from netbuilder.graph.model import Json, Node

WEIGHTS = "weights"
_LONGEST = 100
"""Characters in a tag."""


def tag_of(node: Node) -> str:
    """Return the tag of a node, empty where it has none."""
    tag = node.params.get(WEIGHTS, "")
    return tag if isinstance(tag, str) else ""


def tag_problems(node: Node) -> list[Diagnostic]:
    """Return what is wrong with the tag of a node."""
    tag = node.params.get(WEIGHTS, "")
    if not isinstance(tag, str):
        message = "weights has to be a text: blocks with the same one share their weights."
    elif len(tag) > _LONGEST:
        message = f"weights is a name of at most {_LONGEST} characters."
    elif tag.startswith("="):
        message = "weights is a name, the same for all that share it: it can't be computed."
    else:
        return []
    return [Diagnostic("error", "bad-parameter", message, parameter=WEIGHTS)]


def untagged(params: Mapping[str, Json]) -> dict[str, Json]:
    """Return the parameters without the tag."""
    return {name: value for name, value in params.items() if name != WEIGHTS}


def difference(first: Call | GroupCall, other: Call | GroupCall) -> str:
    """Say what keeps `other` from being a call of the module of `first`, in half a sentence; empty for nothing."""
    if isinstance(first, GroupCall) and isinstance(other, GroupCall) and first.name == other.name:
        return _group_difference(first, other)
    if isinstance(first, Call) and isinstance(other, Call) and first.target == other.target:
        return _setting_difference(first, other)
    return f"it is a {_kind(other)} here and a {_kind(first)} there"


def _group_difference(first: GroupCall, other: GroupCall) -> str:
    if len(first.modules) != len(other.modules):
        return f"it has weights for {_times(other)} here and for {_times(first)} there"
    if first.is_numbered != other.is_numbered:
        here, there = ("computed", "fixed") if other.is_numbered else ("fixed", "computed")
        return f"how often it runs is {here} here and {there} there"
    owners = first.modules if len(first.modules) > 1 else first.modules * len(other.parts)
    return _first(map(inner_difference, owners, other.parts))


def _setting_difference(first: Call, other: Call) -> str:
    here, there = dict(other.settings or ()), dict(first.settings or ())
    unlike = (name for name in {**here, **there} if repr(here.get(name)) != repr(there.get(name)))
    words = value_in_words
    return _first(f"{name} is {words(here.get(name))} here and {words(there.get(name))} there" for name in unlike)


def inner_difference(first: Program, other: Program) -> str:
    """Say what keeps a group, as it unfolds in `other`, from running as the module that `first` is built to."""
    if first is other:
        return ""
    return _first(
        text and f"“{b.name}” inside: {text}"
        for a, b in zip(first.instructions, other.instructions, strict=True)
        if (text := difference(a.call, b.call) or _use_difference(a.call, b.call))
    )


def _use_difference(first: Call | GroupCall, other: Call | GroupCall) -> str:
    """Say in what two calls with the same weights differ: what a group does besides is fixed with its module."""
    if isinstance(first, GroupCall) and isinstance(other, GroupCall):
        runs = len(other.parts), len(first.parts)
        return "" if runs[0] == runs[1] else f"it runs {runs[0]} times here and {runs[1]} there"
    return "" if repr(first) == repr(other) else "it does something else here than there"


def _first(texts: Iterable[str]) -> str:
    return next(filter(None, texts), "")


def _times(call: GroupCall) -> str:
    return "one run" if len(call.modules) == 1 else f"{len(call.modules)} runs"


def _kind(call: Call | GroupCall) -> str:
    return call.name if isinstance(call, GroupCall) else call.target.rpartition(".")[2]

"""Which blocks share their weights, and what gives them the tag by which they do, or takes it away.

Pure, as `intents` is. A tag holds on one sheet: blocks inside of a group share with those beside them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Sequence

from netbuilder.blocks import registry
from netbuilder.blocks.parameters import Parameter
from netbuilder.compiler.weights import WEIGHTS, tag_of
from netbuilder.graph.edits import UNSET, Batch, Edit, SetParameter
from netbuilder.graph.model import Graph, Node, NodeId, free_name
from netbuilder.graph.project import Project, group_of
from netbuilder.ui.wiring import Refusal

TAG = Parameter(
    WEIGHTS,
    "text",
    "",
    "A name for its weights. Blocks with the same name share them: they are one layer that is used in several places, "
    "trained by all of them and counted once. Empty: weights of its own.",
)
"""The tag, as a form shows it."""

_SHORTEST = 3
"""Letters that names have to begin with alike, for a tag to be made of them."""
_LISTED = 6


def can_share(node: Node) -> bool:
    """Tell whether a block has weights that others could have too."""
    block = registry.get(node.type)
    return block.has_weights if block else group_of(node.type) is not None


def sharers(graph: Graph, tag: str) -> list[Node]:
    """Return the blocks with this tag, in the order in which they run:
    the weights are made and counted at the first.
    """
    if not tag:
        return []
    found = {node.id: node for node in graph.nodes() if tag_of(node) == tag and can_share(node)}
    if len(found) < 2:
        return list(found.values())
    return [found[node] for node in itertools.chain(*graph.topological_order()) if node in found]


def counted_at(graph: Graph, node: Node) -> Node | None:
    """Return the other block at which this one's weights are counted; None where they are its own."""
    first = next(iter(sharers(graph, tag_of(node))), node)
    return None if first.id == node.id else first


def tags_for(graph: Graph, nodes: Collection[Node]) -> tuple[str, ...]:
    """Return the tags that these blocks, all of one type, could take: those of others with weights like theirs."""
    likes, own = {_like(node) for node in nodes}, {node.id for node in nodes}
    tagged = [node for node in graph.nodes() if WEIGHTS in node.params and node.id not in own]
    return tuple(dict.fromkeys(tag for node in tagged if (tag := tag_of(node)) and _like(node) in likes))


def _like(node: Node) -> str:
    """Return the type by which blocks are told whose weights are alike."""
    block = registry.get(node.type)
    return (block.weights_like if block else "") or node.type


# Asked for


def share(project: Project, nodes: Sequence[NodeId]) -> Edit | Refusal:
    """Let blocks share their weights, by the tag of the first that has one, else by a new one made of their names."""
    graph = project.graph
    chosen = [graph.node(node) for node in nodes if node in graph]
    if len(chosen) < 2:
        return Refusal("weights", "Select two or more blocks of one type.")
    for node in chosen:
        if not can_share(node):
            return Refusal("weights", f"“{node.name}” has no weights that it could share.")
        if _like(node) != _like(chosen[0]):
            message = f"“{chosen[0].name}” and “{node.name}” are not of one type: their weights can't be the same."
            return Refusal("weights", message)
    tag = next(filter(None, map(tag_of, chosen)), "") or free_name(_stem(chosen), set(map(tag_of, graph.nodes())))
    edits = [SetParameter(node.id, WEIGHTS, tag) for node in chosen if tag_of(node) != tag]
    if not edits:
        return Refusal("weights", "These blocks share their weights already.")
    return Batch(tuple(edits), f"Share weights of {len(chosen)} blocks")


def part(project: Project, nodes: Sequence[NodeId]) -> Edit | Refusal:
    """Give blocks weights of their own."""
    graph = project.graph
    tagged = [graph.node(node) for node in nodes if node in graph and tag_of(graph.node(node))]
    if not tagged:
        return Refusal("weights", "Select a block that shares its weights.")
    what = f"its own weights to {tagged[0].name}" if len(tagged) == 1 else f"their own weights to {len(tagged)} blocks"
    return Batch(tuple(SetParameter(node.id, WEIGHTS, UNSET) for node in tagged), f"Give {what}")


def _stem(nodes: Collection[Node]) -> str:
    names = [node.name for node in nodes]
    same = itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    alike = "".join(letters[0] for letters in same).rstrip("_0123456789")
    return alike if len(alike) >= _SHORTEST else names[0].rstrip("_0123456789") or names[0]


# In words


def in_words(graph: Graph, nodes: Collection[Node], write: Callable[[Node], str]) -> str:
    """Say with whom blocks share their weights, and at which these are counted; nothing where they have not one tag.

    `write` gives the name of a block.
    """
    tags = set(map(tag_of, nodes))
    group = sharers(graph, *tags) if len(tags) == 1 else []
    if not group:
        return ""
    if len(group) == 1:
        return "No other block has these weights yet."
    shown = {node.id for node in nodes}
    others = [node for node in group if node.id not in shown]
    who = "Shares its weights" if len(shown) == 1 else "They share their weights"
    where = "there" if others == group[:1] else "here" if shown == {group[0].id} else f"at {write(group[0])}"
    return f"{who}{' with ' if others else ''}{_listed(map(write, others))}; counted {where}."


def _listed(names: Iterator[str]) -> str:
    """Return `a`, `a and b`, `a, b and c`; after some, how many more there are."""
    first, rest = list(itertools.islice(names, _LISTED)), sum(1 for _ in names)
    if rest:
        first.append(f"{rest} more")
    return " and ".join(filter(None, [", ".join(first[:-1]), *first[-1:]]))

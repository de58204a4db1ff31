"""Blocks that share their weights, shown as such: each with its tag, all of them together where one is looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from netbuilder.compiler.weights import WEIGHTS, tag_of
from netbuilder.graph.model import NodeId
from netbuilder.ui.canvas.items import BlockItem
from netbuilder.ui.sharing import can_share


class Kin:
    """Who shares weights with whom, on the items."""

    def __init__(self, blocks: Mapping[NodeId, BlockItem]) -> None:
        self._blocks = blocks
        self._tagged: dict[str, set[NodeId]] = {}

    def refresh(self) -> None:
        """Read the tags again and show those that several blocks have."""
        before = {node for nodes in self._tagged.values() for node in nodes}
        tagged: dict[str, set[NodeId]] = {}
        for node, item in self._blocks.items():
            if item.node.params.get(WEIGHTS) and (tag := tag_of(item.node)) and can_share(item.node):
                tagged.setdefault(tag, set()).add(node)
        self._tagged = {tag: nodes for tag, nodes in tagged.items() if len(nodes) > 1}
        shown = {node: tag for tag, nodes in self._tagged.items() for node in nodes}
        for node in (before | shown.keys()) & self._blocks.keys():
            self._blocks[node].show_tag(shown.get(node, ""))

    def show(self, looked_at: Collection[NodeId]) -> None:
        """Set off the blocks that share weights with those that are looked at, and these themselves."""
        if not self._tagged:
            return
        kin = {node for nodes in self._tagged.values() if not nodes.isdisjoint(looked_at) for node in nodes}
        for nodes in self._tagged.values():
            for node in nodes:
                self._blocks[node].show_kin(node in kin)

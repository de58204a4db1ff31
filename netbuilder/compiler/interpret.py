"""One interpreter under every look inside a network: activations, the node that failed, where numbers went bad."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any

import torch
from torch import fx

from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.model import NodeId, PortRef


class NodeFailure(NetbuilderError):
    """A block could not compute. `node` is its id; the message says what torch said."""

    def __init__(self, node: NodeId, message: str) -> None:
        super().__init__(message)
        self.node = node


class _Found(Exception):
    """Ends an interpretation early."""


class _Interpreter(fx.Interpreter):
    """Runs a built module node by node and shows every value to `see`."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.extra_traceback = False

    def see(self, value: PortRef, result: Any) -> None:
        """Look at the value of a port, or at a block's whole result, whose port is empty."""

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        module = self.fetch_attr(target)
        return self.inside(module).run(*args) if isinstance(module, fx.GraphModule) else module(*args, **kwargs)

    def inside(self, group: fx.GraphModule) -> _Interpreter:
        """Return what runs a group: an interpreter that shows its values in the same place."""
        interpreter = _Interpreter(group)
        interpreter.see = self.see
        return interpreter

    def run_node(self, n: fx.Node) -> Any:
        value: PortRef | None = n.meta.get("value")
        if value is None:
            return super().run_node(n)
        try:
            result = super().run_node(n)
        except (NodeFailure, _Found):  # inside of a group
            raise
        except Exception as error:
            raise NodeFailure(value.node, str(error).strip().split("\n")[0] or type(error).__name__) from error
        self.see(value, result)
        return result


def run(module: fx.GraphModule, inputs: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """Compute what the module computes, slower, and raise `NodeFailure` where a block fails."""
    return _Interpreter(module).run(*inputs)


@torch.no_grad()
def activations(
    module: fx.GraphModule, inputs: Sequence[torch.Tensor], nodes: Collection[NodeId]
) -> dict[NodeId, torch.Tensor]:
    """Return the first output of each of these nodes that is in the module, whose mode is the caller's to set."""
    found: dict[NodeId, torch.Tensor] = {}
    wanted = _computed(module) & set(nodes)

    class Collector(_Interpreter):
        def see(self, value: PortRef, result: Any) -> None:
            if value.port and value.node in wanted:
                found.setdefault(value.node, result)
                if len(found) == len(wanted):
                    raise _Found

    if wanted:
        with suppress(_Found):
            Collector(module).run(*inputs)
    return found


def _computed(module: fx.GraphModule) -> set[NodeId]:
    """Return the nodes that a module computes, inside of groups too."""
    parts = [part for part in module.modules() if isinstance(part, fx.GraphModule)]
    return {node.meta["value"].node for part in parts for node in part.graph.nodes if "value" in node.meta}


@torch.no_grad()
def first_non_finite(module: fx.GraphModule, inputs: Sequence[torch.Tensor]) -> NodeId | None:
    """Return the first node, in running order, with a value that is infinite or not a number."""

    class Detector(_Interpreter):
        node: NodeId | None = None

        def see(self, value: PortRef, result: Any) -> None:
            if value.port and result.is_floating_point() and not bool(torch.isfinite(result).all()):
                self.node = value.node
                raise _Found

    detector = Detector(module)
    with suppress(_Found):
        detector.run(*inputs)
    return detector.node

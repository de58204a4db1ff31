"""One interpreter under every look inside a network: activations, the node that failed, where numbers went bad."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

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


_See: TypeAlias = Callable[[PortRef, Any], None]
"""Looks at the value of a port, or at a block's whole result, whose port is empty."""


class _Interpreter(fx.Interpreter):
    """Runs a built module node by node, inside of groups too, and shows every value to `see`."""

    def __init__(self, module: fx.GraphModule, see: _See) -> None:
        super().__init__(module)
        self.extra_traceback = False
        self.see = see

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        module = self.fetch_attr(target)
        if isinstance(module, fx.GraphModule):
            return _Interpreter(module, self.see).run(*args)
        return module(*args, **kwargs)

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
    return _Interpreter(module, lambda value, result: None).run(*inputs)


@torch.no_grad()
def activations(
    module: fx.GraphModule, inputs: Sequence[torch.Tensor], nodes: Collection[NodeId]
) -> dict[NodeId, torch.Tensor]:
    """Return the first output of each of these nodes that is in the module, whose mode is the caller's to set."""
    found: dict[NodeId, torch.Tensor] = {}
    wanted = _computed(module) & set(nodes)

    def see(value: PortRef, result: Any) -> None:
        if value.port and value.node in wanted:
            found.setdefault(value.node, result)
            if len(found) == len(wanted):
                raise _Found

    if wanted:
        with suppress(_Found):
            _Interpreter(module, see).run(*inputs)
    return found


def _computed(module: fx.GraphModule) -> set[NodeId]:
    """Return the nodes that a module computes, inside of groups too."""
    parts = [part for part in module.modules() if isinstance(part, fx.GraphModule)]
    return {node.meta["value"].node for part in parts for node in part.graph.nodes if "value" in node.meta}


@torch.no_grad()
def first_non_finite(module: fx.GraphModule, inputs: Sequence[torch.Tensor]) -> NodeId | None:
    """Return the first node, in running order, with a value that is infinite or not a number."""

    found: list[NodeId] = []

    def see(value: PortRef, result: Any) -> None:
        if value.port and result.is_floating_point() and not bool(torch.isfinite(result).all()):
            found.append(value.node)
            raise _Found

    with suppress(_Found):
        _Interpreter(module, see).run(*inputs)
    return found[0] if found else None

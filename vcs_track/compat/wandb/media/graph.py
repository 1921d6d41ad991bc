"""Graphs of models: layers and what connects them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from vcs_track.compat.wandb.media.file import FileMedia
from vcs_track.formats import canonical, typed_json

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Edge", "Graph", "Node"]


class Node:
    """A layer.

    Args:
        id: What tells it from the others.
        name: Its name.
        class_name: Its class.
        size: Its size.
        parameters: Its parameters.
        output_shape: Shape of what it gives.
        is_output: Whether it is an output of the model.
        num_parameters: How many parameters it has.
        node: A layer of keras, which is only remembered.
    """

    def __init__(
        self, id: Any = None, name: str | None = None, class_name: str | None = None,  # noqa: A002 -- wandb's word
        size: Any = None, parameters: Any = None, output_shape: Any = None,
        is_output: bool | None = None, num_parameters: Any = None, node: Any = None,
    ) -> None:  # fmt: skip
        self.id = name if id is None else id
        self.obj = node
        self._facts = {
            "id": self.id, "name": name, "class_name": class_name, "size": size,
            "parameters": parameters, "output_shape": output_shape, "is_output": is_output,
            "num_parameters": num_parameters,
        }  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Return what is known of it."""
        return {name: fact for name, fact in self._facts.items() if fact is not None}


class Edge:
    """A connection from one layer to another.

    Args:
        from_node: The layer that gives.
        to_node: The layer that takes.
        name: Its name.
    """

    def __init__(self, from_node: Node, to_node: Node, name: str | None = None) -> None:
        self.from_node, self.to_node, self.name = from_node, to_node, name

    def to_json(self) -> list[Any]:
        """Return the ids of both ends."""
        return [self.from_node.id, self.to_node.id]


class Graph(FileMedia):
    """A graph that is filled node by node.

    Args:
        format: What it describes.

    Example:
        >>> from vcs_track.compat.wandb.media.graph import Graph
        >>> graph = Graph()
        >>> first, second = graph.add_node(id=1, name="in"), graph.add_node(id=2, name="out")
        >>> graph.add_edge(first, second).to_json()
        [1, 2]
    """

    _type: ClassVar[str] = "graph-file"
    _folder: ClassVar[str] = "graph"
    _extension = "graph.json"

    def __init__(self, format: str = "keras") -> None:  # noqa: A002 -- wandb's word
        self.format = format
        self.nodes: list[Node] = []
        self.nodes_by_id: dict[Any, Node] = {}
        self.edges: list[Edge] = []

    @property
    def _data(self) -> bytes:  # type: ignore[override]  # it grows until it is logged
        body = {
            "format": self.format, "nodes": [node.to_json() for node in self.nodes],
            "edges": [edge.to_json() for edge in self.edges],
        }  # fmt: skip
        return canonical.dumps(typed_json.freeze(body))

    def add_node(self, node: Node | None = None, **node_kwargs: Any) -> Node:
        """Add a layer, or make one of *node_kwargs* and add it."""
        found = Node(**node_kwargs) if node is None else node
        self.nodes.append(found)
        self.nodes_by_id[found.id] = found
        return found

    def add_edge(self, from_node: Node, to_node: Node) -> Edge:
        """Connect two layers."""
        edge = Edge(from_node, to_node)
        self.edges.append(edge)
        return edge

    def __getitem__(self, nid: Any) -> Node:
        return self.nodes_by_id[nid]

    def _know(self, record: dict[str, Any], read: Callable[[str], bytes]) -> None:
        body = typed_json.thaw(canonical.loads(read(str(record["path"]))))
        self.__init__(body["format"])  # type: ignore[misc]
        for node in body["nodes"]:
            self.add_node(**node)
        for ends in body["edges"]:
            self.add_edge(*(self.nodes_by_id[end] for end in ends))

    @classmethod
    def from_keras(cls, model: Any) -> Self:
        """Return the layers of a model of keras."""
        graph = cls()
        known: dict[str, Node] = {}
        for layer in model.layers:
            known[layer.name] = graph.add_node(
                id=layer.name, name=layer.name, class_name=type(layer).__name__,
                num_parameters=layer.count_params() if layer.built else None,
                output_shape=str(getattr(layer, "output_shape", "")) or None,
            )  # fmt: skip
        for before, after in zip(model.layers, model.layers[1:], strict=False):
            graph.add_edge(known[before.name], known[after.name])
        return graph

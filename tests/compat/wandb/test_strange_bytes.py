"""Whatever stands in a stranger's run, artifacts and values of it fail in one way only."""

from __future__ import annotations

from typing import Any

from hypothesis import given, strategies as st

from vcs_track.compat.wandb.artifacts.collection import Collection
from vcs_track.compat.wandb.artifacts.document import Document
from vcs_track.compat.wandb.artifacts.event import Event
from vcs_track.compat.wandb.artifacts.values import value_in
from vcs_track.errors import VcsTrackError
from vcs_track.formats import canonical

__all__: list[str] = []

OID = "0" * 64
WORDS = st.sampled_from(
    [
        "log", "use", "alias", "describe", "link", "delete", "tag", "latest", "v0", "a", "../x", "",
        OID, "table", "table-file", "joined-table", "partitioned-table", "image-file", "classes",
        "histogram", "boxes2D", "mask", "graph-file", "html-file", "audio-file", "MD5", "number",
        "union", "timestamp", "x.table.json",
    ]
)  # fmt: skip
KEYS = st.sampled_from(
    [
        "op", "at", "of", "entity", "project", "name", "type", "digest", "doc", "version", "who",
        "aliases", "tags", "add", "remove", "to", "metadata", "description", "@", "entries",
        "algorithm", "path", "raw", "oid", "parts", "ref", "size", "extra", "_type", "columns", "data",
        "column_types", "params", "type_map", "wb_type", "allowed_types", "table1", "table2",
        "join_key", "parts_path", "class_set", "values", "bins", "boxes", "masks", "classes", "nodes",
        "edges", "format", "box_data", "class_labels", "$", "v",
    ]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 5) | st.floats(allow_nan=False, width=16).filter(
        lambda x: abs(x) < 1e5
    ) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)  # fmt: skip


def of_kind(kinds: list[str]) -> Any:
    """Return records that say that they are of one of these types."""
    return st.builds(
        lambda body, kind: {**body, "_type": kind},
        st.dictionaries(KEYS, JSON, max_size=6),
        st.sampled_from(kinds),
    )


class TestDocument:
    @given(st.dictionaries(KEYS, JSON))
    def test_decode(self, body: dict[str, Any]) -> None:
        """A document is one, or an error of ours."""
        good = {"@": "wandb-artifact/1", "name": "a", "type": "t", "algorithm": "MD5"}
        for one in (body, {"entries": [body], **good}, {**good, "entries": [], **body}):
            try:
                found = Document.decode(canonical.dumps(one))
            except VcsTrackError:
                continue

            assert all(".." not in entry.path.split("/") for entry in found.entries)
            assert found.manifest.digest()


class TestEvents:
    @given(st.lists(st.tuples(st.sampled_from("abc"), st.dictionaries(KEYS, JSON)), max_size=6))
    def test_add_up(self, bodies: list[tuple[str, dict[str, Any]]]) -> None:
        """Events are taken or left out, and what is taken adds up."""
        good = {
            "op": "log", "at": 1, "entity": "", "project": "p", "name": "a", "type": "t",
            "digest": "d", "doc": OID, "version": 0, "who": "x",
        }  # fmt: skip
        tried = [Event.from_json(key, "r", body) for key, body in bodies]
        tried += [
            Event.from_json(f"{key}{n}", "r", {**good, **body})
            for n, (key, body) in enumerate(bodies)
        ]
        events = [event for event in tried if event is not None]
        found = Collection(events)

        assert set(found.aliases.values()) <= set(found.stages)
        assert all(event.of is not None for event in events)


class TestValues:
    @given(
        of_kind(
            [
                "table", "table-file", "joined-table", "partitioned-table", "image-file", "mask",
                "classes", "histogram", "boxes2D", "graph-file", "html-file", "audio-file",
                "video-file", "object3D-file", "molecule-file", "plotly-file", "bokeh-file", "zz",
            ]
        ),
        JSON,
    )  # fmt: skip
    def test_come_back(self, record: dict[str, Any], other: Any) -> None:
        """A value comes back, or there is an error of ours, whatever its files hold."""
        data = canonical.dumps(other)
        told = "nothing"
        try:
            value_in(canonical.dumps(record), lambda _: data, lambda _: ["x.table.json"])
        except VcsTrackError as error:
            told = str(error)

        assert told

"""Tests of ``vcs_track.formats.manifest``."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from vcs_track.errors import CorruptError
from vcs_track.formats import canonical, manifest
from vcs_track.formats.manifest import MediaItem, RunManifest, decode_media, encode_media
from vcs_track.formats.oid import ObjectId

A, B, C, D, E = (ObjectId(digit * 64) for digit in "abcde")
MINIMAL = RunManifest("r1", "base", "finished", 7, 5)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
TYPED = st.dictionaries(
    TEXT,
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXT,
        st.binary(max_size=4), st.tuples(st.integers(), TEXT), st.lists(st.floats(0, 1), max_size=3),
    ),
    max_size=4,
)  # fmt: skip
PLAIN = st.dictionaries(TEXT, st.one_of(st.none(), st.integers(0, 9), TEXT), max_size=3)
YEAR_10000 = 253_402_300_800_000_000  # microseconds since 1970
TIME = st.integers(0, YEAR_10000 - 1)
OID = st.none() | st.sampled_from([A, B, C])
MANIFESTS = st.builds(
    RunManifest,
    run=st.just("r1"), name=TEXT, status=st.sampled_from(manifest.STATUSES),
    time_us=TIME, created_us=TIME,
    parents=st.lists(st.sampled_from([A, B, C]), unique=True).map(lambda p: tuple(sorted(p))),
    ended_us=st.none() | TIME,
    project=st.none() | TEXT, group=st.none() | TEXT, job_type=st.none() | TEXT,
    tags=st.lists(TEXT, unique=True, max_size=3).map(lambda tags: tuple(sorted(tags))),
    notes=st.none() | TEXT, color=st.none() | TEXT, exit=st.none() | PLAIN,
    hparams=OID, scalars=OID, media=OID, env=OID, code=OID,
    git=st.none() | PLAIN, command=st.none() | PLAIN,
    summary=TYPED, summary_set=TYPED, results=TYPED,
    gaps=st.lists(PLAIN, max_size=2).map(tuple),
    writers=st.dictionaries(TEXT, st.integers(0, 2**40), max_size=3),
    extra=st.dictionaries(TEXT.map("x-{}".format), st.none() | TEXT, max_size=2),
)  # fmt: skip


def edited(**changes: Any) -> bytes:
    """Return a run manifest with some keys changed; a value of ... removes the key."""
    body = json.loads(MINIMAL.encode()) | changes
    return canonical.dumps({key: value for key, value in body.items() if value is not ...})


class TestRunManifest:
    @given(MANIFESTS)
    def test_round_trip(self, run: RunManifest) -> None:
        """A manifest comes back as it was, typed values and unknown keys too."""
        assert run == manifest.decode_run(run.encode())

    @given(MANIFESTS)
    def test_bytes_are_canonical_and_stable(self, run: RunManifest) -> None:
        """Writing what was read gives the same bytes, in canonical form."""
        data = run.encode()
        canonical.check(data)

        assert data == manifest.decode_run(data).encode()

    def test_golden_bytes(self) -> None:
        """The smallest manifest has these bytes for ever."""
        golden = (
            b'{"@":"run/1","code":null,"color":null,"command":null,"created_us":5,'
            b'"ended_us":null,"env":null,"exit":null,"gaps":[],"git":null,"group":null,'
            b'"hparams":null,"job_type":null,"media":null,"name":"base","notes":null,'
            b'"parents":[],"project":null,"results":{},"run":"r1","scalars":null,'
            b'"status":"finished","summary":{},"summary_set":{},"tags":[],"time_us":7,'
            b'"writers":{}}'
        )

        assert golden == MINIMAL.encode()

    def test_the_order_of_parents_and_tags_leaves_no_trace(self) -> None:
        """Parents and tags are sets: the same ones give the same bytes."""
        one = replace(MINIMAL, parents=(B, A), tags=("b", "a"))
        two = replace(MINIMAL, parents=(A, B), tags=("a", "b"))

        assert one.encode() == two.encode()

    @pytest.mark.parametrize("field", ["summary", "summary_set", "results"])
    def test_numbers_that_json_lacks_are_kept(self, field: str) -> None:
        """NaN, infinities, big integers and a key '$' survive in every typed field."""
        typed: Any = {"nan": math.nan, "inf": -math.inf, "big": 2**80, "$": "f", "zero": -0.0}
        run = manifest.decode_run(replace(MINIMAL, **{field: typed}).encode())
        found = getattr(run, field)

        assert math.isnan(found.pop("nan"))
        assert ({"inf": -math.inf, "big": 2**80, "$": "f", "zero": -0.0}, "-0.0") == (
            found,
            str(found["zero"]),
        )

    def test_unknown_keys_are_kept(self) -> None:
        """What a later version added is written back unchanged by an edit of this one."""
        data = edited(reviewer={"name": "x", "ok": [1, 2.5, None]}, zeta=1)
        run = replace(manifest.decode_run(data), notes="seen", parents=(A,))
        body = json.loads(run.encode())

        assert {"reviewer": {"name": "x", "ok": [1, 2.5, None]}, "zeta": 1} == run.extra
        assert ({"name": "x", "ok": [1, 2.5, None]}, 1, "seen") == (
            body["reviewer"], body["zeta"], body["notes"],
        )  # fmt: skip

    def test_optional_keys_may_be_absent(self) -> None:
        """A key that may be null may also be missing."""
        data = edited(**dict.fromkeys(("ended_us", "git", "code", "notes", "exit"), ...))

        assert manifest.decode_run(data) == MINIMAL


class TestBadRunManifest:
    @pytest.mark.parametrize(
        "data",
        [b"", b"\xff", b"[]", b"5", b"{}", b'{"@":"run/1"}', b'{"@":"run/2"}', b'{"@":"col/1"}'],
    )
    def test_other_documents_are_refused(self, data: bytes) -> None:
        """What is not a 'run/1' document raises CorruptError."""
        with pytest.raises(CorruptError):
            manifest.decode_run(data)

    def test_a_later_version_says_so(self) -> None:
        """A manifest of an unknown version is named, with a hint to update."""
        with pytest.raises(CorruptError, match="found 'run/2'") as caught:
            manifest.decode_run(edited(**{"@": "run/2"}))

        assert "newer" in caught.value.hint

    @pytest.mark.parametrize(
        "name",
        [
            "run", "name", "status", "time_us", "created_us", "parents", "tags", "summary",
            "summary_set", "results", "gaps", "writers",
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("value", [..., None, 1.5])
    def test_required_keys_are_named(self, name: str, value: object) -> None:
        """A required key that is missing or of another type is refused by its name."""
        with pytest.raises(CorruptError, match=f"'{name}'"):
            manifest.decode_run(edited(**{name: value}))

    @pytest.mark.parametrize(
        "name",
        [
            "ended_us", "project", "group", "job_type", "notes", "color", "exit", "hparams",
            "scalars", "media", "env", "code", "git", "command",
        ],
    )  # fmt: skip
    def test_optional_keys_have_a_type(self, name: str) -> None:
        """An optional key of another type is refused by its name."""
        with pytest.raises(CorruptError, match=f"'{name}'"):
            manifest.decode_run(edited(**{name: 1.5}))

    def test_every_field_is_checked(self) -> None:
        """No field of the manifest is missing in the two tests above."""
        names = {field.name for field in fields(RunManifest)} - {"extra"}

        assert names == manifest._REQUIRED.keys() | manifest._OPTIONAL.keys()

    def test_a_malformed_typed_value_is_refused(self) -> None:
        """A typed value that does not hold what its kind needs raises CorruptError."""
        with pytest.raises(CorruptError):
            manifest.decode_run(edited(summary={"loss": {"$": "f", "v": "none"}}))

    @pytest.mark.parametrize(
        "changes",
        [
            {"parents": [[]]}, {"parents": [5]}, {"tags": [5]}, {"gaps": [5]}, {"time_us": True},
            {"writers": {"w": "x"}}, {"status": "asleep"}, {"run": "../x"},
            {"hparams": "no id"}, {"summary": {"$": "i", "v": "5"}},
        ],
        ids=str,
    )  # fmt: skip
    def test_the_content_of_lists_and_objects_is_checked(self, changes: dict[str, Any]) -> None:
        """A manifest that says what the format page rules out is refused when it is read."""
        with pytest.raises(CorruptError):
            manifest.decode_run(edited(**changes))

    @pytest.mark.parametrize("name", ["time_us", "created_us", "ended_us"])
    def test_times_end_with_the_year_9999(self, name: str) -> None:
        """A time is a moment from 1970 to the end of the year 9999."""
        last = manifest.decode_run(edited(**{name: YEAR_10000 - 1}))

        assert YEAR_10000 - 1 == getattr(last, name)
        for value in (-1, YEAR_10000):
            with pytest.raises(CorruptError, match=f"'{name}'"):
                manifest.decode_run(edited(**{name: value}))

    @pytest.mark.parametrize(
        "oid",
        ["", "a" * 63, "a" * 65, "A" * 64, "x1-" + "a" * 31, "x2-" + "a" * 32, "a" * 64 + "\n"],
    )
    @pytest.mark.parametrize("name", ["hparams", "scalars", "media", "env", "code", "parents"])
    def test_ids_must_look_like_ids(self, name: str, oid: str) -> None:
        """What no object format names an object with is no reference."""
        value = [oid] if name == "parents" else oid

        with pytest.raises(CorruptError, match=f"'{name}'"):
            manifest.decode_run(edited(**{name: value}))

    def test_ids_of_both_formats_are_taken(self) -> None:
        """64 digits of sha256, or x1- and 32 digits of xxh128."""
        run = manifest.decode_run(edited(hparams=A, env="x1-" + "a" * 32))

        assert (A, "x1-" + "a" * 32) == (run.hparams, run.env)

    def test_deep_nesting_is_refused(self) -> None:
        """A manifest nested deeper than the format allows raises CorruptError."""
        data = MINIMAL.encode().replace(
            b'"summary":{}', b'"summary":' + b'{"a":' * 900 + b"1" + b"}" * 900
        )

        with pytest.raises(CorruptError):
            manifest.decode_run(data)


class TestDocument:
    def test_round_trip(self) -> None:
        """Typed JSON comes back from a document of its kind."""
        data = manifest.encode_document("hparams/1", {"lr": math.inf, "n": (1, 2)})

        assert {
            "@": "hparams/1",
            "v": {"lr": {"$": "f", "v": "Infinity"}, "n": {"$": "tuple", "v": [1, 2]}},
        } == manifest.decode_document(data, "hparams/1")

    @pytest.mark.parametrize("data", [b'{"@":"env/1","v":{}}', b"[1]", b"null", b"{"])
    def test_another_kind_is_refused(self, data: bytes) -> None:
        """A document of another kind, or none, raises CorruptError."""
        with pytest.raises(CorruptError):
            manifest.decode_document(data, "hparams/1")


ITEMS = st.builds(
    MediaItem,
    kind=st.sampled_from(["image", "text", "file"]), oid=st.sampled_from([A, B]),
    size=st.integers(0, 2**31), mime=TEXT, wall_us=st.integers(0, 2**57),
    tag=st.none() | TEXT, name=st.none() | TEXT, step=st.none() | st.integers(0, 2**62),
    epoch=st.none() | st.integers(0, 99) | st.floats(allow_nan=False), rep=st.integers(0, 9),
    meta=st.dictionaries(TEXT, st.integers(0, 99), max_size=2),
)  # fmt: skip


class TestMedia:
    @given(st.lists(ITEMS, max_size=5))
    def test_round_trip(self, items: list[MediaItem]) -> None:
        """Items come back as they were, in order."""
        assert items == manifest.decode_media(manifest.encode_media(items))

    def test_golden_bytes(self) -> None:
        """A media manifest has these bytes for ever; an empty 'meta' is left out."""
        item = MediaItem("image", A, 9, "image/png", 5, tag="x", step=3, epoch=math.inf)
        golden = (
            b'{"@":"media/1","items":[{"epoch":{"$":"f","v":"Infinity"},"kind":"image",'
            b'"mime":"image/png","name":null,"o":"%s","rep":0,"size":9,"step":3,"tag":"x",'
            b'"wall":5}]}' % A.encode()
        )

        assert golden == manifest.encode_media([item])

    @pytest.mark.parametrize(
        "items", [b"{}", b"null", b"[5]", b"[[]]", b"[{}]", b'[{"kind":"image"}]']
    )
    def test_what_is_no_item_is_refused(self, items: bytes) -> None:
        """A media manifest without whole items raises CorruptError."""
        with pytest.raises(CorruptError):
            manifest.decode_media(b'{"@":"media/1","items":%s}' % items)


class TestReferences:
    def test_a_run_names_documents(self) -> None:
        """Parents and the five documents of a run are named by kind, nothing else."""
        run = replace(
            MINIMAL, parents=(B, A), hparams=C, env=D, code=E, scalars=None, name=A,
            summary={"x": B}, extra={"later": D},
        )  # fmt: skip
        expected = [
            ("run/1", A), ("run/1", B), ("hparams/1", C), ("env/1", D), ("code/1", E),
        ]  # fmt: skip

        assert expected == list(manifest.references(run.encode()))

    @pytest.mark.parametrize(
        ("key", "role"),
        [
            ("hparams", "hparams/1"), ("scalars", "scalars/1"), ("media", "media/1"),
            ("env", "env/1"), ("code", "code/1"),
        ],
    )  # fmt: skip
    def test_each_document_of_a_run_is_named(self, key: str, role: str) -> None:
        """None of the documents of a run is forgotten, and each has its kind as role."""
        run = replace(MINIMAL, **{key: A})  # type: ignore[arg-type]  # one of the ids

        assert [(role, A)] == list(manifest.references(run.encode()))

    def test_scalars_name_columns(self) -> None:
        """Each chunk names its columns; those that are absent are not named."""
        chunk = {"n": 1, "value": A, "step": B, "wall": C}
        chunks = [chunk, {**chunk, "epoch": D, "rep": E}]
        data = canonical.dumps({"@": "scalars/1", "series": {"loss": {"n": 2, "chunks": chunks}}})
        expected = [("col/1", oid) for oid in (A, B, C, A, B, C, D, E)]

        assert expected == list(manifest.references(data))

    @pytest.mark.parametrize(
        ("kind", "role"),
        [
            ("image", "blob"), ("figure", "blob"), ("file", "blob"), ("text", "text"),
            ("fragment", "text"), ("histogram", "text"), ("console", "text"),
        ],
    )  # fmt: skip
    def test_media_name_blobs_and_texts(self, kind: str, role: str) -> None:
        """Images, figures and files may stay behind; texts are stored with the manifests."""
        data = manifest.encode_media([MediaItem(kind, A, 1, "x", 0)])

        assert [(role, A)] == list(manifest.references(data))

    @pytest.mark.parametrize(
        "data", [b'{"@":"hparams/1","v":{"parents":["a"]}}', b'{"@":"col/1","v":[]}', b"[]", b"1"]
    )
    def test_other_documents_name_nothing(self, data: bytes) -> None:
        """Hyperparameters, environments and columns lead nowhere."""
        assert [] == list(manifest.references(data))

    @pytest.mark.parametrize(
        "data",
        [
            b'{"@":"run/1"}', b'{"@":[]}', b'{"@":"scalars/1","series":[]}',
            b'{"@":"scalars/1","series":{"a":{"chunks":5}}}', b'{"@":"media/1","items":[5]}',
            b'{"@":"run/1","parents":["no id"]}', b'{"@":"run/1","parents":[],"env":5}',
        ],
    )  # fmt: skip
    def test_documents_of_another_shape_are_refused(self, data: bytes) -> None:
        """A document that lacks what its kind promises raises CorruptError."""
        with pytest.raises(CorruptError):
            list(manifest.references(data))


class TestBadMedia:
    @pytest.mark.parametrize(
        "odd",
        [
            {"kind": 5}, {"o": "x"}, {"size": "x"}, {"size": -1}, {"mime": 5}, {"wall": "x"},
            {"wall": 10**18}, {"tag": []}, {"name": 5}, {"step": "x"}, {"step": True},
            {"epoch": "x"}, {"rep": []}, {"meta": 5},
        ],
        ids=str,
    )  # fmt: skip
    def test_an_item_of_other_types_is_refused(self, odd: dict[str, object]) -> None:
        """What a stranger's manifest says of an item has the types that readers rely on."""
        item = MediaItem("image", ObjectId("a" * 64), 3, "image/png", 5)
        data = canonical.dumps({"@": "media/1", "items": [{**item.to_json(), **odd}]})

        assert [item] == decode_media(encode_media([item]))
        with pytest.raises(CorruptError, match=next(iter(odd))):
            decode_media(data)

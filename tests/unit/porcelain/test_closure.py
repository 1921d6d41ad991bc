"""Tests of ``vcs_track.porcelain.closure``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import vcs_track
from vcs_track.errors import CorruptError, ObjectNotFoundError
from vcs_track.formats import canonical
from vcs_track.formats.manifest import MediaItem, RunManifest, encode_media
from vcs_track.formats.oid import ObjectId, object_format
from vcs_track.plumbing.memory_objects import MemoryObjects
from vcs_track.porcelain.closure import closure

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository

NOWHERE = ObjectId("f" * 64)
ITEM = MediaItem("image", NOWHERE, 1, "image/png", 1).to_json()


@pytest.fixture
def objects() -> MemoryObjects:
    """Return an empty place for objects."""
    return MemoryObjects(object_format("sha256"))


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return a repository with one run that has everything."""
    repo = vcs_track.init(tmp_path).with_defaults(capture_git=False)
    (tmp_path / "weights").write_bytes(b"w" * 100)
    with repo.start_run("first", id="r", hparams={"lr": 0.1}) as run:
        for step in range(20_000):
            run.add_scalar("loss", step / 3, step)
        run.add_scalar("odd", 1, 5, epoch=1.5)
        run.new_repetition()
        run.add_scalar("odd", 1, 5, epoch=1.5)
        run.add_text("hello", tag="t")
        run.add_file(tmp_path / "weights")
    return repo


def run_of(**fields: Any) -> bytes:
    """Return a run manifest."""
    return RunManifest("r", "name", "finished", 1, 1, **fields).encode()


def scalars_of(column: ObjectId) -> bytes:
    """Return a scalars manifest whose only series has this for all its columns."""
    chunk = {
        "n": 1, "value": column, "step": column, "wall": column, "lo": 0, "hi": 0,
        "first": 1, "last": 1, "min": 1, "max": 1, "sum": 1.0,
    }  # fmt: skip
    return canonical.dumps({"@": "scalars/1", "series": {"a": {"n": 1, "chunks": [chunk]}}})


class TestClosure:
    def test_is_everything_that_sealing_wrote(self, repo: Repository) -> None:
        """All objects of a repository with one run belong to that run."""
        view = repo.run("r")
        found = closure(view.heads, repo.store.home.objects)

        assert set(repo.store.home.objects) == set(found.roles)
        assert set() == found.missing

    def test_knows_the_role_of_each(self, repo: Repository) -> None:
        """Documents and columns have their kind, texts are texts, files blobs."""
        view = repo.run("r")
        state = view.manifest
        roles = closure(view.heads, repo.store.home.objects).roles
        items = {item.kind: roles[item.oid] for item in view.media()}

        assert {"text": "text", "file": "blob"} == items
        assert {"col/1"} == {
            roles[chunk[key]]
            for tag in view.series_tags for chunk in view.series(tag).chunks
            for key in ("value", "step", "wall", "epoch", "rep") if key in chunk
        }  # fmt: skip
        assert ["run/1", "hparams/1", "scalars/1", "media/1", "env/1"] == [
            roles.get(oid or NOWHERE)
            for oid in (*view.heads, state.hparams, state.scalars, state.media, state.env)
        ]

    def test_older_states_belong_to_it(self, repo: Repository) -> None:
        """The history of a run is part of the run."""
        (first,) = repo.run("r").heads
        repo.edit("r", notes="x")

        assert "run/1" == closure(repo.run("r").heads, repo.store.home.objects).roles[first]

    def test_nothing_needs_nothing(self, objects: MemoryObjects) -> None:
        """Without heads there is nothing."""
        assert ({}, set()) == (
            closure([], objects).roles, closure([], objects).missing,
        )  # fmt: skip

    def test_visits_each_document_once(self, objects: MemoryObjects) -> None:
        """A document that two others name is visited once."""
        base = objects.add(run_of())
        one, two = (objects.add(run_of(parents=(base,), notes=note)) for note in "ab")
        seen: list[ObjectId] = []
        closure([one, two], objects, visit=lambda oid, _: seen.append(oid))

        assert sorted([base, one, two]) == sorted(seen)


class TestAbsence:
    @pytest.mark.parametrize("field", ["hparams", "scalars", "media", "env"])
    def test_a_missing_document_is_named(self, objects: MemoryObjects, field: str) -> None:
        """A run without one of its documents is an error with its kind and id."""
        head = objects.add(run_of(**{field: NOWHERE}))

        with pytest.raises(ObjectNotFoundError, match=f"{field}/1 'ffffffffffff'") as caught:
            closure([head], objects)
        assert NOWHERE == caught.value.oid

    def test_a_missing_column_is_named(self, objects: MemoryObjects) -> None:
        """A run without one of its columns is an error with the id."""
        head = objects.add(run_of(scalars=objects.add(scalars_of(NOWHERE))))

        with pytest.raises(ObjectNotFoundError, match="col/1 'ffffffffffff'"):
            closure([head], objects)

    def test_missing_blobs_are_listed(self, objects: MemoryObjects) -> None:
        """The bytes of an image may stay behind; those of a text may not."""
        image = objects.add(encode_media([MediaItem("image", NOWHERE, 1, "image/png", 1)]))
        text = objects.add(encode_media([MediaItem("text", NOWHERE, 1, "text/plain", 1)]))

        assert {NOWHERE} == closure([objects.add(run_of(media=image))], objects).missing
        with pytest.raises(ObjectNotFoundError, match="text 'ffffffffffff'"):
            closure([objects.add(run_of(media=text))], objects)


def head_of(objects: MemoryObjects, body: dict[str, Any]) -> ObjectId:
    """Return a run that leads to the document *body*, or has its fields if it is a run."""
    kind = body["@"].removesuffix("/1")
    if kind == "run":
        return objects.add(canonical.dumps({**canonical.loads(run_of()), **body}))
    return objects.add(run_of(**{kind: objects.add(canonical.dumps(body))}))


class TestDamage:
    @pytest.mark.parametrize(
        "body",
        [
            {"@": "run/1", "parents": None},
            {"@": "scalars/1"},
            {"@": "scalars/1", "series": []},
            {"@": "scalars/1", "series": {"a": {}}},
            {"@": "scalars/1", "series": {"a": {"chunks": 5}}},
            {"@": "scalars/1", "series": {"a": {"chunks": [{"n": 1}]}}},
            {"@": "media/1", "items": [{}]},
            {"@": "media/1", "items": {"a": 1}},
            {"@": "hparams/1"},
            {"@": "hparams/1", "v": 5},
            {"@": "env/1", "v": []},
        ],
        ids=str,
    )
    def test_a_document_that_lacks_a_field_is_one_of_our_errors(
        self, objects: MemoryObjects, body: Any
    ) -> None:
        """What a document should name and does not is damage."""
        head = head_of(objects, body)

        with pytest.raises(CorruptError):
            closure([head], objects)

    def test_a_run_without_fields_is_one_of_our_errors(self, objects: MemoryObjects) -> None:
        """A head must be a whole run."""
        head = objects.add(canonical.dumps({"@": "run/1"}))

        with pytest.raises(CorruptError):
            closure([head], objects)

    @pytest.mark.parametrize("field", ["hparams", "scalars", "media", "env", "parents"])
    def test_a_document_of_another_kind_is_damage(
        self, objects: MemoryObjects, field: str
    ) -> None:
        """What a run names must be of the kind that it is named as."""
        other = objects.add(canonical.dumps({"@": "later/1", "v": {}}))
        head = objects.add(run_of(**{field: (other,) if field == "parents" else other}))

        with pytest.raises(CorruptError, match=r"expected a '\w+/1' document"):
            closure([head], objects)

    @pytest.mark.parametrize(
        "body",
        [
            {"@": "run/1", "parents": [["x"]]},
            {"@": "run/1", "parents": [{}]},
            {"@": "run/1", "parents": [5]},
            {"@": "run/1", "parents": [None]},
            {"@": "run/1", "hparams": 5},
            {"@": "run/1", "parents": ["no id"]},
            {"@": "media/1", "items": [ITEM | {"o": []}]},
            {"@": "media/1", "items": [ITEM | {"o": "no id"}]},
            {"@": "media/1", "items": [ITEM | {"kind": ["image"], "o": []}]},
        ],
        ids=str,
    )
    def test_an_id_that_is_no_text_is_one_of_our_errors(
        self, objects: MemoryObjects, body: Any
    ) -> None:
        """References of a stranger are looked at before they are used."""
        head = head_of(objects, body)

        with pytest.raises(CorruptError):
            closure([head], objects, check=True)

    def test_bytes_of_strangers_must_be_canonical(self, objects: MemoryObjects) -> None:
        """With *check* a document with a blank in it is refused."""
        oid = objects.add(run_of().replace(b'":"', b'": "', 1))

        assert {oid} == set(closure([oid], objects).roles)
        with pytest.raises(CorruptError, match="not canonical"):
            closure([oid], objects, check=True)

    def test_columns_of_strangers_must_be_canonical(self, objects: MemoryObjects) -> None:
        """With *check* a column with a blank in it is refused."""
        column = objects.add(b'{"@":"col/1", "codec":"int","n":1,"v":[1]}')
        oid = objects.add(run_of(scalars=objects.add(scalars_of(column))))

        assert column in closure([oid], objects).roles
        with pytest.raises(CorruptError, match="not canonical"):
            closure([oid], objects, check=True)

    @pytest.mark.parametrize("data", [b"5", b"{}", b'{"@":"col/1","codec":"int","n":2,"v":[1]}'])
    def test_columns_of_strangers_must_be_columns(
        self, objects: MemoryObjects, data: bytes
    ) -> None:
        """With *check* a column that cannot be decoded is refused."""
        head = objects.add(run_of(scalars=objects.add(scalars_of(objects.add(data)))))

        with pytest.raises(CorruptError):
            closure([head], objects, check=True)

    def test_a_series_of_any_name_is_found(self, tmp_path: Path) -> None:
        """A series called ``$``, the key of typed values, is like any other."""
        repo = vcs_track.init(tmp_path)
        with repo.start_run("x") as run:
            run.add_scalar("$", 1.0)

        assert repo.fsck().ok
        assert "col/1" in closure(repo.run("@").heads, repo.store.home.objects).roles.values()

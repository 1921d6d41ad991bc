"""The rows on making and filling artifacts of wandb's table of behaviour."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from compat.wandb.faces import Face

__all__: list[str] = []

EMPTY = "64e7c61456b10382e2f3b571ac24b659"


@pytest.fixture(autouse=True)
def folder() -> None:
    """Make a folder with two files."""
    Path("d/sub").mkdir(parents=True)
    Path("d/a.txt").write_text("hi\n")
    Path("d/sub/b.txt").write_text("yo\n")


def new(face: Face, **given: Any) -> Any:
    return face.wandb.Artifact("n", "t", **given)


def names(artifact: Any) -> list[str]:
    return sorted(artifact.manifest.entries)


class TestMaking:
    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("n/x", "t"), ("n:x", "t"), ("", "t"), ("n" * 129, "t"), ("é", "t"), ("n", "wandb-x"),
            ("n", "job"), ("run-1-x", "run_table"), ("source-x", "code"),
        ],
    )  # fmt: skip
    def test_refused(self, face: Face, name: str, kind: str) -> None:
        """Names have letters, digits and a few signs; some types are taken."""
        with pytest.raises(ValueError, match=r"^Artifact (name|type)"):
            face.wandb.Artifact(name, kind)

    @pytest.mark.parametrize(
        ("name", "kind"),
        [("a.B-c_1", "t"), ("n" * 128, "t"), ("x", "run_table"), ("x", "code"), ("n", "a/b:c")],
    )
    def test_taken(self, face: Face, name: str, kind: str) -> None:
        """Other names and types are fine."""
        artifact = face.wandb.Artifact(name, kind)

        assert (name, kind) == (artifact.name, artifact.type)

    def test_of_no_text(self, face: Face) -> None:
        """A name must be text."""
        with pytest.raises(TypeError):
            face.wandb.Artifact(None, "t")

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (None, {}),
            ({"a": float("nan"), "b": [1, (2,)]}, {"a": None, "b": [1, [2]]}),
            ('{"a": 1}', {"a": 1}),
            ({"a": np.float32(1), "b": np.ones(2)}, {"a": 1.0, "b": [1.0, 1.0]}),
        ],
    )
    def test_metadata(self, face: Face, given: Any, expected: dict[str, Any]) -> None:
        """Metadata is a mapping or its JSON, and becomes plain."""
        assert expected == new(face, metadata=given).metadata

    @pytest.mark.parametrize(
        ("given", "kind"),
        [
            ({"a": float("inf")}, ValueError), ([1], TypeError), (3, TypeError),
            ("[1]", TypeError), ("[1", ValueError), ({str(n): n for n in range(101)}, ValueError),
        ],
    )  # fmt: skip
    def test_wrong_metadata(self, face: Face, given: Any, kind: type[Exception]) -> None:
        """Other metadata, or too much, is refused."""
        with pytest.raises(kind):
            new(face, metadata=given)

    def test_before_it_is_logged(self, face: Face) -> None:
        """What only a version has is an ArtifactNotLoggedError, an AttributeError."""
        artifact = new(face)

        for name in ("version", "aliases", "tags", "entity", "project", "qualified_name"):
            with pytest.raises(AttributeError, match="prior to logging"):
                getattr(artifact, name)
        for name in ("wait", "download", "verify", "checkout", "file", "logged_by", "new_draft"):
            with pytest.raises(AttributeError, match="prior to logging"):
                getattr(artifact, name)()
        assert (None, "PENDING", True) == (artifact.id, artifact.state, artifact.is_draft())


class TestDigest:
    """wandb's own digest, recomputed."""

    def test_of_nothing(self, face: Face) -> None:
        """An artifact without files has a digest too."""
        assert EMPTY == new(face).digest

    def test_of_files(self, face: Face) -> None:
        """The digest is that of names and contents, in order of the names.

        Seen to fail when the names were not sorted.
        """
        artifact = new(face)
        artifact.add_file("d/sub/b.txt", name="z")
        artifact.add_dir("d")

        assert {
            "a.txt": "dk76iD3aHhHbR2ccSju9ng==", "sub/b.txt": "9iVbsBxkj+lncU1SqJ6OnA==",
            "z": "9iVbsBxkj+lncU1SqJ6OnA==",
        } == {path: entry.digest for path, entry in artifact.manifest.entries.items()}  # fmt: skip
        assert "4e75ad5d862109e388e8743f8b41eecf" == artifact.digest
        assert 9 == artifact.size

    def test_words_do_not_count(self, face: Face) -> None:
        """Description and metadata are no part of it."""
        assert EMPTY == new(face, description="x", metadata={"a": 1}).digest

    def test_other_hash(self, face: Face) -> None:
        """The digests may be of another hash."""
        artifact = new(face, digest_algorithm="XXH128")
        artifact.add_file("d/a.txt")

        assert "9NBJfPk5TKqzTRo6sr7OcA==" == artifact.manifest.entries["a.txt"].digest

    @pytest.mark.compat
    def test_as_the_original(self, ours: Face) -> None:
        """Files of many names and sizes have the digest of the original."""
        wandb: Any = pytest.importorskip("wandb")
        for n, name in enumerate(("a", "B", "a b", "é", "a-1", "a.b", "x/y/z", "w\\z", "日本")):
            Path("many", name).parent.mkdir(parents=True, exist_ok=True)
            Path("many", name).write_bytes(os.urandom(n * 1000))
        found = []
        for module in (wandb, ours.wandb):
            for algorithm in ("MD5", "XXH128"):
                artifact = module.Artifact("n", "t", digest_algorithm=algorithm)
                artifact.add_dir("many")
                artifact.add_reference(f"file://{Path('d').absolute()}", name="refs")
                artifact.add_reference(
                    f"file://{Path('d').absolute()}", name="unread", checksum=False
                )
                artifact.add_reference("abc://x/y", name="far")
                found.append((artifact.digest, names(artifact), artifact.size))

        assert found[:2] == found[2:]


class TestFiles:
    def test_name(self, face: Face) -> None:
        """A file is called by the last part of its path, or as it is said."""
        artifact = new(face)
        artifact.add_file("d/sub/b.txt")
        artifact.add_file("d/a.txt", name="./q//z")

        assert ["b.txt", "q/z"] == names(artifact)

    def test_same_again(self, face: Face) -> None:
        """The same file may be added twice, another one only when told so."""
        artifact = new(face)
        artifact.add_file("d/a.txt")
        artifact.add_file("d/a.txt")

        with pytest.raises(ValueError, match="same path twice"):
            artifact.add_file("d/sub/b.txt", name="a.txt")
        assert 3 == artifact.size
        artifact.add_file("d/sub/b.txt", name="a.txt", overwrite=True)
        assert "9iVbsBxkj+lncU1SqJ6OnA==" == artifact.manifest.entries["a.txt"].digest

    @pytest.mark.parametrize("path", ["d", "zz", ""])
    def test_no_file(self, face: Face, path: str) -> None:
        """What is no file is a ValueError."""
        with pytest.raises(ValueError, match="Path is not a file"):
            new(face).add_file(path)

    @pytest.mark.parametrize("name", ["../x", "/x/y", "a/../../x"])
    def test_leads_elsewhere(self, face: Face, name: str) -> None:
        """A name that leads out of the artifact is refused."""
        with pytest.raises(ValueError, match="Invalid artifact path"):
            new(face).add_file("d/a.txt", name=name)

    @pytest.mark.parametrize("name", ["", ".", "a/../b", "a\0b"])
    def test_no_name(self, ours: Face, name: str) -> None:
        """A name that is none is refused."""
        with pytest.raises(ValueError, match="Invalid artifact path"):
            ours.wandb.Artifact("n", "t").add_file("d/a.txt", name=name)

    def test_policy(self, face: Face) -> None:
        """There are two policies."""
        with pytest.raises(ValueError, match="Invalid policy"):
            new(face).add_file("d/a.txt", policy="q")

    def test_source_may_go(self, ours: Face) -> None:
        """A file that was added may change and go."""
        artifact = new(ours)
        artifact.add_file("d/a.txt")
        Path("d/a.txt").write_text("changed")
        Path("d/a.txt").unlink()
        ours.init().log_artifact(artifact)

        assert "hi\n" == Path(artifact.file()).read_text()

    def test_immutable_must_not_change(self, ours: Face) -> None:
        """A file that was said to stay and changed is no longer the one that was added."""
        artifact = new(ours)
        artifact.add_file("d/a.txt", policy="immutable")
        Path("d/a.txt").write_text("changed")
        run = ours.init()

        with pytest.raises(ValueError, match="has changed"):
            run.log_artifact(artifact)
        assert artifact.is_draft()

    @pytest.mark.parametrize(
        "call",
        [
            lambda a: a.add_file("d/a.txt"),
            lambda a: a.add_dir("d"),
            lambda a: a.add_reference("s3://x/y"),
            lambda a: a.remove("x"),
            lambda a: a.new_file("x").__enter__(),
        ],
    )
    def test_finalized(self, face: Face, call: Callable[[Any], Any]) -> None:
        """An artifact that is final does not change."""
        artifact = new(face)
        artifact.finalize()

        with pytest.raises(AttributeError, match="finalized"):
            call(artifact)
        assert EMPTY == artifact.digest


class TestFolders:
    def test_names(self, face: Face) -> None:
        """A folder comes with all below it, to the top or into a folder."""
        artifact = new(face)
        artifact.add_dir("d")
        artifact.add_dir("d", name="e")

        assert ["a.txt", "e/a.txt", "e/sub/b.txt", "sub/b.txt"] == names(artifact)

    @pytest.mark.parametrize("path", ["nope", "d/a.txt"])
    def test_no_folder(self, face: Face, path: str) -> None:
        """What is no folder is a ValueError."""
        with pytest.raises(ValueError, match="Path is not a directory"):
            new(face).add_dir(path)

    def test_links(self, face: Face) -> None:
        """Links are followed: the files are there."""
        Path("d/link").symlink_to(Path("d/sub").absolute())
        artifact = new(face)
        artifact.add_dir("d")

        assert "link/b.txt" in names(artifact)

    def test_link_to_itself(self, ours: Face) -> None:
        """A link to a folder above does not go round for ever."""
        Path("d/sub/up").symlink_to(Path("d").absolute())
        artifact = new(ours)
        artifact.add_dir("d")

        assert ["a.txt", "sub/b.txt"] == names(artifact)

    def test_all_or_nothing(self, ours: Face) -> None:
        """A name that is taken leaves the artifact as it was."""
        artifact = new(ours)
        artifact.add_file("d/a.txt", name="sub/b.txt")

        with pytest.raises(ValueError, match="same path twice"):
            artifact.add_dir("d")
        assert ["sub/b.txt"] == names(artifact)
        artifact.add_dir("d", merge=True)
        assert ["a.txt", "sub/b.txt"] == names(artifact)

    def test_names_that_are_no_text(self, ours: Face) -> None:
        """A file whose name is not UTF-8 is kept, and comes back under it."""
        raw = os.fsencode("d") + b"/\xff"
        with open(raw, "wb") as file:  # noqa: PTH123 -- a name of bytes
            file.write(b"odd")
        artifact = new(ours)
        artifact.add_dir("d")
        ours.init().log_artifact(artifact).download("out")

        assert b"\xff" in os.listdir(b"out")  # noqa: PTH208 -- as above


class TestNewFile:
    def test_text_and_bytes(self, face: Face) -> None:
        """What is written within the block is a file of the artifact."""
        artifact = new(face)
        with artifact.new_file("x.txt") as file:
            file.write("hello")
        with artifact.new_file("x.bin", mode="wb") as file:
            file.write(b"hello")

        assert ["XUFAKrxLKna5cZ2REBfFkg=="] * 2 == [
            entry.digest for entry in artifact.manifest.entries.values()
        ]

    def test_again(self, face: Face) -> None:
        """A name that is taken needs another mode."""
        artifact = new(face)
        with artifact.new_file("x.txt") as file:
            file.write("hello")

        with (
            pytest.raises(ValueError, match="already exists"),
            artifact.new_file("x.txt") as file,
        ):
            file.write("no")
        with artifact.new_file("x.txt", mode="w") as file:
            file.write("bye")
        assert 3 == artifact.manifest.entries["x.txt"].size

    def test_that_fails(self, face: Face) -> None:
        """A file whose writing fails is not added."""
        artifact = new(face)

        with pytest.raises(KeyError), artifact.new_file("x.txt") as file:  # noqa: PT012 -- it raises inside
            file.write("half")
            raise KeyError
        assert [] == names(artifact)


class TestReferences:
    def test_of_files(self, face: Face) -> None:
        """A file that stays where it is has the digest of its content."""
        artifact = new(face)
        place = f"file://{Path('d/a.txt').absolute()}"
        (entry,) = artifact.add_reference(place, name="x")

        assert ("x", "dk76iD3aHhHbR2ccSju9ng==", place, 3) == (
            entry.path, entry.digest, entry.ref, entry.size,
        )  # fmt: skip

    def test_of_folders(self, face: Face) -> None:
        """A folder is a reference for each file."""
        artifact = new(face)
        artifact.add_reference(f"file://{Path('d').absolute()}", name="x")

        assert ["x/a.txt", "x/sub/b.txt"] == names(artifact)

    def test_of_unknown_places(self, face: Face) -> None:
        """An address that nobody can read is its own digest."""
        (entry,) = new(face).add_reference("abc://x/y", name="r")

        assert ("abc://x/y", "abc://x/y") == (entry.digest, entry.ref)

    @pytest.mark.parametrize(
        "call",
        [
            lambda a: a.add_reference("abc"),
            lambda a: a.add_reference("abc://x/y"),
            lambda a: a.add_reference("file:///nope/nope"),
            lambda a: a.add_reference(f"file://{Path('d').absolute()}", max_objects=1),
        ],
    )
    def test_refused(self, face: Face, call: Callable[[Any], Any]) -> None:
        """What is no address, is not there, or is too much, is refused."""
        artifact = new(face)

        with pytest.raises(ValueError, match=r"URI|name=|valid file|max_objects"):
            call(artifact)
        assert [] == names(artifact)

    @pytest.mark.parametrize("place", ["s3://b/k/x.csv", "gs://b/x.csv", "http://h:1/x.csv"])
    def test_nothing_is_fetched(self, ours: Face, place: str) -> None:
        """Places elsewhere are named and never asked."""
        (entry,) = new(ours).add_reference(place)

        assert ("x.csv", place) == (entry.path, entry.ref)


class TestValues:
    def test_names(self, face: Face) -> None:
        """A value is a file that says what it is, beside those that it has."""
        artifact = new(face)
        artifact.add(face.wandb.Table(columns=["a"], data=[[1]]), "t")
        artifact["x"] = face.wandb.Html("x")
        found = [name for name in names(artifact) if not name.startswith("media/")]

        assert ["t.table.json", "x.html-file.json"] == found
        assert 1 == sum(name.startswith("media/html/") for name in names(artifact))

    def test_other_things(self, face: Face) -> None:
        """What is no value is a TypeError."""
        with pytest.raises(TypeError):
            new(face).add(3, "x")

    def test_remove(self, face: Face) -> None:
        """A file can be taken away again."""
        artifact = new(face)
        artifact.add_file("d/a.txt")
        artifact.remove("a.txt")

        assert EMPTY == artifact.digest
        with pytest.raises(FileNotFoundError):
            artifact.remove("a.txt")

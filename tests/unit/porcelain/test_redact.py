"""Tests of ``vcs_track.porcelain.redact``: bytes go, ids and reasons stay."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

import vcs_track
from vcs_track.errors import (
    InvalidValueError,
    LockedError,
    NotFoundError,
    ObjectNotFoundError,
    RedactedError,
)
from vcs_track.formats.oid import ObjectId
from vcs_track.plumbing.lock import Lock

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository

SECRET = b"SECRET-SECRET-SECRET-0123456789" * 50
TEXT = "the password is hunter2-hunter2-hunter2"


@pytest.fixture(params=["sha256", "xxh128"])
def repo(tmp_path: Path, request: pytest.FixtureRequest) -> Repository:
    """Return a repository whose runs ``a`` and ``b`` have a file, and ``a`` a text."""
    (tmp_path / "work").mkdir()
    repo = vcs_track.init(tmp_path / "work", request.param).with_defaults(capture_git=False)
    secret, other = tmp_path / "secret.bin", tmp_path / "other.bin"
    secret.write_bytes(SECRET)
    other.write_bytes(b"harmless" * 100)
    for name in "ab":
        with repo.start_run(f"run {name}", id=name) as run:
            run.add_scalar("loss", 1, 0)
            run.add_file(secret)
            run.add_file(other)
            if name == "a":
                run.add_text(TEXT, tag="slip")
    repo.start_run("none of it", id="c").finish()
    return repo


def secret_of(repo: Repository, run: str = "a") -> ObjectId:
    """Return the id of the file."""
    return next(item.oid for item in repo.run(run).media("file") if item.name == "secret.bin")


def everywhere(folder: Path, oid: str) -> list[str]:
    """Return the packs below *folder* that hold the object, by what unzip would say."""
    return [
        str(path)
        for path in folder.rglob("*.zip")
        if f"objects/{oid}" in zipfile.ZipFile(path).namelist()
    ]


class TestRedact:
    def test_bytes_go_and_the_record_stays(self, repo: Repository) -> None:
        """The bytes are in no file, both runs say why, and all else is as it was."""
        oid = secret_of(repo)
        done = repo.redact("a", "names of patients", file="secret.bin")
        again = vcs_track.open(repo.root)

        assert ((oid,), ("a", "b")) == (done.oids, done.runs)
        assert [] == everywhere(repo.path, oid)
        assert not any(SECRET in path.read_bytes() for path in repo.path.rglob("*.zip"))
        for run in ("a", "b"):
            item = next(i for i in again.run(run).media("file") if i.oid == oid)
            assert ("names of patients", False) == (item.redacted, item.here)
            with pytest.raises(RedactedError, match="names of patients"):
                _ = item.data
            other = next(i for i in again.run(run).media("file") if i.oid != oid)
            assert b"harmless" * 100 == other.data
        assert 1.0 == again.run("a").series("loss").value[0]

    def test_fsck_says_it_and_is_content(self, repo: Repository) -> None:
        """A redacted object is neither damage nor missing."""
        oid = secret_of(repo)
        repo.redact("a", "why not", blob=oid[:12])
        report = vcs_track.open(repo.root).fsck()

        assert report.ok
        assert ({oid: "why not"}, []) == (report.redacted, report.absent)

    def test_a_text(self, repo: Repository) -> None:
        """A text, which no run may lack otherwise, can go too."""
        oid = repo.run("a").media("text")[0].oid
        repo.redact("a", "a password", tag="slip")
        again = vcs_track.open(repo.root)

        assert again.fsck().ok
        assert again.gc().busy is False
        assert [] == everywhere(repo.path, oid)
        with pytest.raises(RedactedError):
            _ = again.run("a").media("text")[0].text

    def test_a_state_before_it_says_why_too(self, repo: Repository) -> None:
        """Who reads an older state of the run is told the reason."""
        repo.redact("a", "because", file="secret.bin")
        old = vcs_track.open(repo.root).run("a@{1}")
        with pytest.raises(RedactedError, match="because"):
            _ = next(item for item in old.media("file") if item.name == "secret.bin").data

    def test_twice_is_once(self, repo: Repository) -> None:
        """A second redaction changes nothing; the first reason stays."""
        repo.redact("a", "first", file="secret.bin")
        heads = repo.store.home.heads()
        repo.redact("a", "second", file="secret.bin")

        assert heads == repo.store.home.heads()
        assert {"first"} == {one["reason"] for one in repo.run("a").manifest.redacted.values()}

    def test_dry_run(self, repo: Repository) -> None:
        """A dry run says what would be done, and the bytes are still there."""
        done = repo.redact("a", "because", file="secret.bin", dry_run=True)

        assert (("a", "b"), True) == (done.runs, done.dry_run)
        assert len(done.packs) == len(everywhere(repo.path, done.oids[0])) > 0

    def test_readers_beside_it(self, repo: Repository) -> None:
        """A program that had the store open before goes on reading the rest."""
        view = vcs_track.open(repo.root).run("b")
        items = {item.name: item for item in view.media("file")}
        assert SECRET == items["secret.bin"].data
        repo.redact("a", "because", file="secret.bin")

        assert b"harmless" * 100 == items["other.bin"].data
        assert 1.0 == view.series("loss").value[0]

    def test_an_undo_is_refused(self, repo: Repository) -> None:
        """What is gone cannot come back, and undo says so."""
        repo.redact("a", "because", file="secret.bin")
        with pytest.raises(InvalidValueError, match="the bytes are gone"):
            repo.undo()

    def test_a_redacted_run_can_be_removed_resumed_and_edited(self, repo: Repository) -> None:
        """Removal, restoring, resuming and edits work on; the record stays."""
        oid = secret_of(repo)
        repo.redact("a", "because", file="secret.bin")
        repo.redact("a", "a password", tag="slip")
        repo.remove("a")
        repo.restore_removed("a")
        with repo.start_run(id="a", resume="must") as run:
            run.add_scalar("loss", 2, 1)
        repo.note("a", "x")
        run_now = repo.run("a")

        assert "because" == run_now.manifest.redacted[oid]["reason"]
        assert () == run_now.manifest.gaps
        assert repo.fsck().ok


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "error"),
        [
            ({}, InvalidValueError),
            ({"tag": "slip", "file": "x"}, InvalidValueError),
            ({"tag": "nothing"}, NotFoundError),
            ({"file": "nothing"}, NotFoundError),
            ({"file": ""}, NotFoundError),
            ({"blob": "f" * 12}, ObjectNotFoundError),
            ({"blob": ""}, ObjectNotFoundError),
        ],
    )
    def test_what_is_not_there(
        self, repo: Repository, options: dict[str, Any], error: type[Exception]
    ) -> None:
        """Nothing is changed when it is not clear what is meant."""
        before = repo.store.home.heads()
        with pytest.raises(error):
            repo.redact("a", "because", **options)

        assert before == repo.store.home.heads()

    def test_a_document(self, repo: Repository) -> None:
        """Manifests and columns are what a run is; they cannot be redacted."""
        for oid in (repo.run("a").heads[0], repo.run("a").manifest.scalars):
            with pytest.raises(InvalidValueError, match="which the run needs"):
                repo.redact("a", "because", blob=oid)

    def test_without_a_reason(self, repo: Repository) -> None:
        """Somebody will want to know why."""
        with pytest.raises(InvalidValueError):
            repo.redact("a", "  ", file="secret.bin")

    def test_a_live_run_that_has_it(self, repo: Repository, tmp_path: Path) -> None:
        """While a program that logged the same bytes goes on, nothing is redacted."""
        with repo.start_run(id="live") as run:
            run.add_file(tmp_path / "secret.bin")
            with pytest.raises(InvalidValueError, match="still going on"):
                repo.redact("a", "because", file="secret.bin")

        assert everywhere(repo.path, secret_of(repo))

    def test_beside_a_clean_up(self, repo: Repository) -> None:
        """A clean-up and a redaction exclude each other."""
        lock = Lock.take(repo.store.layout.gc_lock)
        assert lock is not None
        with pytest.raises(LockedError):
            repo.redact("a", "because", file="secret.bin")
        lock.release()


class TestNothingBringsItBack:
    def test_an_import(self, repo: Repository, tmp_path: Path) -> None:
        """A bundle from before has the bytes; importing it leaves them out.

        Seen to fail when an import did not ask what was redacted.
        """
        repo.export(["a", "b"], tmp_path / "x.zip")
        oid = secret_of(repo)
        repo.redact("a", "because", file="secret.bin")
        repo.import_(tmp_path / "x.zip")

        assert [] == everywhere(repo.path, oid)
        assert repo.fsck().ok

    def test_a_shelf(self, repo: Repository) -> None:
        """Packs that git has are named, left as they are, and taken in without the bytes."""
        git(repo, "init", "-q")
        repo.commit(["a", "b"])
        oid = secret_of(repo)
        done = repo.redact("a", "because", file="secret.bin")
        shutil.rmtree(repo.store.layout.adopted, ignore_errors=True)
        again = vcs_track.open(repo.root)

        assert done.shelf
        assert "" == git(repo, "status", "--porcelain")
        assert len(done.shelf) == len(everywhere(repo.path / "packs", oid))
        assert [] == everywhere(repo.path / "local", oid)
        assert again.fsck().ok

    def test_a_new_pack_on_the_shelf(self, repo: Repository, tmp_path: Path) -> None:
        """A pull that brings the bytes in another pack is taken in without them.

        Seen to fail when the packs of the shelf were not looked through.
        """
        git(repo, "init", "-q")
        repo.commit(["c"])
        oid = secret_of(repo)
        copy = tmp_path / "copy"
        git(repo, "clone", "-q", ".", str(copy))
        other = vcs_track.open(copy).with_defaults(capture_git=False)
        with other.start_run(id="theirs") as run:
            run.add_file(tmp_path / "secret.bin")
            run.add_scalar("loss", 3, 0)
        other.commit(["theirs"])
        repo.redact("a", "because", file="secret.bin")
        git(repo, "pull", "-q", "--no-rebase", str(copy), "HEAD")
        again = vcs_track.open(repo.root)

        assert 3.0 == again.run("theirs").series("loss").value[0]
        assert [] == everywhere(repo.path / "local", oid)
        with pytest.raises(RedactedError):
            _ = again.run("theirs").media("file")[0].data
        assert again.fsck().ok

    def test_a_repair(self, repo: Repository, tmp_path: Path) -> None:
        """A copy that still has the bytes is no source for them."""
        shutil.copytree(repo.root, tmp_path / "copy")
        oid = secret_of(repo)
        repo.redact("a", "because", file="secret.bin")
        report = repo.fsck(repair_from=tmp_path / "copy")

        assert report.ok
        assert [] == everywhere(repo.path, oid)

    def test_an_export_has_the_record_only(self, repo: Repository, tmp_path: Path) -> None:
        """Who imports the run knows the reason and has not got the bytes."""
        oid = secret_of(repo)
        repo.redact("a", "because", file="secret.bin")
        repo.redact("a", "a password", tag="slip")
        repo.export(["a", "b"], tmp_path / "x.zip")
        (tmp_path / "other").mkdir()
        other = vcs_track.init(tmp_path / "other", repo.object_format)
        other.import_(tmp_path / "x.zip")
        item = next(item for item in other.run("b").media("file") if item.oid == oid)

        assert [] == everywhere(tmp_path, oid)
        assert "because" == item.redacted
        assert other.fsck().ok
        assert oid in other.fsck().redacted

    def test_another_clone_with_the_bytes_exports_none(
        self, repo: Repository, tmp_path: Path
    ) -> None:
        """Where the record arrived and the bytes were, reading and exporting refuse them.

        Seen to fail when the record counted only where the bytes were missing.
        """
        repo.export("a", tmp_path / "x.zip")
        (tmp_path / "other").mkdir()
        other = vcs_track.init(tmp_path / "other", repo.object_format)
        other.import_(tmp_path / "x.zip")
        oid = secret_of(repo)
        repo.redact("a", "because", file="secret.bin")
        repo.export("a", tmp_path / "y.zip")
        other.import_(tmp_path / "y.zip")
        other.export("a", tmp_path / "z.zip")
        item = next(item for item in other.run("a").media("file") if item.oid == oid)

        assert str(tmp_path / "z.zip") not in everywhere(tmp_path, oid)
        with pytest.raises(RedactedError):
            _ = item.data
        other.redact("a", "because", blob=oid)
        assert [] == everywhere(other.path, oid)

    def test_edits_on_two_clones(self, repo: Repository, tmp_path: Path) -> None:
        """An edit and a redaction made elsewhere at the same time lose no record.

        Seen to fail when the records were merged as one field.
        """
        repo.export("a", tmp_path / "x.zip")
        (tmp_path / "other").mkdir()
        other = vcs_track.init(tmp_path / "other", repo.object_format)
        other.import_(tmp_path / "x.zip")
        oid = secret_of(repo)
        repo.redact("a", "because", file="secret.bin")
        other.note("a", "theirs")
        other.redact("a", "harmless", file="other.bin")
        other.export("a", tmp_path / "y.zip")
        repo.import_(tmp_path / "y.zip")
        run = repo.run("a")

        assert {"because", "harmless"} == {m["reason"] for m in run.manifest.redacted.values()}
        assert ("theirs", "because") == (run.note, run.manifest.redacted[oid]["reason"])
        assert [] == everywhere(repo.path, oid)


def git(repo: Repository, *args: str) -> str:
    """Run git beside the runs and return what it printed."""
    done = subprocess.run(
        ["git", *args], cwd=repo.root, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout

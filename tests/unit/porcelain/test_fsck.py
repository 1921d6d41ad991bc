"""Tests of ``vcs_track.porcelain.fsck``."""

from __future__ import annotations

import json
import math
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import vcs_track
from vcs_track.formats import canonical
from vcs_track.formats.oid import ObjectId
from vcs_track.plumbing.pack_writer import PackWriter

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository
    from vcs_track.porcelain.fsck import Report

NOWHERE = ObjectId("f" * 64)


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return a repository with one finished run, ``r``."""
    repo = vcs_track.init(tmp_path).with_defaults(capture_git=False)
    (tmp_path / "file").write_bytes(b"bytes of a file")
    with repo.start_run("r", id="r", hparams={"lr": 0.1}) as run:
        for step in range(30):
            run.add_scalar("loss", step / 7, step)
        run.add_text("hello", tag="t")
        run.add_file(tmp_path / "file")
    return repo


def check(repo: Repository) -> Report:
    """Check the repository as a new process would."""
    return vcs_track.open(repo.root).fsck()


def write(path: Path, content: bytes) -> None:
    """Replace the bytes of a pack."""
    path.chmod(0o644)
    path.write_bytes(content)


def spoil(repo: Repository, oid: ObjectId) -> Path:
    """Damage the bytes of one object; return its pack."""
    file = repo.store.home.objects.owner(oid)
    entry = file.entry(oid)
    content = bytearray(file.path.read_bytes())
    content[entry.data_offset + entry.stored // 2] ^= 0x10
    write(file.path, bytes(content))
    return file.path


class TestSound:
    def test_counts_what_it_checked(self, repo: Repository) -> None:
        """A sound repository has no problems, and the report says how much was read."""
        report = check(repo)

        assert (True, [], [], 1, 2) == (
            report.ok, report.problems, report.absent, report.runs, report.packs,
        )  # fmt: skip
        assert len(list(repo.store.home.objects)) == report.objects

    def test_an_empty_repository_is_sound(self, tmp_path: Path) -> None:
        """Nothing there, nothing wrong."""
        assert vcs_track.init(tmp_path / "x").fsck().ok

    def test_live_runs_are_named_and_left_alone(self, repo: Repository) -> None:
        """A run that goes on is no problem."""
        live = repo.start_run("live", id="live")
        live.add_scalar("a", 1.0)
        report = check(repo)
        live.finish()

        assert (True, ["live"]) == (report.ok, report.live)

    def test_changes_nothing(self, repo: Repository) -> None:
        """A check reads only."""
        (column,) = repo.run("r").series("loss").chunks
        spoil(repo, column["value"])
        opened = vcs_track.open(repo.root)
        before = {p: p.stat().st_mtime_ns for p in repo.path.rglob("*")}
        opened.fsck()

        assert before == {p: p.stat().st_mtime_ns for p in repo.path.rglob("*")}

    def test_tells_how_far_it_is(self, repo: Repository) -> None:
        """Progress goes to the number of packs."""
        seen: list[tuple[int, int]] = []
        repo.fsck(progress=lambda done, total: seen.append((done, total)))

        assert [(1, 2), (2, 2)] == seen

    def test_the_report_as_plain_data(self, repo: Repository) -> None:
        """to_dict() has what ``--json`` prints."""
        found = check(repo).to_dict()

        assert {
            "ok",
            "problems",
            "absent",
            "redacted",
            "lost_removals",
            "packs",
            "objects",
            "runs",
            "live",
        } == set(found)

    def test_a_head_that_another_replaces_is_no_problem(self, repo: Repository) -> None:
        """A crash between two heads leaves nothing to repair."""
        (old,) = repo.run("r").heads
        repo.edit("r", notes="x")
        repo.store.home.head_folder.add("r", old)

        assert [] == check(repo).problems


class TestDamage:
    def test_every_damaged_object_is_named(self, repo: Repository) -> None:
        """Whichever object is damaged, the report has its id and its pack."""
        for oid in list(repo.store.home.objects):
            path = repo.store.home.objects.owner(oid).path
            whole = path.read_bytes()
            spoil(repo, oid)
            words = str(check(repo).problems)
            write(path, whole)

            assert oid in words
            assert path.name in words
        assert check(repo).ok

    def test_all_damaged_objects_are_named_at_once(self, repo: Repository) -> None:
        """One damage does not hide the next."""
        view = repo.run("r")
        (chunk,) = view.series("loss").chunks
        spoiled = [chunk["value"], chunk["step"], view.get_text()[0].oid]
        for oid in spoiled:
            spoil(repo, oid)
        words = str(check(repo).problems)

        assert spoiled == [oid for oid in spoiled if oid in words]

    def test_a_pack_under_a_wrong_name(self, repo: Repository) -> None:
        """A pack must be named by its bytes."""
        (path,) = repo.store.home.packs.folder.glob("p-*.zip")
        path.rename(path.with_name(f"p-{'0' * 40}.zip"))

        assert [f"store p-{'0' * 40}.zip"] == [p["where"] for p in check(repo).problems]

    @pytest.mark.parametrize("keep", [0, 1, 21, 100, -1])
    def test_a_pack_that_is_cut_short(self, repo: Repository, keep: int) -> None:
        """A cut pack is named, and so is the run that needs it."""
        (path,) = repo.store.home.packs.folder.glob("p-*.zip")
        write(path, path.read_bytes()[:keep])
        report = check(repo)

        assert path.name in str(report.problems)
        assert "run r" in {problem["where"] for problem in report.problems}

    def test_bytes_after_a_pack(self, repo: Repository) -> None:
        """A pack with junk at its end is damaged."""
        (path,) = repo.store.home.packs.folder.glob("p-*.zip")
        write(path, path.read_bytes() + b"junk")

        assert not check(repo).ok

    def test_no_flipped_bit_escapes(self, repo: Repository) -> None:
        """Whatever single bit of a pack flips, the check names the pack and goes on."""
        (path,) = repo.store.home.packs.folder.glob("p-*.zip")
        whole = path.read_bytes()
        for at in range(0, len(whole), 5):
            content = bytearray(whole)
            content[at] ^= 1 << at % 8
            write(path, bytes(content))

            assert path.name in str(check(repo).problems)

    def test_flipped_bits_before_the_directory(self, repo: Repository) -> None:
        """A flipped bit in headers and data is named."""
        (path,) = repo.store.home.packs.folder.glob("p-*.zip")
        whole = path.read_bytes()
        for at in range(0, whole.index(b"PK\x01\x02"), 23):
            content = bytearray(whole)
            content[at] ^= 1 << at % 8
            write(path, bytes(content))

            assert path.name in str(check(repo).problems)


class TestNames:
    """What is not named as it should be is damage too."""

    @pytest.mark.parametrize("name", ["r", "r.", "README", "r.{0}x", ".r.{0}", "r.{1}"])
    def test_a_head_that_is_none(self, repo: Repository, name: str) -> None:
        """A file among the heads whose name is no head of a run is named.

        Seen to fail when only names that parse were looked at.
        """
        (oid,) = repo.run("r").heads
        folder = repo.store.home.head_folder.path("r", oid).parent
        damaged = name.format(oid, oid.upper())
        (folder / damaged).touch()
        (problem,) = check(repo).problems

        assert f"store heads/{folder.name}/{damaged}" == problem["where"]

    @pytest.mark.parametrize("name", ["{0}.bak", "x-{1}", "p-{2}", "notes"])
    def test_a_file_that_is_no_pack(self, repo: Repository, name: str) -> None:
        """A file among the packs that is not named as one is named."""
        pack = repo.store.home.packs.packs[0].path
        damaged = name.format(pack.name, pack.name[2:], pack.name[3:])
        (pack.parent / damaged).touch()
        (problem,) = check(repo).problems

        assert f"store {damaged}" == problem["where"]

    def test_files_of_the_system_are_no_damage(self, repo: Repository) -> None:
        """What file managers and network file systems leave is nobody's."""
        for folder in (repo.store.layout.store.packs, repo.store.layout.store.heads):
            (folder / ".DS_Store").touch()
            (folder / ".nfs0123").touch()

        assert check(repo).ok


class TestFormat:
    @pytest.mark.parametrize("text", ["", "?", "vcs-track 2\n", "vcs-track 1\n"])
    def test_a_damaged_copy(self, repo: Repository, text: str) -> None:
        """A second ``FORMAT`` that cannot stand in for the first is named."""
        (repo.path / "local" / "FORMAT").write_text(text)

        assert ["local/FORMAT"] == [problem["where"] for problem in check(repo).problems]

    def test_a_format_that_can_just_be_read(self, repo: Repository) -> None:
        """Damage that does not keep the repository from being opened is named too."""
        path = repo.path / "FORMAT"
        path.write_bytes(path.read_bytes().replace(b"\n", b"\x0b"))

        assert [".runs/FORMAT"] == [problem["where"] for problem in check(repo).problems]


class TestAbsence:
    def test_a_missing_pack(self, repo: Repository) -> None:
        """A run whose pack is gone is named."""
        (path,) = repo.store.home.packs.folder.glob("p-*.zip")
        path.unlink()

        assert ["run r"] == [problem["where"] for problem in check(repo).problems]

    def test_a_missing_column(self, repo: Repository) -> None:
        """A pack without one of the columns of its run is reported with the column's id."""
        (chunk,) = repo.run("r").series("loss").chunks
        rewrite_without(repo, chunk["value"])
        (problem,) = check(repo).problems

        assert "run r" == problem["where"]
        assert f"col/1 '{chunk['value'][:12]}' is missing" == problem["what"]

    def test_missing_bytes_of_a_file_are_no_damage(self, repo: Repository) -> None:
        """A run without its files is listed as absent, and is sound."""
        (path,) = repo.store.home.packs.folder.glob("b-*.zip")
        path.unlink()
        report = check(repo)

        assert (True, [repo.run("r").get_files()[0].oid]) == (report.ok, report.absent)

    def test_a_head_to_nowhere(self, repo: Repository) -> None:
        """A head whose state is in no pack is named."""
        repo.store.home.head_folder.add("ghost", NOWHERE)
        (problem,) = check(repo).problems

        assert "run ghost" == problem["where"]
        assert "ffffffffffff" in problem["what"]

    def test_a_head_of_another_run(self, repo: Repository) -> None:
        """A head that leads to another run's state is named."""
        (head,) = repo.run("r").heads
        repo.store.home.head_folder.add("thief", head)
        (problem,) = check(repo).problems

        assert "run thief" == problem["where"]
        assert "another run" in problem["what"]

    def test_a_head_in_a_wrong_folder(self, repo: Repository) -> None:
        """A head where no reader looks for it is named, and hides no other run."""
        with repo.start_run("s", id="s"):
            pass
        path = repo.store.home.head_folder.path("r", repo.run("r").heads[0])
        (path.parent.parent / "zz").mkdir()
        path.rename(path.parent.parent / "zz" / path.name)
        opened = vcs_track.open(repo.root)

        assert not opened.fsck().ok
        assert "s" in [run.id for run in opened.runs()]

    def test_a_run_on_the_shelf_without_its_pack(self, tmp_path: Path) -> None:
        """A clone whose shelf has a head and no pack is told so."""
        repo = vcs_track.init(tmp_path)
        with repo.start_run("r", id="r"):
            pass
        subprocess.run(["git", "init", "-q", tmp_path], check=True)
        repo.commit()
        clone = tmp_path / "clone"
        subprocess.run(["git", "clone", "-q", tmp_path, clone], check=True)
        for pack in (clone / ".runs" / "packs").iterdir():
            pack.unlink()

        assert not vcs_track.open(clone).fsck().ok


def rewrite_without(repo: Repository, oid: ObjectId) -> None:
    """Write the pack of one object again without it."""
    file = repo.store.home.objects.owner(oid)
    writer = PackWriter(repo.store.layout.tmp, repo.store.format)
    for other in file:
        if other != oid:
            writer.add(file.read(other))
    writer.install(file.path.parent, "p")
    file.path.unlink()


class TestSeries:
    def test_statistics_that_are_wrong(self, repo: Repository) -> None:
        """A full check compares what a series says with its points; no other reads them.

        Seen to fail when `full` was not handed on to the walk of the runs.
        """
        view = repo.run("r")
        objects = repo.store.home.objects
        scalars = json.loads(objects.read(view.manifest.scalars or NOWHERE))
        scalars["series"]["loss"]["chunks"][0]["max"] = 99.5
        writer = PackWriter(repo.store.layout.tmp, repo.store.format)
        wrong = writer.add(canonical.dumps(scalars))
        head = writer.add(replace(view.manifest, scalars=wrong).encode())
        writer.install(repo.store.layout.store.packs, "p")
        (old,) = repo.store.layout.store.heads.rglob("r.*")
        old.rename(old.with_name(f"r.{head}"))

        assert check(repo).ok
        assert [
            {"where": "run r", "what": "series 'loss' says 'max' of a chunk otherwise than its points"}
        ] == vcs_track.open(repo.root).fsck(full=True).problems  # fmt: skip

    @pytest.mark.parametrize("name", ["sha256", "xxh128"])
    def test_what_we_write_is_right(self, tmp_path: Path, name: str) -> None:
        """Points of every kind, in many chunks, pass a full check."""
        repo = vcs_track.init(tmp_path / "new", object_format=name)
        with repo.start_run("r", capture_code=False) as run:
            for step in range(40_000):
                run.add_scalar("loss", step / 7, step)
            for value in (math.nan, math.inf, -0.0, True, 1 << 60, 3):
                run.add_scalar("odd", value, -5, epoch=0.5)
            run.new_repetition()
            run.add_scalar("odd", 1e300, 1)

        assert vcs_track.open(repo.root).fsck(full=True).ok


class TestOneDamagedRun:
    """Damage in one run must not take the others away."""

    def test_the_other_runs_are_listed(self, repo: Repository) -> None:
        """A run whose state is damaged does not hide the others."""
        with repo.start_run("sound", id="sound"):
            pass
        spoil(repo, repo.run("r").heads[0])
        opened = vcs_track.open(repo.root)

        assert "sound" in [run.id for run in opened.runs()]
        assert "sound" == opened.run("soun").id

    def test_the_other_runs_can_be_queried(self, repo: Repository) -> None:
        """A run whose hyperparameters are damaged does not stop every query."""
        with repo.start_run("sound", id="sound", hparams={"lr": 5}):
            pass
        oid = repo.run("r").manifest.hparams
        assert oid is not None
        spoil(repo, oid)
        opened = vcs_track.open(repo.root)

        assert ["sound"] == [run.id for run in opened.runs(where="name = sound")]

    def test_the_repository_can_be_opened_and_checked(self, tmp_path: Path) -> None:
        """Damage of a committed run leaves the repository open to fsck."""
        repo = vcs_track.init(tmp_path)
        subprocess.run(["git", "init", "-q", tmp_path], check=True)
        with repo.start_run("r", id="r"):
            pass
        repo.commit()
        repo.edit("r", notes="x")
        spoil(repo, repo.run("r").heads[0])

        assert not vcs_track.open(tmp_path).fsck().ok

"""Tests of ``vcs_track.porcelain.repair``."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from crash.damage import snapshot
from unit.formats.test_oid import colliding

import vcs_track
from vcs_track.errors import (
    CorruptError,
    InvalidValueError,
    LockedError,
    ObjectNotFoundError,
    RepositoryFormatError,
    StorageError,
)
from vcs_track.formats.oid import ObjectId
from vcs_track.plumbing.lock import Lock
from vcs_track.plumbing.pack_writer import PackWriter
from vcs_track.porcelain.repair import Repairs, restore_format

if TYPE_CHECKING:
    from vcs_track import Repository
    from vcs_track.porcelain.fsck import Report


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return a repository with one run, ``r``, in two states, and a bundle beside it."""
    folder = tmp_path / "repo"
    repo = vcs_track.init(folder).with_defaults(capture_git=False)
    (folder / "file").write_bytes(b"bytes of a file")
    with repo.start_run("r", id="r", hparams={"lr": 0.1}) as run:
        for step in range(30):
            run.add_scalar("loss", step / 7, step)
        run.add_text("", tag="empty")
        run.add_file(folder / "file")
    repo.edit("r", notes="edited")
    repo.export("r", tmp_path / "bundle.zip")
    shutil.copytree(folder, tmp_path / "copy")
    return repo


def repair(repo: Repository, *sources: Path) -> Report:
    """Repair as a new process would."""
    return vcs_track.open(repo.root).fsck(repair_from=sources)


def repairs(report: Report) -> Repairs:
    assert report.repairs is not None
    return report.repairs


def packs(repo: Repository, prefix: str = "") -> list[Path]:
    return sorted((repo.path / "local" / "packs").glob(f"{prefix}*"))


def spoil(repo: Repository, oid: ObjectId) -> Path:
    """Damage the bytes of one object; return its pack."""
    file = repo.store.home.objects.owner(oid)
    entry = file.entry(oid)
    flip(file.path, entry.data_offset + entry.stored // 2)
    return file.path


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 0x10
    path.chmod(0o644)
    path.write_bytes(bytes(content))


def column(repo: Repository) -> ObjectId:
    """Return the id of the values of the run's series."""
    (chunk,) = repo.run("r").series("loss").chunks
    return ObjectId(chunk["value"])


def bundle(repo: Repository) -> Path:
    return repo.root.parent / "bundle.zip"


def copy(repo: Repository) -> Path:
    return repo.root.parent / "copy"


def quarantine(repo: Repository) -> list[str]:
    folder = repo.path / "local" / "quarantine"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def head(repo: Repository) -> Path:
    (path,) = (repo.path / "local" / "heads").rglob("r.*")
    return path


class TestReport:
    def test_says_what_came_from_where(self, repo: Repository) -> None:
        """What was damaged, what was restored and from where is in the report."""
        oid = column(repo)
        path = spoil(repo, oid)
        report = repair(repo, bundle(repo))
        (mended,) = repairs(report).mended

        assert report.ok
        assert {oid: str(bundle(repo))} == repairs(report).restored
        assert f"store {path.name}" == mended["where"]
        assert oid[:12] in mended["what"]
        assert "restored 1, lost 0" in mended["how"]

    def test_names_what_is_lost(self, repo: Repository) -> None:
        """An object without any undamaged copy is named, now and in the next repair."""
        oid = column(repo)
        spoil(repo, oid)
        first, second = repair(repo), repair(repo)

        assert [oid] == repairs(first).lost == repairs(second).lost
        assert (False, False) == (first.ok, second.ok)
        assert "run r" in {problem["where"] for problem in first.problems}
        assert [] == repairs(second).mended

    def test_lost_bytes_of_a_file_are_a_loss(self, repo: Repository) -> None:
        """A file that was here and is damaged is lost, not merely absent, now and later.

        Seen to fail when it was taken for one that was never here, now or later.
        """
        oid = repo.run("r").get_files()[0].oid
        spoil(repo, oid)
        reports = [repair(repo), repair(repo)]

        assert [[oid], [oid]] == [repairs(report).lost for report in reports]
        assert [False, False] == [report.ok for report in reports]

    def test_bytes_that_were_never_here_are_not_lost(self, repo: Repository) -> None:
        """A run without its files is as sound after a repair as it was before."""
        for pack in packs(repo, "b"):
            pack.unlink()
        report = repair(repo)

        assert (True, [], 1) == (report.ok, repairs(report).lost, len(report.absent))

    def test_absent_bytes_are_taken_from_a_source(self, repo: Repository) -> None:
        """A source that has the files of a run gives them."""
        for pack in packs(repo, "b"):
            pack.unlink()
        report = repair(repo, bundle(repo))

        assert (True, []) == (report.ok, report.absent)
        assert b"bytes of a file" == repo.run("r").get_files()[0].data

    def test_a_plain_check_has_no_repairs(self, repo: Repository) -> None:
        """Without a repair the report has none, and nothing is changed."""
        spoil(repo, column(repo))
        opened = vcs_track.open(repo.root)
        before = snapshot(repo.root)
        report = opened.fsck()

        assert report.repairs is None
        assert "repairs" not in report.to_dict()
        assert before == snapshot(repo.root)

    def test_tells_how_far_it_is(self, repo: Repository) -> None:
        """Progress counts the packs twice: once to repair, once to check."""
        seen: list[tuple[int, int]] = []
        repo.fsck(lambda done, total: seen.append((done, total)), repair_from=[])

        assert 2 * [(1, 3), (2, 3), (3, 3)] == seen

    def test_as_plain_data(self, repo: Repository) -> None:
        """to_dict() has what ``--json`` prints."""
        spoil(repo, column(repo))
        found = repair(repo).to_dict()["repairs"]

        assert {"mended", "restored", "lost"} == set(found)


class TestPacks:
    def test_a_sound_repository_is_left_alone(self, repo: Repository) -> None:
        """A repair of what is sound changes nothing."""
        before = snapshot(repo.root)
        report = repair(repo, bundle(repo), copy(repo))

        assert (True, Repairs()) == (report.ok, report.repairs)
        assert before == snapshot(repo.root)

    def test_the_damaged_file_is_kept(self, repo: Repository) -> None:
        """The bytes of a damaged pack that is not wholly restored are in the quarantine.

        Seen to fail when the pack was just removed.
        """
        path = spoil(repo, column(repo))
        damaged = path.read_bytes()
        repair(repo)
        (kept,) = quarantine(repo)

        assert kept.startswith(path.name)
        assert damaged == (repo.path / "local" / "quarantine" / kept).read_bytes()

    def test_what_was_lost_comes_back_with_a_later_source(self, repo: Repository) -> None:
        """A repair without a source stands in the way of no later one."""
        runs = repo.run("r").to_dict()
        oid = column(repo)
        spoil(repo, oid)
        repair(repo)
        report = repair(repo, copy(repo))

        assert report.ok
        assert [oid] == list(repairs(report).restored)
        assert runs == vcs_track.open(repo.root).run("r").to_dict()

    def test_another_pack_is_a_source(self, repo: Repository) -> None:
        """An object with an undamaged copy in another pack is restored from there."""
        oid = column(repo)
        writer = PackWriter(repo.store.layout.tmp, repo.store.format)
        writer.add(repo.store.home.objects.read(oid))
        writer.install(repo.store.home.packs.folder, "p")
        (path,) = (p for p in packs(repo, "p") if p.stat().st_size > 2000)
        at = path.read_bytes().index(oid.encode()) + len(oid) + 10
        flip(path, at)
        report = repair(repo)

        assert report.ok
        assert {oid: "another pack"} == repairs(report).restored

    def test_the_quarantine_is_a_source(self, repo: Repository) -> None:
        """A file that somebody put there, or an earlier repair, is looked through."""
        (path,) = packs(repo, "b")
        folder = repo.path / "local" / "quarantine"
        folder.mkdir()
        path.rename(folder / "moved by hand")
        report = repair(repo)

        assert report.ok
        assert ["left-overs"] == list(repairs(report).restored.values())
        assert path.exists()

    def test_the_trash_is_a_source(self, repo: Repository) -> None:
        """What a clean-up moved away and a run needs is taken from the trash."""
        (path,) = packs(repo, "b")
        folder = repo.path / "local" / "trash" / "1700000000000000"
        folder.mkdir(parents=True)
        path.rename(folder / path.name)
        report = repair(repo)

        assert report.ok
        assert b"bytes of a file" == repo.run("r").get_files()[0].data

    def test_system_files_are_left_alone(self, repo: Repository) -> None:
        """A file that a file manager or a network file system makes is no damage."""
        for folder in ("packs", "heads", "heads/45"):
            (repo.path / "local" / folder).mkdir(exist_ok=True)
            (repo.path / "local" / folder / ".DS_Store").touch()
        report = repair(repo)

        assert (True, []) == (report.ok, repairs(report).mended)

    def test_a_clean_up_at_work(self, repo: Repository) -> None:
        """A repair and a clean-up, or two repairs, are never at work at once.

        Seen to fail when the lock was not asked.
        """
        lock = Lock.take(repo.store.layout.gc_lock)
        assert lock is not None
        with pytest.raises(LockedError, match="at work"):
            repair(repo)
        lock.release()

        assert repair(repo).ok

    def test_a_repository_that_cannot_be_written(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where nothing can be written, nothing is tried."""
        opened = vcs_track.open(repo.root)
        shutil.rmtree(repo.path / "local" / "tmp")
        (repo.path / "local" / "tmp").touch()
        opened.store.writable = False
        with pytest.raises(StorageError):
            opened.fsck(repair_from=[])

    def test_a_live_run_is_left_alone(self, repo: Repository) -> None:
        """A run that is going on loses nothing by a repair."""
        live = repo.start_run("live", id="live")
        live.add_scalar("a", 1.0)
        live.add_file(repo.root / "file", name="again")
        spoil(repo, column(repo))
        report = repair(repo, bundle(repo))
        live.add_scalar("a", 2.0)
        live.finish()

        assert (True, ["live"]) == (report.ok, report.live)
        assert [1.0, 2.0] == vcs_track.open(repo.root).run("live").series("a").value
        assert vcs_track.open(repo.root).fsck().ok

    def test_forged_copies_are_not_believed(self, tmp_path: Path) -> None:
        """Where ids can be forged and two copies differ, neither is taken for the lost one.

        Seen to fail when the first copy that had the id was taken.
        """
        twins = colliding(300)
        repo = vcs_track.init(tmp_path / "x", "xxh128")
        (tmp_path / "file").write_bytes(twins[0])
        with repo.start_run("r", id="r") as run:
            oid = run.add_file(tmp_path / "file")
        sources = []
        for data in twins:
            writer = PackWriter(tmp_path, repo.store.format)
            assert oid == writer.add(data)
            sources.append(writer.install(tmp_path, "b"))
        spoil(repo, ObjectId(oid))
        both = repair(repo, *sources)
        one = repair(repo, sources[0])

        assert (False, [oid]) == (both.ok, repairs(both).lost)
        assert one.ok
        assert twins[0] == vcs_track.open(repo.root).run("r").get_files()[0].data


class TestSources:
    @pytest.mark.parametrize("below", ["", ".runs"])
    def test_a_repository(self, repo: Repository, below: str) -> None:
        """A source is the folder of a repository, or its ``.runs``; it is not written to."""
        spoil(repo, column(repo))
        before = snapshot(copy(repo))

        assert repair(repo, copy(repo) / below).ok
        assert before == snapshot(copy(repo))

    def test_one_path(self, repo: Repository) -> None:
        """One source need not be in a list."""
        spoil(repo, column(repo))

        assert repo.fsck(repair_from=str(bundle(repo))).ok

    def test_itself(self, repo: Repository) -> None:
        """A repository that is named as its own source does no harm."""
        spoil(repo, column(repo))
        report = repair(repo, repo.root)

        assert (False, 1) == (report.ok, len(repairs(report).lost))
        assert repair(repo, repo.root, copy(repo)).ok

    def test_runs_of_a_source_stay_there(self, repo: Repository) -> None:
        """A repair brings what is missing here, no other runs.

        Seen to fail when every head of a source was taken.
        """
        other = vcs_track.open(copy(repo))
        with other.start_run("more", id="more"):
            pass
        spoil(repo, column(repo))
        report = repair(repo, copy(repo))

        assert (True, 1) == (report.ok, report.runs)

    def test_the_store_of_a_clone_that_has_only_a_shelf(self, tmp_path: Path) -> None:
        """A clone whose runs are on its shelf alone is a source, and is not written to."""
        repo = make_committed(tmp_path / "x")
        clone = tmp_path / "clone"
        subprocess.run(["git", "clone", "-q", repo.root, clone], check=True)
        shutil.rmtree(repo.path / "packs")
        for pack in packs(repo):
            pack.unlink()
        before = snapshot(clone)

        assert repair(repo, clone).problems == []
        assert before == snapshot(clone)

    @pytest.mark.parametrize("name", ["nothing", "empty"])
    def test_no_source(self, repo: Repository, name: str) -> None:
        """A path without repository or bundle is refused before anything changes."""
        (repo.root / "empty").mkdir()
        spoil(repo, column(repo))
        before = snapshot(repo.root)
        with pytest.raises(InvalidValueError, match=f"no repository or bundle .*{name}"):
            repo.fsck(repair_from=[repo.root / name])

        assert before == snapshot(repo.root)

    def test_a_file_that_is_no_bundle(self, repo: Repository) -> None:
        """A file without one undamaged object is refused before anything changes."""
        (repo.root / "notes.txt").write_text("no bundle")
        before = snapshot(repo.root)
        with pytest.raises(CorruptError, match="no undamaged object"):
            repo.fsck(repair_from=[repo.root / "notes.txt"])

        assert before == snapshot(repo.root)

    @pytest.mark.parametrize("kind", ["repository", "bundle"])
    def test_another_object_format(self, repo: Repository, tmp_path: Path, kind: str) -> None:
        """A source with another object format is refused, and both formats are named.

        Seen to fail when the formats were not compared.
        """
        other = vcs_track.init(tmp_path / "other", "xxh128")
        with other.start_run("o") as run:
            pass
        source = other.root
        if kind == "bundle":
            source = other.export(run.id, tmp_path / "other.zip")
        with pytest.raises(InvalidValueError, match="'xxh128', this repository has 'sha256'"):
            repair(repo, source)

    def test_a_newer_source(self, repo: Repository) -> None:
        """A source of a version that is not known here is refused."""
        for name in ("FORMAT", "local/FORMAT"):
            (copy(repo) / ".runs" / name).write_text("vcs-track 2\nobject_format sha256\n")
        with pytest.raises(RepositoryFormatError, match="version '2'"):
            repair(repo, copy(repo))

    def test_a_damaged_bundle(self, repo: Repository) -> None:
        """Of a bundle without directory every whole object is used."""
        spoil(repo, column(repo))
        data = bundle(repo).read_bytes()
        bundle(repo).write_bytes(data[: data.index(b"PK\x01\x02")])

        assert repair(repo, bundle(repo)).ok

    def test_a_source_with_the_same_damage(self, repo: Repository) -> None:
        """A damaged copy of the damaged object is not taken."""
        oid = column(repo)
        spoil(repo, oid)
        spoil(vcs_track.open(copy(repo)), oid)
        report = repair(repo, copy(repo))

        assert [oid] == repairs(report).lost


class TestHeads:
    def test_a_head_in_a_wrong_folder(self, repo: Repository) -> None:
        """It is put where it belongs; the wrong one is in the quarantine."""
        path = head(repo)
        (path.parents[1] / "zz").mkdir()
        path.rename(path.parents[1] / "zz" / path.name)
        report = repair(repo)

        assert report.ok
        assert path.exists()
        assert [f"zz.{path.name}.e3b0c44298fc"] == quarantine(repo)
        assert "edited" == vcs_track.open(repo.root).run("r").manifest.notes

    @pytest.mark.parametrize("name", ["r", "r.", "r.{0}", "r.{0}.old", "r.zz{1}"])
    def test_a_head_that_lost_its_id(self, repo: Repository, name: str) -> None:
        """Its run gets its newest state back.

        Seen to fail when the oldest was taken.
        """
        path = head(repo)
        oid = path.name.removeprefix("r.")
        path.rename(path.with_name(name.format(oid[:20], oid[1:-9])))
        report = repair(repo)

        assert report.ok
        assert path.exists()

    def test_a_clock_that_went_back(self, repo: Repository) -> None:
        """A state that another replaces is not the newest, whatever its time says.

        Seen to fail when the state of the latest time was taken.
        """
        path = head(repo)
        state = replace(
            repo.run("r").manifest, notes="later", time_us=1, parents=tuple(repo.run("r").heads)
        )
        writer = PackWriter(repo.store.layout.tmp, repo.store.format)
        oid = writer.add(state.encode())
        writer.install(repo.store.home.packs.folder, "p")
        path.rename(path.with_name("r.damaged"))
        report = repair(repo)

        assert report.ok
        assert f"r.{oid}" == head(repo).name

    def test_the_source_has_a_newer_state(self, repo: Repository) -> None:
        """Where a source has a newer state, the run gets that one."""
        vcs_track.open(copy(repo)).edit("r", notes="newer")
        head(repo).rename(head(repo).with_name("r.damaged"))
        report = repair(repo, copy(repo))

        assert report.ok
        assert "newer" == vcs_track.open(repo.root).run("r").manifest.notes

    def test_a_head_of_another_run(self, repo: Repository) -> None:
        """A head that gives a run the state of another is taken away."""
        repo.store.home.head_folder.add("thief", repo.run("r").heads[0])
        report = repair(repo)

        assert report.ok
        assert ["r"] == [run.id for run in vcs_track.open(repo.root).runs()]

    @pytest.mark.parametrize("source", ["copy", "bundle"])
    def test_all_heads_lost(self, repo: Repository, source: str) -> None:
        """A run that is here without a head gets the one of a source, other runs do not come.

        Seen to fail when only damaged names were looked at.
        """
        with vcs_track.open(copy(repo)).start_run("more", id="more"):
            pass
        shutil.rmtree(repo.path / "local" / "heads")
        report = repair(repo, {"copy": copy, "bundle": bundle}[source](repo))

        assert report.ok
        assert ["run r"] == [mended["where"] for mended in repairs(report).mended]
        assert ["r"] == [run.id for run in vcs_track.open(repo.root).runs()]

    def test_a_name_that_means_nothing(self, repo: Repository) -> None:
        """A file that no run explains is taken away, and runs keep their heads."""
        (repo.path / "local" / "heads" / "README").write_text("hello")
        report = repair(repo)

        assert report.ok
        assert head(repo).exists()
        assert "README" in quarantine(repo)[0]

    def test_a_lost_state_leaves_its_head(self, repo: Repository) -> None:
        """A run whose newest state is lost can be read as it was before; the loss is told
        until the state is back.

        Seen to fail when a head without its state was moved away.
        """
        newest = repo.run("r").heads[0]
        repo.store.home.objects.owner(newest).path.unlink()
        with pytest.raises(ObjectNotFoundError):
            vcs_track.open(repo.root).run("r")
        reports = [repair(repo), repair(repo)]
        before = vcs_track.open(repo.root).run("r").manifest.notes
        last = repair(repo, bundle(repo))

        assert [[newest], [newest]] == [repairs(report).lost for report in reports]
        assert [] == repairs(reports[1]).mended
        assert [False, False, True] == [report.ok for report in (*reports, last)]
        assert (None, "edited") == (before, vcs_track.open(repo.root).run("r").manifest.notes)

    def test_a_run_that_has_another_head(self, repo: Repository) -> None:
        """A damaged name of a run that has a head gives it no second one."""
        (head(repo).parent / "r.junk").touch()
        report = repair(repo)

        assert report.ok
        assert head(repo).exists()


class TestFormat:
    @staticmethod
    def files(repo: Repository) -> list[Path]:
        return [repo.path / "FORMAT", repo.path / "local" / "FORMAT"]

    @pytest.mark.parametrize("object_format", ["sha256", "xxh128"])
    @pytest.mark.parametrize("damage", ["remove", "empty", "zeros"])
    def test_both_copies(self, tmp_path: Path, object_format: str, damage: str) -> None:
        """With both copies gone the ids at hand tell the object format.

        Seen to fail when only a missing copy was written again.
        """
        repo = vcs_track.init(tmp_path, object_format)
        with repo.start_run("r"):
            pass
        whole = [path.read_bytes() for path in self.files(repo)]
        for path in self.files(repo):
            if damage == "remove":
                path.unlink()
            else:
                path.write_bytes(b"" if damage == "empty" else bytes(30))
        done = restore_format(tmp_path / "some" / "folder")

        assert 2 == len(done.mended)
        assert whole == [path.read_bytes() for path in self.files(repo)]
        assert 1 == len(vcs_track.open(tmp_path).runs())

    def test_packs_tell_the_object_format(self, repo: Repository) -> None:
        """Without any head the packs tell."""
        shutil.rmtree(repo.path / "local" / "heads")
        for path in self.files(repo):
            path.write_text("?")
        restore_format(repo.root)

        assert "sha256" == vcs_track.open(repo.root).object_format

    @pytest.mark.parametrize("source", ["copy", "bundle"])
    def test_a_source_tells_the_object_format(self, repo: Repository, source: str) -> None:
        """Where nothing is left here, a source tells."""
        for folder in ("heads", "packs"):
            shutil.rmtree(repo.path / "local" / folder)
        for path in self.files(repo):
            path.write_text("?")
        with pytest.raises(RepositoryFormatError, match="nothing else tells"):
            restore_format(repo.root)
        restore_format(repo.root, [{"copy": copy, "bundle": bundle}[source](repo)])

        assert "sha256" == vcs_track.open(repo.root).object_format

    @pytest.mark.parametrize(
        "text",
        [
            "vcs-track 2\nobject_format sha256\n",
            "vcs-track 1\nobject_format sha256\ncompression zstd\n",
            "vcs-track 10\n",
        ],
    )
    def test_a_newer_format_is_never_touched(self, repo: Repository, text: str) -> None:
        """What a newer program may have written is refused and left as it is.

        Seen to fail when whatever cannot be read was written again.
        """
        self.files(repo)[0].write_text(text)
        with pytest.raises(RepositoryFormatError):
            restore_format(repo.root)

        assert text == self.files(repo)[0].read_text()

    @pytest.mark.parametrize("text", ["vcs-track 2\n", "vcs-track 1\nobject_format xxh128\n"])
    def test_a_copy_that_says_something_else(self, repo: Repository, text: str) -> None:
        """A copy that is well-formed and different is reported and left as it is."""
        self.files(repo)[1].write_text(text)
        report = repair(repo)

        assert ["local/FORMAT"] == [problem["where"] for problem in report.problems]
        assert text == self.files(repo)[1].read_text()

    def test_a_damaged_copy(self, repo: Repository) -> None:
        """The copy that nobody needs to open the repository is mended too, and kept."""
        self.files(repo)[1].write_text("vcs-track 1\nobject_format sha")
        report = repair(repo)

        assert report.ok
        assert self.files(repo)[0].read_bytes() == self.files(repo)[1].read_bytes()
        assert quarantine(repo)[0].startswith("FORMAT.")

    def test_line_ends_are_no_damage(self, repo: Repository) -> None:
        """Git may be set to write other line ends.

        Seen to fail when the bytes were compared.
        """
        path = self.files(repo)[0]
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        report = repair(repo)

        assert (True, []) == (report.ok, repairs(report).mended)
        assert b"\r\n" in path.read_bytes()

    def test_nothing_to_restore(self, tmp_path: Path, repo: Repository) -> None:
        """A sound repository, and a folder without any, are left alone."""
        (tmp_path / "bare" / ".runs" / "heads").mkdir(parents=True)

        assert Repairs() == restore_format(repo.root)
        assert Repairs() == restore_format(tmp_path / "bare")


def make_committed(folder: Path) -> Repository:
    """Return a repository whose one run is committed with git."""
    repo = vcs_track.init(folder)
    subprocess.run(["git", "init", "-q", folder], check=True)
    with repo.start_run("r", id="r", hparams={"lr": 1}):
        pass
    repo.commit()
    return repo


class TestShelf:
    def test_the_shelf_mends_the_store(self, tmp_path: Path) -> None:
        """A damaged pack of the store is restored from the shelf."""
        repo = make_committed(tmp_path / "x")
        for path in packs(repo):
            data = path.read_bytes()
            path.unlink()  # the shelf's file may be the same one
            path.write_bytes(data[:-100])
        report = repair(repo)

        assert report.ok
        assert 1 == len(vcs_track.open(repo.root).runs())

    def test_the_shelf_is_not_written_to(self, tmp_path: Path) -> None:
        """A damaged pack on the shelf is reported and left to git; the store is read.

        Seen to fail when the packs of the shelf were mended as well.
        """
        repo = make_committed(tmp_path / "x")
        (path,) = (repo.path / "packs").iterdir()
        data = path.read_bytes()
        path.unlink()
        path.write_bytes(data[:100] + b"?" + data[101:])
        before = snapshot(repo.path / "packs")
        report = repair(repo)

        assert not report.ok
        assert {f"shelf {path.name}"} == {
            " ".join(problem["where"].split()[:2]) for problem in report.problems
        }
        assert before == snapshot(repo.path / "packs")
        assert "finished" == vcs_track.open(repo.root).run("r").status

    def test_one_file_for_both(self, tmp_path: Path) -> None:
        """Damage of a file that the store and the shelf share is mended in the store alone."""
        repo = make_committed(tmp_path / "x")
        bundle = repo.export("r", tmp_path / "bundle.zip")
        (path,) = packs(repo)
        shared = repo.path / "packs" / path.name
        flip(path, 40)
        report = repair(repo, bundle)

        assert path.samefile(shared) is False
        assert [f"shelf {path.name}"] * len(report.problems) == [
            " ".join(problem["where"].split()[:2]) for problem in report.problems
        ]
        subprocess.run(["git", "checkout", "--", shared], cwd=repo.root, check=True)
        assert vcs_track.open(repo.root).fsck().ok

    def test_a_linked_work_tree(self, tmp_path: Path) -> None:
        """A repair in a linked work tree mends the store that it shares."""
        repo = make_committed(tmp_path / "main")
        bundle = repo.export("r", tmp_path / "bundle.zip")
        linked = tmp_path / "linked"
        subprocess.run(
            ["git", "worktree", "add", "-q", linked],
            cwd=repo.root,
            check=True,
            capture_output=True,
        )
        for path in packs(repo):
            path.chmod(0o644)
            path.write_bytes(b"gone")
        (repo.path / "local" / "FORMAT").write_text("?")
        vcs_track.open(linked).fsck(repair_from=bundle)

        assert [] == [p for p in vcs_track.open(linked).fsck().problems if "store" in str(p)]
        assert 1 == len(vcs_track.open(linked).runs())
        assert "sha256" in (repo.path / "local" / "FORMAT").read_text()

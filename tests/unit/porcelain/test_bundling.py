"""Tests of ``vcs_track.porcelain.bundling``: parts, plain folders, and what was zipped again."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

import vcs_track
from vcs_track.errors import (
    CommitNotFoundError,
    CorruptError,
    InvalidValueError,
    ObjectNotFoundError,
)
from vcs_track.formats.oid import object_format
from vcs_track.plumbing.home import open_bundle
from vcs_track.plumbing.pack_writer import PackWriter
from vcs_track.porcelain import bundle_import
from vcs_track.porcelain.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from vcs_track import Repository

SECONDS = 60


def everything(folder: Path) -> dict[str, bytes | None]:
    """Return every file and folder below *folder* with its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def make(folder: Path, fmt: str = "sha256") -> Repository:
    """Return a new repository that does not ask git."""
    folder.mkdir(parents=True, exist_ok=True)
    return vcs_track.init(folder, fmt).with_defaults(capture_git=False)


def fill(repo: Repository, name: str, lr: float = 0.1) -> None:
    """Record a run with a bit of everything."""
    file = repo.root / "weights.bin"
    file.write_bytes(name.encode() + bytes(range(256)) * 20)
    with repo.start_run(name, id=name, hparams={"lr": lr}) as run:
        for step in range(50):
            run.add_scalars({"val/loss": lr / (step + 1), "acc": step}, step=step)
        run.add_text("hello " * 50, tag="remark")
        run.add_file(file)


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return a repository with two finished runs, ``r`` and ``s``."""
    repo = make(tmp_path / "one")
    for name, lr in (("r", 0.1), ("s", 0.2)):
        fill(repo, name, lr)
    return repo


@pytest.fixture
def empty(tmp_path: Path) -> Repository:
    """Return an empty repository."""
    return make(tmp_path / "two")


def files_of(repo: Repository, run: str) -> set[str]:
    """Return the ids of the files of a run."""
    return {item.oid for item in repo.run(run).media("file")}


class TestChoice:
    def test_media_may_stay_behind(
        self, repo: Repository, empty: Repository, tmp_path: Path
    ) -> None:
        """Without media the runs are whole but for files, which are listed as missing."""
        path = repo.export("r", tmp_path / "x.zip", media=False)
        left = files_of(repo, "r")
        index = json.loads(zipfile.ZipFile(path).read("bundle.json"))
        empty.import_(path)

        assert sorted(left) == index["missing"]
        assert left.isdisjoint(open_bundle(path).objects)
        assert empty.fsck().ok
        assert repo.run("r").series("acc").value == empty.run("r").series("acc").value
        assert ["hello " * 50] == [item.text for item in empty.run("r").media("text")]

    def test_code_is_no_media(self, tmp_path: Path) -> None:
        """A file that was logged and is one of the code too goes along without media.

        Seen to fail when every blob was taken for media.
        """
        folder = tmp_path / "git"
        folder.mkdir()
        (folder / "train.py").write_text("print()\n")
        for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "start"]):
            subprocess.run(["git", *command], cwd=folder, check=True, timeout=SECONDS)
        (folder / "train.py").write_text("print('changed')\n")
        repo = vcs_track.init(folder)
        with repo.start_run("r") as run:
            run.add_file(folder / "train.py")
        path = repo.export("r", tmp_path / "x.zip", media=False)

        assert b"print('changed')\n" == vcs_track.open(path).code_file("r", b"train.py")

    def test_reproducible_does_not_compress(
        self, repo: Repository, empty: Repository, tmp_path: Path
    ) -> None:
        """Nothing in it depends on a compressor, and a second repository makes the same.

        Also one that got the runs by way of another tool's zip, with other compression.
        """
        one = repo.export(["r", "s"], tmp_path / "one.zip", reproducible=True)
        again = tmp_path / "again.zip"
        zip_again(repo.export(["r", "s"], tmp_path / "x.zip"), again, level=9)
        empty.import_(again)
        two = empty.export(["s", "r"], tmp_path / "other name.zip", reproducible=True)

        assert {0} == {info.compress_type for info in zipfile.ZipFile(one).infolist()}
        assert one.read_bytes() == two.read_bytes()


class TestSince:
    def test_what_a_bundle_has_is_left_out(
        self, repo: Repository, empty: Repository, tmp_path: Path
    ) -> None:
        """Only what is new goes along; with the base first, the import gives all of it."""
        base = repo.export("r", tmp_path / "base.zip")
        repo.edit("r", notes="better")
        part = repo.export(["r", "s"], tmp_path / "part.zip", since=base)
        ids = set(open_bundle(part).objects)
        left = set(open_bundle(part).index["prerequisites"])
        empty.import_(base)
        done = empty.import_(part)

        assert set() == ids & set(open_bundle(base).objects)
        assert left <= set(open_bundle(base).objects)
        assert (["s"], ["r"]) == (done.new, done.updated)
        assert empty.fsck().ok
        assert repo.run("r").history == empty.run("r").history
        assert "better" == empty.run("r").manifest.notes

    def test_an_import_without_the_base_changes_nothing(
        self, repo: Repository, empty: Repository, tmp_path: Path
    ) -> None:
        """The bundle and the run that are missing are named.

        Seen to fail when an import did not look for what a partial bundle rests on.
        """
        base = repo.export("r", tmp_path / "base.zip")
        repo.edit("r", notes="better")
        part = repo.export("r", tmp_path / "part.zip", since=base)
        before = everything(empty.root)
        with pytest.raises(ObjectNotFoundError):
            empty.import_(part, dry_run=True)
        with pytest.raises(ObjectNotFoundError, match=r"of run r .*'base\.zip'") as caught:
            empty.import_(part)

        assert "import 'base.zip' first" == caught.value.hint
        assert before == everything(empty.root)

    def test_a_base_with_nothing_in_common(self, repo: Repository, tmp_path: Path) -> None:
        """Nothing is said to be left out that the base has not got."""
        other = make(tmp_path / "other")
        other.start_run("o", id="o").finish()
        base = other.export("o", tmp_path / "base.zip")
        common = set(open_bundle(base).objects)
        part = repo.export("r", tmp_path / "part.zip", since=base)
        index = open_bundle(part).index

        assert set(index.get("prerequisites", ())) <= common
        assert ("since" in index) == bool(index.get("prerequisites"))

    def test_runs_of_a_commit_are_left_out(self, tmp_path: Path) -> None:
        """Who has the commit takes the rest in; who has not is told which commit."""
        folder = tmp_path / "git"
        folder.mkdir()
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True, timeout=SECONDS)
        repo = make(folder)
        fill(repo, "r")
        commit, _ = repo.commit(["r"])
        repo.edit("r", notes="better")
        part = repo.export("r", tmp_path / "part.zip", since="HEAD")
        clone = tmp_path / "clone"
        subprocess.run(["git", "clone", "-q", folder, clone], check=True, timeout=SECONDS)
        done = vcs_track.open(clone).import_(part)
        with pytest.raises(ObjectNotFoundError, match=commit[:12]):
            make(tmp_path / "stranger").import_(part)

        assert (["r"], 1) == (done.updated, done.objects)
        assert "better" == vcs_track.open(clone).run("r").manifest.notes

    def test_bad_bases(self, repo: Repository, tmp_path: Path) -> None:
        """A file that is not there, one that is no bundle, and an unknown commit are named."""
        subprocess.run(["git", "init", "-q"], cwd=repo.root, check=True, timeout=SECONDS)
        (tmp_path / "odd.zip").write_text("odd")
        fast = make(tmp_path / "fast", "xxh128")
        fill(fast, "f")
        other = fast.export("f", tmp_path / "fast.zip")
        bases: list[tuple[str | Path, type[Exception]]] = [
            (tmp_path / "nothing.zip", InvalidValueError), ("nothing.zip", InvalidValueError),
            (tmp_path / "odd.zip", CorruptError), (other, InvalidValueError),
            ("nowhere", CommitNotFoundError), ("--all", CommitNotFoundError),
        ]  # fmt: skip
        for base, error in bases:
            with pytest.raises(error):
                repo.export("r", tmp_path / "x.zip", since=base)

        assert not (tmp_path / "x.zip").exists()

    def test_a_list_that_is_not_true(self, repo: Repository, tmp_path: Path) -> None:
        """What a bundle says to leave out and has after all is refused."""
        base = repo.export("r", tmp_path / "base.zip")
        path = repo.export("r", tmp_path / "x.zip")
        oid = min(open_bundle(base).objects)

        def lie(name: str, data: bytes) -> bytes:
            if name != "bundle.json":
                return data
            return data[:-1] + f',"prerequisites":["{oid}"]}}'.encode()

        zip_again(path, tmp_path / "y.zip", change=lie)
        verdict = verify(tmp_path / "y.zip")

        assert "bundle.json lists something as left out that is there" == verdict.why

    def test_what_was_redacted_is_not_asked_for(
        self, repo: Repository, empty: Repository, tmp_path: Path
    ) -> None:
        """A file that is gone here on purpose stops no partial bundle that rests on it."""
        base = repo.export("r", tmp_path / "base.zip")
        empty.import_(base)
        (file,) = files_of(empty, "r")
        empty.redact("r", "private", blob=file)
        repo.edit("r", notes="better")
        part = repo.export("r", tmp_path / "part.zip", since=base)
        done = empty.import_(part)

        assert file in open_bundle(part).index["prerequisites"]
        assert ["r"] == done.updated
        assert empty.fsck().ok
        assert file not in empty.store.home.objects


class TestDryRun:
    def test_tells_what_an_import_does(
        self, repo: Repository, empty: Repository, tmp_path: Path
    ) -> None:
        """New, newer and known runs, objects and bytes are foretold, and nothing is stored."""
        first = repo.export("r", tmp_path / "first.zip")
        empty.import_(first)
        repo.edit("r", notes="newer")
        path = repo.export(["r", "s"], tmp_path / "next.zip")
        before = everything(empty.root)
        told = empty.import_(path, dry_run=True)
        unchanged = before == everything(empty.root)
        done = empty.import_(path)

        assert unchanged
        assert told == done
        assert (["s"], ["r"], []) == (done.new, done.updated, done.known)
        assert done.objects > 0 < done.size

    def test_a_removed_run_is_told(
        self, repo: Repository, empty: Repository, tmp_path: Path
    ) -> None:
        """What was removed here stays so, and a dry run says that too."""
        path = repo.export(["r", "s"], tmp_path / "x.zip")
        empty.import_(path)
        empty.remove("r")
        told, done = empty.import_(path, dry_run=True), empty.import_(path)

        assert told == done
        assert (["r"], ["s"], ["s"]) == (done.removed, done.known, empty.runs().ids())

    def test_a_damaged_bundle_is_told(self, repo: Repository, empty: Repository) -> None:
        """A dry run checks all that an import does."""
        path = repo.export("r", repo.root / "x.zip")
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)

        with pytest.raises(CorruptError):
            empty.import_(path, dry_run=True)


class TestResume:
    def test_an_import_that_died_goes_on(
        self, repo: Repository, empty: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Packs that were stored before it died are used, and not stored once more.

        The runs are there when it is whole, not before.
        """
        path = repo.export(["r", "s"], tmp_path / "x.zip")
        total = len(open_bundle(path).objects)
        monkeypatch.setattr(bundle_import, "_PACK_TARGET", 1000)
        install = PackWriter.install
        done: list[int] = []

        def dies(self: PackWriter, *args: Any) -> Path:
            if len(done) == 2:
                raise KeyboardInterrupt
            done.append(len(self))
            return install(self, *args)

        with monkeypatch.context() as patch:
            patch.setattr(PackWriter, "install", dies)
            with pytest.raises(KeyboardInterrupt):
                empty.import_(path)
        between = [run.id for run in vcs_track.open(empty.root).runs()]
        again = vcs_track.open(empty.root).import_(path)

        assert [] == between
        assert (["r", "s"], total - sum(done)) == (again.new, again.objects)
        assert empty.fsck().ok


# ---- zipped again ----------------------------------------------------------------------


def zip_again(
    old: Path, new: Path, *, level: int = 6, top: str = "", wide: bool = False,
    change: Callable[[str, bytes], bytes] = lambda _, data: data,
) -> None:  # fmt: skip
    """Write the entries of *old* as the standard library does, the last one first."""
    with (
        zipfile.ZipFile(old) as source,
        zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as target,
    ):
        for name in reversed(source.namelist()):
            info = zipfile.ZipInfo(top + name, (2024, 5, 6, 7, 8, 10))
            info.compress_type = zipfile.ZIP_DEFLATED
            with target.open(info, "w", force_zip64=wide) as file:
                file.write(change(name, source.read(name)))


def by_program(*command: str | Path) -> Callable[[Path, Path], None]:
    """Return what zips the unpacked bundle in a folder by a program; ``{}`` is the zip."""

    def zip_it(folder: Path, new: Path) -> None:
        if not shutil.which(str(command[0])):
            pytest.skip(f"there is no {command[0]} here")
        words = [str(word).replace("{}", str(new)) for word in command]
        subprocess.run(words, cwd=folder, check=True, capture_output=True, timeout=SECONDS)

    return zip_it


PROGRAMS = {
    "zip -r": by_program("zip", "-r", "{}", "."),
    "zip -r of the folder": by_program("sh", "-c", "cd .. && zip -r {} check"),
    "zip -0": by_program("zip", "-0", "-r", "{}", "."),
    "zip -9 -X": by_program("zip", "-9", "-X", "-r", "{}", "."),
    "zip with descriptors": by_program("zip", "-fd", "-r", "{}", "."),
    "zip64": by_program("zip", "-fz", "-r", "{}", "."),
    "zip to a pipe": by_program("sh", "-c", "zip -r - . > {}"),
    "jar": by_program("jar", "cf", "{}", "."),
    "7z": by_program("7z", "a", "-tzip", "{}", "."),
}


class TestZippedAgain:
    @pytest.mark.parametrize("program", sorted(PROGRAMS))
    def test_a_bundle_that_was_unpacked_and_zipped(
        self, repo: Repository, empty: Repository, tmp_path: Path, program: str
    ) -> None:
        """Whatever wrote the zip, the same runs arrive, and the root is the same."""
        path = repo.export(["r", "s"], tmp_path / "x.zip")
        folder, again = tmp_path / "check", tmp_path / "again.zip"
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
        (folder / ".DS_Store").write_bytes(b"litter")
        PROGRAMS[program](folder, again)
        done = empty.import_(again)

        assert (["r", "s"], True) == (done.new, done.zipped_again)
        assert empty.fsck().ok
        assert repo.run("r").to_dict() == empty.run("r").to_dict()
        assert verify(path).root == verify(again).root
        assert [] == list((empty.path / "local" / "tmp").iterdir())

    @pytest.mark.parametrize("top", ["", "a folder/", "a/b/"])
    @pytest.mark.parametrize("wide", [False, True])
    def test_by_the_standard_library(
        self, repo: Repository, empty: Repository, tmp_path: Path, top: str, *, wide: bool
    ) -> None:
        """In another order, with another time, below a folder, with zip64 for each entry."""
        path, again = repo.export("r", tmp_path / "x.zip"), tmp_path / "again.zip"
        zip_again(path, again, top=top, wide=wide, level=1)

        assert ["r"] == empty.import_(again).new
        assert ["r"] == empty.import_(path).known

    def test_other_bytes_under_an_id(
        self, repo: Repository, empty: Repository, tmp_path: Path
    ) -> None:
        """The hash of each object is taken again: one other byte refuses the bundle.

        Seen to fail when objects of such a zip were believed.
        """
        path, again = repo.export("r", tmp_path / "x.zip"), tmp_path / "again.zip"
        zip_again(path, again, change=lambda name, data: (
            data[:-1] + b"!" if name == f"objects/{min(files_of(repo, 'r'))}" else data
        ))  # fmt: skip
        before = everything(empty.root)
        with pytest.raises(CorruptError):
            empty.import_(again)

        assert before == everything(empty.root)

    @pytest.mark.parametrize("name", ["evil.py", "objects/../../evil", "heads/../x", "objects/zz"])
    def test_what_is_none_of_it(
        self, repo: Repository, empty: Repository, tmp_path: Path, name: str
    ) -> None:
        """An entry that no bundle has refuses it."""
        path, again = repo.export("r", tmp_path / "x.zip"), tmp_path / "again.zip"
        zip_again(path, again)
        with zipfile.ZipFile(again, "a") as archive:
            archive.writestr(name, b"evil")
        before = everything(empty.root)
        with pytest.raises(CorruptError):
            empty.import_(again)

        assert before == everything(empty.root)

    def test_without_its_index(self, repo: Repository, empty: Repository, tmp_path: Path) -> None:
        """A zip of a few objects is no bundle."""
        path, again = repo.export("r", tmp_path / "x.zip"), tmp_path / "again.zip"
        with zipfile.ZipFile(path) as source, zipfile.ZipFile(again, "w") as target:
            for each in source.namelist():
                if each.startswith("objects/"):
                    target.writestr(each, source.read(each))

        with pytest.raises(CorruptError, match=r"no entries 'bundle\.json'"):
            empty.import_(again)


# ---- plain folders ---------------------------------------------------------------------

ODD_NAMES = ["../../etc/passwd", "con", "a/b\\c:d*e", "-rf", ".hidden", "実験 🚀", "x" * 240]


class TestTree:
    def test_people_can_read_it(self, repo: Repository, tmp_path: Path) -> None:
        """Numbers, hyperparameters and files are there in forms that other programs read."""
        folders = repo.export_tree(["r", "s"], tmp_path / "out")
        run = repo.run("r")
        with (folders[0] / "series" / "val-loss.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        listed = json.loads((folders[0] / "files.json").read_text())
        (weights,) = [row["file"] for row in listed if row["kind"] == "file"]

        assert [tmp_path / "out" / name for name in ("r-r", "s-s")] == folders
        assert run.series("val/loss").value == [float(row["value"]) for row in rows]
        assert run.hparams == json.loads((folders[0] / "hparams.json").read_text())
        assert "finished" == json.loads((folders[0] / "run.json").read_text())["status"]
        assert run.media("file")[0].data == (folders[0] / weights).read_bytes()
        assert {"acc.csv", "val-loss.csv"} == {p.name for p in (folders[0] / "series").iterdir()}

    def test_media_may_stay_behind(self, repo: Repository, tmp_path: Path) -> None:
        """Without media the list says what was there, and texts are there."""
        (folder,) = repo.export_tree("r", tmp_path / "out", media=False)
        listed = json.loads((folder / "files.json").read_text())

        assert [None] == [row["file"] for row in listed if row["kind"] == "file"]
        assert ["media/remark-49.txt"] == [r["file"] for r in listed if r["kind"] == "text"]

    @pytest.mark.parametrize("name", ODD_NAMES)
    def test_no_name_of_a_stranger_leads_anywhere(self, tmp_path: Path, name: str) -> None:
        """Whatever a run, a tag or a file is called, all stays in the folder, under safe names.

        Seen to fail when the name of a run was used as it is.
        """
        repo = make(tmp_path / "one")
        file = repo.root / "f.bin"
        file.write_bytes(b"x")
        with repo.start_run(name, id="r") as run:
            run.add_text("hello", tag="tag")
            run.add_file(file, name=name.replace("/", "_")[:100])
        before = set(tmp_path.rglob("*"))
        (folder,) = repo.export_tree("r", tmp_path / "out")
        new = set(tmp_path.rglob("*")) - before

        assert folder.parent == tmp_path / "out"
        assert {True} == {each.resolve().is_relative_to(tmp_path / "out") for each in new}
        assert [] == [
            each for each in new
            if each.name.startswith((".", "-")) or set(each.name) & set('\\:*?"<>|')
        ]  # fmt: skip

    def test_names_that_differ_in_case_only(self, tmp_path: Path) -> None:
        """Two tags whose clean names are one get two files."""
        repo = make(tmp_path / "one")
        with repo.start_run("r", id="r") as run:
            run.add_scalars({"loss": 1.0, "Loss": 2.0, "lo/ss": 3.0, "lo-ss": 4.0}, step=0)
        (folder,) = repo.export_tree("r", tmp_path / "out")
        names = [path.name.casefold() for path in (folder / "series").iterdir()]

        assert 4 == len(set(names))

    def test_a_folder_that_is_not_empty(self, repo: Repository, tmp_path: Path) -> None:
        """It is refused, and an empty one is used."""
        folder = tmp_path / "out"
        folder.mkdir()
        repo.export_tree("r", folder)
        before = everything(folder)
        with pytest.raises(InvalidValueError, match="there is something in"):
            repo.export_tree("s", folder)
        with pytest.raises(InvalidValueError, match="there is something in"):
            repo.export_tree("s", folder / "r-r" / "run.json")

        assert before == everything(folder)

    def test_an_interruption_leaves_nothing(self, repo: Repository, tmp_path: Path) -> None:
        """What was made so far goes."""

        def interrupt(done: int, total: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            repo.export_tree(["r", "s"], tmp_path / "out", progress=interrupt)

        assert ["one"] == [each.name for each in tmp_path.iterdir()]


class TestRoot:
    @pytest.mark.parametrize("fmt", ["sha256", "xxh128"])
    def test_stock_tools_print_it(self, tmp_path: Path, fmt: str) -> None:
        """The root is what ``unzip``, ``sort`` and ``sha256sum`` make of the names."""
        repo = make(tmp_path / "one", fmt)
        fill(repo, "r")
        path = repo.export("r", tmp_path / "x.zip")
        names = sorted(name for name in zipfile.ZipFile(path).namelist() if "/" in name)
        line = "unzip -Z1 x.zip | grep '/.' | LC_ALL=C sort | sha256sum"
        by_hand = hashlib.sha256("".join(f"{name}\n" for name in names).encode()).hexdigest()

        assert by_hand == verify(path).root
        if shutil.which("unzip") and shutil.which("sha256sum"):
            done = subprocess.run(
                line, shell=True, cwd=tmp_path, capture_output=True, check=True, timeout=SECONDS
            )
            assert f"{by_hand}  -\n".encode() == done.stdout

    def test_object_formats(self) -> None:
        """A bundle tells its format by the length of its ids."""
        lengths: dict[str, Any] = {n: object_format(n).id_length for n in ("sha256", "xxh128")}

        assert len(lengths) == len(set(lengths.values()))

"""Files that are too large, too many, unreadable or changing never harm a run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from contextlib import chdir, contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from crash.disks import MB
from work_trees.places import committed, git, what_git_says
from work_trees.training import code_of, gaps, reasons, snapshot, train, train_beside

import vcs_track

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a work tree with one commit."""
    return committed(tmp_path).root


def restored(root: Path) -> Path:
    """Restore the code of the run; return the folder."""
    folder = root.parent / "again"
    assert vcs_track.open(root).restore("r", folder).exact
    return folder


class TestLarge:
    def test_untracked(self, root: Path) -> None:
        """A file of 3 GB that nobody added costs no time, and is named.

        Seen to fail when its hash was taken.
        """
        with (root / "huge.bin").open("wb") as file:
            file.truncate(3 << 30)
        began = time.monotonic()
        code = code_of(train(root))

        assert time.monotonic() - began < 10
        assert [(b"huge.bin", 3 << 30, None)] == [
            (left.path, left.size, left.sha256) for left in code.left_out
        ]

    def test_tracked(self, root: Path) -> None:
        """The identity of the code is exact, whatever the size of a tracked file."""
        (root / "image.bin").write_bytes(os.urandom(6 * MB))
        expected = what_git_says(root, root.parent / "copy")
        code = code_of(train(root))

        assert expected == code.tree
        assert [(b"image.bin", None)] == [(file.path, file.oid) for file in code.files]
        assert [b"image.bin"] == [left.path for left in code.left_out]

    @pytest.mark.slow
    def test_many(self, root: Path) -> None:
        """Of 100,000 new files the first ten thousand are kept, within a minute."""
        (root / "data").mkdir()
        for n in range(100_000):
            (root / "data" / f"{n:06}").write_bytes(b"x")
        code = code_of(train(root))

        assert 10_000 == len(code.files)
        assert {b"data/010000": "the first of 90000 files too many"} == {
            left.path: left.why for left in code.left_out
        }


class TestUnreadable:
    def test_file(self, root: Path) -> None:
        """A file that may not be read is named, new or tracked; the others are kept."""
        (root / "new.py").write_bytes(b"new\n")
        (root / "closed.py").write_bytes(b"closed\n")
        (root / "train.py").write_bytes(b"print(2)\n")
        for name in ("closed.py", "train.py"):
            (root / name).chmod(0)
        view = train_beside(root, powerless=True)

        assert {
            b"closed.py": "it cannot be read", b"train.py": "git refuses it",
        } == reasons(view)  # fmt: skip
        assert [b"new.py"] == [file.path for file in code_of(view).files]

    @pytest.mark.parametrize("changed", [True, False], ids=["changed", "clean"])
    def test_folder(self, root: Path, *, changed: bool) -> None:
        """A folder that may not be read is named.

        Seen to fail: git only warns, and what is in the folder seemed not to be there.
        """
        (root / "closed").mkdir()
        (root / "closed" / "new.py").write_bytes(b"new\n")
        (root / "closed").chmod(0)
        if changed:
            (root / "train.py").write_bytes(b"print(2)\n")
        view = train_beside(root, powerless=True)

        assert {b"closed/": "it cannot be read"} == reasons(view)

    def test_what_is_no_file(self, root: Path) -> None:
        """Pipes and sockets are not waited for, new or in the place of a tracked file.

        Seen to fail: the hash of a pipe was waited for, and ``finish`` never returned.
        """
        (root / "train.py").unlink()
        (root / "tool.sh").unlink()
        os.mkfifo(root / "train.py")
        os.mkfifo(root / "pipe")
        with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as two:
            with chdir(root):
                one.bind("socket")
                two.bind("tool.sh")
            view = train_beside(root, seconds=30)

        assert {b"train.py": "git refuses it", b"tool.sh": "git refuses it"} == reasons(view)


class TestNames:
    def test_are_bytes(self, root: Path, tmp_path: Path) -> None:
        """Any name that a file can have is kept and restored as it is."""
        names = [
            b"two\nlines", b'"', b"\\", b"a\\b", b"-x", b"--help", b"\xe9t\xe9", b"\xff\xfe", b"x" * 255,
            b":(top)x", b"!x", b"#x", b"*?[a]", b" lead", b"tail ", b"\t", b"\x01", b"\x7f",
            b"~", b"@{0}", b"HEAD", b"...", b"a\r", b"$(x)", b"`x`", b"'", b";x", b"\xe2\x80\xae",
        ]  # fmt: skip
        (root / "sub dir" / "more").mkdir()
        for folder in (b"", b"sub dir/more/"):
            for name in names:
                (root / os.fsdecode(folder + name)).write_bytes(name)
        deep = root.joinpath(*["d" * 100] * 20)
        deep.mkdir(parents=True)
        (deep / "file").write_bytes(b"deep")
        expected = what_git_says(root, tmp_path / "copy")
        code = code_of(train(root))

        assert expected == code.tree
        assert 2 * len(names) + 1 == len(code.files)
        again = restored(root)
        assert {
            path.relative_to(root) for path in root.rglob("*") if ".git" not in path.parts
        } >= {path.relative_to(again) for path in again.rglob("*") if ".git" not in path.parts}

    def test_contents_are_bytes(self, root: Path) -> None:
        """Any content is kept as it is: no text, empty, without a last line end, all bytes."""
        contents = {
            "empty": b"", "bytes": bytes(range(256)) * 300, "latin": b"gr\xfcn", "zeros": bytes(100),
            "dos": b"a\r\nb\r\n", "mac": b"a\rb", "wide": "grün".encode("utf-16"),
            "like git": b"blob 3\0abc", "pointer": b"version https://git-lfs.github.com/spec/v1\n",
        }  # fmt: skip
        for name, data in contents.items():
            (root / name).write_bytes(data)
        train(root)
        again = restored(root)

        assert contents == {name: (again / name).read_bytes() for name in contents}


class TestOfOtherKinds:
    def test_file_and_folder_change_places(self, root: Path, tmp_path: Path) -> None:
        """A folder in the place of a file, and the other way round, are what they are now.

        Seen to fail: what was in a folder in the place of a tracked file was missing.
        """
        (root / "train.py").unlink()
        (root / "train.py").mkdir()
        (root / "train.py" / "inner.py").write_bytes(b"inner\n")
        shutil.rmtree(root / "sub dir")
        (root / "sub dir").write_bytes(b"file\n")
        expected = what_git_says(root, tmp_path / "copy")
        code = code_of(train(root))

        assert (expected, ()) == (code.tree, code.left_out)
        assert {b"train.py/inner.py", b"sub dir"} == {file.path for file in code.files}

    def test_link_in_the_place_of_a_folder(self, root: Path, tmp_path: Path) -> None:
        """Files that are now behind a link are gone from where they were, and not left out.

        Seen to fail: they were said to be unreadable.
        """
        shutil.move(root / "sub dir", tmp_path / "elsewhere")
        (root / "sub dir").symlink_to(tmp_path / "elsewhere")
        expected = what_git_says(root, tmp_path / "copy")
        code = code_of(train(root))

        assert (expected, ()) == (code.tree, code.left_out)
        assert (b"sub dir/deep.py",) == code.gone

    @pytest.mark.parametrize("name", ["inner", "train.py"])
    def test_repository_inside(self, root: Path, name: str) -> None:
        """Another repository is named and not entered, wherever it stands."""
        (root / name).unlink(missing_ok=True)
        (root / name).mkdir()
        git(root / name, "init", "-q")
        (root / name / "file").write_bytes(b"x")
        git(root / name, "add", "-A")
        git(root / name, "commit", "-q", "-m", "inner")

        assert {os.fsencode(name) + b"/": "another repository"} == reasons(train(root))

    def test_links(self, root: Path) -> None:
        """Links are kept as links: to nowhere, to themselves, to outside, to a folder."""
        targets = {"nowhere": "gone", "self": "self", "out": "/etc/passwd", "folder": "sub dir"}
        for name, target in targets.items():
            (root / name).symlink_to(target)
        train(root)
        again = restored(root)

        assert targets == {name: str((again / name).readlink()) for name in targets}


class TestFilters:
    def attribute(self, root: Path, name: str, command: str, *, required: bool = False) -> None:
        """Have git filter new Python files through a command."""
        (root / ".git" / "info" / "attributes").write_text(f"new*.py filter={name}\n")
        git(root, "config", f"filter.{name}.clean", command)
        git(root, "config", f"filter.{name}.required", str(required).lower())
        (root / "new.py").write_bytes(b"new\n")
        (root / "other.txt").write_bytes(b"other\n")

    def test_that_is_not_there(self, root: Path, tmp_path: Path) -> None:
        """A filter that nobody defined, or that cannot be run and need not, changes nothing."""
        self.attribute(root, "none", "/does/not/exist")
        expected = what_git_says(root, tmp_path / "copy")
        code = code_of(train(root))

        assert (expected, ()) == (code.tree, code.left_out)

    def test_that_fails(self, root: Path) -> None:
        """A file whose filter has to run and fails is named; the others are kept."""
        self.attribute(root, "bad", "cat >/dev/null; exit 1", required=True)
        view = train(root)

        assert {b"new.py": "git refuses it"} == reasons(view)
        assert [b"other.txt"] == [file.path for file in code_of(view).files]

    def test_that_hangs(self, root: Path) -> None:
        """A filter that never ends does not keep the run from its end."""
        self.attribute(root, "slow", "sleep 300")
        before = "from vcs_track.plumbing import git_tree\ngit_tree._SECONDS = 0.5\n"
        view = train_beside(root, before=before, seconds=20)

        assert ["the code was not captured: git gave no answer in 0.5 seconds"] == gaps(view)

    def test_with_an_effect_of_its_own(self, root: Path, tmp_path: Path) -> None:
        """What a filter makes is kept; git runs it for files that changed, no others."""
        calls = tmp_path / "calls"
        self.attribute(root, "loud", f"echo %f >> {calls}; tr a-z A-Z")
        train(root)

        assert b"NEW\n" == vcs_track.open(root).code_file("r", b"new.py")
        assert {"new.py"} == set(calls.read_text().split())


def grow(file: Path) -> None:
    """Append to *file*; begin anew before it fills the disk."""
    with file.open("ab") as opened:
        opened.write(b"more\n" * 1000)
    if file.stat().st_size > MB:
        os.truncate(file, 0)


def shrink(file: Path) -> None:
    """Make *file* long, then short."""
    file.write_bytes(b"long\n" * 100_000)
    os.truncate(file, 1)


def vanish(file: Path) -> None:
    """Remove *file* and make it again."""
    file.unlink(missing_ok=True)
    time.sleep(0.001)
    file.write_bytes(b"again\n")


def become_folder(file: Path) -> None:
    """Make *file* a folder for a moment."""
    file.unlink(missing_ok=True)
    file.mkdir()
    (file / "inner").write_bytes(b"x")
    time.sleep(0.001)
    shutil.rmtree(file)
    file.write_bytes(b"again\n")


def become_pipe(file: Path) -> None:
    """Make *file* a pipe for a moment."""
    file.unlink(missing_ok=True)
    os.mkfifo(file)
    time.sleep(0.001)
    file.unlink()
    file.write_bytes(b"again\n")


def become_link(file: Path) -> None:
    """Make *file* a link for a moment."""
    file.unlink(missing_ok=True)
    file.symlink_to("sub dir")
    time.sleep(0.001)
    file.unlink()
    file.write_bytes(b"again\n")


@contextmanager
def going_on(change: Callable[[Path], None], files: list[Path]) -> Iterator[None]:
    """Change *files* again and again as long as the body lasts."""
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            for file in files:
                with suppress(FileNotFoundError):
                    change(file)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


CHANGES = [grow, shrink, vanish, become_folder, become_pipe, become_link]


class TestChanging:
    @pytest.mark.timeout(400)  # git that opens a pipe waits until it is given up, each time
    @pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
    def test_while_captured(self, root: Path, change: Callable[[Path], None]) -> None:
        """Whatever files do meanwhile, the run is whole, and files that stand still are exact.

        Seen to fail: git dies of a file that is cut, and what it left stopped the capture.
        """
        (root / "still.py").write_bytes(b"still\n")
        files = [root / "train.py", root / "new.bin"]
        for file in files:
            change(file) if file.exists() else file.write_bytes(b"new\n")
        before = snapshot(root / ".git")
        repo = vcs_track.init(root)
        runs = [f"r{n}" for n in range(5)]
        with going_on(change, files):
            for run_id in runs:
                with repo.start_run("run", id=run_id) as run:
                    run.add_scalar("loss", 0.5, 0)

        assert before == snapshot(root / ".git")
        views = [vcs_track.open(root).run(run_id) for run_id in runs]
        for view in views:
            assert ("finished", [0.5]) == (view.status, view.series("loss").value)
            assert (view.code is None) == bool(gaps(view))
            if view.code is not None:
                assert b"still\n" == repo.code_file(view, b"still.py")
        assert any(view.code is not None for view in views), [gaps(v) for v in views]
        assert repo.fsck().ok

    def test_while_the_index_changes(self, root: Path) -> None:
        """A user who stages and commits all the time is not disturbed, nor is the run."""
        repo = vcs_track.init(root)
        stop = threading.Event()
        failed: list[subprocess.CalledProcessError] = []

        def work() -> None:
            n = 1
            while not stop.is_set():
                n += 1
                (root / "train.py").write_bytes(b"print(%d)\n" % n)
                try:
                    git(root, "commit", "-qam", str(n))
                    git(root, "reset", "-q", "--soft", "HEAD~1")
                except subprocess.CalledProcessError as error:
                    failed.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            for n in range(10):
                repo.start_run("run", id=f"r{n}").finish()
        finally:
            stop.set()
            thread.join()
        views = [repo.run(f"r{n}") for n in range(10)]

        assert [] == failed
        assert {"finished"} == {view.status for view in views}
        assert all((view.code is None) == bool(gaps(view)) for view in views)

"""Whatever is done to a work tree, its capture is what git makes of it, and comes back exactly."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from work_trees.places import committed, git
from work_trees.training import code_of, gaps, train

import vcs_track

if TYPE_CHECKING:
    from collections.abc import Iterator

PATHS = (
    "a",
    "b.log",
    "dir",
    "dir/a",
    "dir/deep",
    "dir/deep/a",
    "train.py",
    "sub dir/deep.py",
    "\udce9",
)
CONTENTS = (b"", b"1\n", b"2\n", b"a\r\nb\r\n", bytes(range(256)), b"long\n" * 3000)
PATTERNS = (b"*.log\n", b"", b"dir/\n", b"a\n", b"*\n!train.py\n", b"deep/\n!a\n")

path = st.sampled_from(PATHS)
edits = st.lists(
    st.one_of(
        st.tuples(st.just("write"), path, st.sampled_from(CONTENTS)),
        st.tuples(st.just("ignore"), st.sampled_from([".gitignore", "dir/.gitignore"]), st.sampled_from(PATTERNS)),
        st.tuples(st.sampled_from(["link", "rename", "git mv"]), path, path),
        st.tuples(
            st.sampled_from(
                [
                    "delete", "chmod", "git add", "git add -f", "git add -N", "git rm -q --cached",
                    "git update-index --assume-unchanged", "git update-index --skip-worktree",
                    "git update-index --chmod=+x", "git checkout HEAD", "git reset -q",
                ]
            ),
            path,
        ),
        st.tuples(st.sampled_from(["git add -A", "git commit -qm x", "git commit -qam x", "git stash -u -q",
                                   "git stash pop -q", "git reset -q"])),
    ),
    max_size=12,
)  # fmt: skip

Edit = tuple[str | bytes, ...]


def apply(root: Path, edit: Edit) -> None:
    """Do one edit, if it can be done."""
    what, *rest = edit
    assert isinstance(what, str)
    if what.startswith("git "):
        names = [name for name in rest if isinstance(name, str)]
        words: list[str] = [
            "git",
            "-C",
            str(root),
            *what.split()[1:],
            *(["--"] * bool(names)),
            *names,
        ]
        subprocess.run(words, capture_output=True, check=False)
        return
    with suppress(OSError):
        disk_edit(root, what, *rest)


def disk_edit(root: Path, what: str, name: str | bytes, more: str | bytes = b"") -> None:
    """Do one edit to the files."""
    assert isinstance(name, str)
    file = root / name
    if what in ("write", "ignore", "link", "delete"):
        remove(root, file)
    if what in ("write", "ignore"):
        assert isinstance(more, bytes)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(more)
    elif what == "link":
        file.symlink_to(os.fsdecode(more))
    elif what == "rename":
        file.rename(root / os.fsdecode(more))
    elif what == "chmod":
        file.chmod(file.stat().st_mode ^ 0o111)


def remove(root: Path, file: Path) -> None:
    """Remove what is at *file*, and what stands in the way above it."""
    for place in (*reversed(file.relative_to(root).parents[:-1]), file.relative_to(root)):
        there = root / place
        if there == file and there.is_dir() and not there.is_symlink():
            shutil.rmtree(there)
        elif there.is_symlink() or there.is_file():
            there.unlink()


def the_truth(root: Path, copy: Path) -> tuple[str, set[bytes]]:
    """Return the tree of all that git does not ignore, and the paths in it."""
    shutil.copytree(root, copy, symlinks=True, ignore=shutil.ignore_patterns(".runs"))
    for line in git(copy, "ls-files", "-v", "-z").split(b"\0"):
        name = os.fsdecode(line[2:])
        skipped = line[:1] in (b"S", b"s")
        if line and (not skipped or os.path.lexists(copy / name)):
            for option in ("--no-assume-unchanged", "--no-skip-worktree"):
                git(copy, "update-index", option, "--", name)
    git(copy, "add", "-A")
    tree = git(copy, "write-tree").decode().strip()
    return tree, {name for name in git(copy, "ls-files", "-z").split(b"\0") if name}


def look(file: Path) -> tuple[str, object]:
    """Return what git cares about in a file."""
    if file.is_symlink():
        return "link", file.readlink()
    return "program" if file.stat().st_mode & 0o100 else "file", file.read_bytes()


def check(root: Path, work: Path) -> None:
    """Capture, compare, restore, compare."""
    tree, names = the_truth(root, work / "copy")
    view = train(root)
    code = code_of(view)
    assert (tree, (), []) == (code.tree, code.left_out, gaps(view))

    restored = vcs_track.open(root).restore("r", work / "again")
    again = work / "again"
    found = {
        os.fsencode(file.relative_to(again))
        for file in again.rglob("*")
        if (file.is_symlink() or not file.is_dir()) and file != again / ".git"
    }
    assert (True, names) == (restored.exact, found)
    there = [os.fsdecode(name) for name in names if os.path.lexists(root / os.fsdecode(name))]
    assert {name: look(root / name) for name in there} == {
        name: look(again / name) for name in there
    }


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    """Return a folder with a repository to start from."""
    with tempfile.TemporaryDirectory() as folder:
        committed(Path(folder))
        yield Path(folder)


def case(template: Path, steps: list[Edit]) -> None:
    """Do *steps* in a copy of *template* and check it."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        shutil.copytree(template / "work", work / "work", symlinks=True)
        for edit in steps:
            apply(work / "work", edit)
        check(work / "work", work)


quick = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(steps=edits)
def test_any_edits(template: Path, steps: list[Edit]) -> None:
    """The tree is that of ``git add -A``, ``.git`` stays as it is, the files come back the same.

    Files that git was told not to look at count as they are on disk.
    """
    case(template, steps)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@settings(quick, max_examples=600)
@given(steps=edits)
def test_many_edits(template: Path, steps: list[Edit]) -> None:
    """The same, many times."""
    case(template, steps)

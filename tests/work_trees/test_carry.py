"""Code goes along with bundles, for those who have not got the commit."""

from __future__ import annotations

import shutil
import zipfile
from typing import TYPE_CHECKING

import pytest
from cli.program import vcs
from work_trees.places import Place, committed, disturb, everything, git, what_git_says

import vcs_track
from vcs_track.errors import CorruptError, GitError
from vcs_track.formats import canonical
from vcs_track.formats.code import Code

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a work tree with every kind of change."""
    place = committed(tmp_path)
    disturb(place.root, tmp_path / "other")
    return place


def files(folder: Path) -> dict[str, object]:
    """Return the files of a work tree, without those of git, runs, and what git ignores."""
    return {
        name: found
        for name, found in everything(folder).items()
        if not {".git", ".runs", "noise.log", "lib"} & set(name.split("/"))
    }


def record(root: Path) -> Repository:
    """Record a run in *root*."""
    repo = vcs_track.init(root)
    with repo.start_run("run", id="r") as run:
        run.add_scalar("loss", 0.5, 0)
    return repo


def far_away(tmp_path: Path, bundle: Path) -> Repository:
    """Import *bundle* where there is no git repository."""
    (tmp_path / "far").mkdir()
    far = vcs_track.init(tmp_path / "far")
    far.import_(bundle)
    return far


class TestWhole:
    def test_restores_without_the_clone(self, place: Place, tmp_path: Path) -> None:
        """From the zip alone every file comes back, and they make the same tree.

        Seen to fail when modes were not set.
        """
        expected, tree = files(place.root), what_git_says(place.root, tmp_path / "copy")
        before = everything(place.root / ".git")
        record(place.root).export("r", tmp_path / "r.zip", with_code=True)
        after = everything(place.root / ".git")
        far = far_away(tmp_path, tmp_path / "r.zip")
        shutil.rmtree(place.root)
        restored = far.restore("r", tmp_path / "again")

        assert before == after
        assert (True, None, ()) == (restored.exact, restored.commit, restored.left_out)
        assert expected == files(tmp_path / "again")
        shutil.rmtree(tmp_path / "again" / "lib")  # a submodule, whose commit nobody carries
        git(tmp_path / "again", "init", "-q")
        module = next(file for file in far.code("r").files if file.mode == "160000")
        git(tmp_path / "again", "add", "-A")
        git(
            tmp_path / "again", "update-index", "--add", "--cacheinfo", f"160000,{module.blob},lib"
        )
        assert tree == git(tmp_path / "again", "write-tree", "--missing-ok").decode().strip()

    def test_the_command(self, place: Place, tmp_path: Path) -> None:
        """``export --with-code``, ``import`` and ``restore`` do it, and say what was done."""
        record(place.root)
        vcs("-C", place.root, "export", "--with-code", "-o", tmp_path / "r.zip", "r")
        (tmp_path / "far").mkdir()
        vcs("-C", tmp_path / "far", "init")
        vcs("-C", tmp_path / "far", "import", tmp_path / "r.zip")
        done = vcs("-C", tmp_path / "far", "restore", "r", "--worktree", tmp_path / "again")

        assert "a plain folder, with all files of the run" in done.stderr
        assert "as the run had" in done.stderr
        assert files(place.root) == files(tmp_path / "again")

    def test_goes_on(self, place: Place, tmp_path: Path) -> None:
        """What a bundle brought goes along again, and a second import changes nothing."""
        record(place.root).export("r", tmp_path / "r.zip", with_code=True)
        far = far_away(tmp_path, tmp_path / "r.zip")
        before = everything(tmp_path / "far")
        far.import_(tmp_path / "r.zip")
        after = everything(tmp_path / "far")
        far.export("r", tmp_path / "second.zip")
        (tmp_path / "third").mkdir()
        third = vcs_track.init(tmp_path / "third")
        third.import_(tmp_path / "second.zip")

        assert before == after
        assert third.restore("r", tmp_path / "again").exact

    def test_is_kept_by_a_clean_up(self, place: Place, tmp_path: Path) -> None:
        """No clean-up takes what restores a run; ``fsck`` looks at it.

        Seen to fail when a clean-up followed heads alone.
        """
        record(place.root).export("r", tmp_path / "r.zip", with_code=True)
        far = far_away(tmp_path, tmp_path / "r.zip")
        report = far.gc(dry_run=True)

        assert () == report.packs
        assert far.fsck().ok

    def test_files_print_and_differ(self, place: Place, tmp_path: Path) -> None:
        """``code`` and ``diff --code`` work on it."""
        repo = record(place.root)
        (place.root / "train.py").write_bytes(b"print(3)\n")
        repo.start_run("other", id="s").finish()
        repo.export(["r", "s"], tmp_path / "r.zip", with_code=True)
        far = far_away(tmp_path, tmp_path / "r.zip")

        assert b"deep\n" == far.code_file("r", b"sub dir/deep.py")
        assert b"-print(2)\n+print(3)\n" in far.code_diff("r", "s")

    def test_without_git(self, place: Place, tmp_path: Path) -> None:
        """The code of a folder without git is whole as it is."""
        shutil.rmtree(place.root / "lib")
        shutil.rmtree(place.root / ".git")
        record(place.root).export("r", tmp_path / "r.zip", with_code=True)
        far = far_away(tmp_path, tmp_path / "r.zip")

        assert far.restore("r", tmp_path / "again").exact

    def test_of_sha256(self, tmp_path: Path) -> None:
        """The other hash of git is no trouble where there is no git repository."""
        place = Place(tmp_path)
        git(place.root, "init", "-q", "--object-format=sha256")
        (place.root / "train.py").write_bytes(b"print(1)\n")
        git(place.root, "add", "-A")
        git(place.root, "commit", "-q", "-m", "first")
        record(place.root).export("r", tmp_path / "r.zip", with_code=True)
        far = far_away(tmp_path, tmp_path / "r.zip")

        assert far.restore("r", tmp_path / "again").exact

    def test_what_is_tracked_and_named_as_a_secret(self, tmp_path: Path) -> None:
        """What git tracks goes along, whatever its name, ignored or not."""
        place = Place(tmp_path)
        git(place.root, "init", "-q")
        (place.root / ".gitignore").write_bytes(b"*.log\n")
        (place.root / ".env").write_bytes(b"DEBUG=1\n")
        (place.root / "kept.log").write_bytes(b"log\n")
        git(place.root, "add", "-A", "-f")
        git(place.root, "commit", "-q", "-m", "first")
        record(place.root).export("r", tmp_path / "r.zip", with_code=True)
        far = far_away(tmp_path, tmp_path / "r.zip")

        assert far.restore("r", tmp_path / "again").exact
        assert {".env", ".gitignore", "kept.log"} == set(files(tmp_path / "again"))

    def test_the_commit_is_gone(self, place: Place, tmp_path: Path) -> None:
        """Without the commit there is nothing to carry: that is said, and no zip is left."""
        repo = record(place.root)
        shutil.rmtree(place.root / ".git")
        git(place.root, "init", "-q")
        with pytest.raises(GitError, match="cannot go along"):
            repo.export("r", tmp_path / "r.zip", with_code=True)

        assert not (tmp_path / "r.zip").exists()
        assert [] == list((place.root / ".runs" / "local" / "tmp").iterdir())


class TestUpstream:
    def test_unpublished_commits_go_along(self, place: Place, tmp_path: Path) -> None:
        """Who has the commits that were pushed can restore what was not.

        Seen to fail when nothing went along.
        """
        git(tmp_path, "clone", "-q", "--bare", str(place.root), "hub.git")
        git(place.root, "remote", "add", "origin", str(tmp_path / "hub.git"))
        git(place.root, "fetch", "-q", "origin")
        pushed = git(place.root, "rev-parse", "HEAD").decode().strip()
        (place.root / "later.py").write_bytes(b"later\n")
        git(place.root, "add", "later.py")
        git(place.root, "commit", "-q", "-m", "second", "later.py")
        expected = files(place.root)
        record(place.root).export("r", tmp_path / "r.zip")
        git(tmp_path, "clone", "-q", str(tmp_path / "hub.git"), "clone")
        clone = vcs_track.init(tmp_path / "clone")
        clone.import_(tmp_path / "r.zip")
        restored = clone.restore("r", tmp_path / "again")
        done = vcs("-C", tmp_path / "clone", "restore", "r", "--worktree", tmp_path / "more")

        assert (True, pushed) == (restored.exact, restored.commit)
        assert expected == files(tmp_path / "again")
        assert f"it was made from {pushed[:12]} instead" in done.stderr

    def test_published_commits_stay(self, place: Place, tmp_path: Path) -> None:
        """Of a commit that a remote has nothing goes along."""
        git(tmp_path, "clone", "-q", "--bare", str(place.root), "hub.git")
        git(place.root, "remote", "add", "origin", str(tmp_path / "hub.git"))
        git(place.root, "fetch", "-q", "origin")
        record(place.root).export("r", tmp_path / "r.zip")
        with zipfile.ZipFile(tmp_path / "r.zip") as bundle:
            names = bundle.namelist()

        assert [] == [name for name in names if name.startswith("code/")]


class TestHostile:
    def test_a_list_of_another_tree(self, place: Place, tmp_path: Path) -> None:
        """A list that is not that of the tree it is named for is refused; nothing changes.

        Seen to fail when the name was not compared.
        """
        record(place.root).export("r", tmp_path / "r.zip", with_code=True)
        (tmp_path / "far").mkdir()
        far = vcs_track.init(tmp_path / "far")
        before = everything(tmp_path / "far")
        with zipfile.ZipFile(tmp_path / "r.zip") as bundle:
            entry = next(name for name in bundle.namelist() if name.startswith("code/"))
        tree = entry.split("/")[1].split(".")[0]
        data = (tmp_path / "r.zip").read_bytes()
        (tmp_path / "bad.zip").write_bytes(data.replace(tree.encode(), b"0" * len(tree)))
        with pytest.raises(CorruptError):
            far.import_(tmp_path / "bad.zip")

        assert before == everything(tmp_path / "far")

    def test_a_path_that_leaves_the_folder(self) -> None:
        """A list with such a path is none."""
        body = Code("0" * 40).to_json()
        body["files"] = [{"p": "../x", "m": "100644", "g": "0" * 40, "o": None, "s": 0}]
        with pytest.raises(CorruptError, match="no path inside"):
            Code.decode(canonical.dumps({"@": "code/1", **body}))

    def test_a_link_out_of_the_folder(self, tmp_path: Path) -> None:
        """A file is not written through a link that another entry made."""
        source = Place(tmp_path)
        (source.root / "dir").symlink_to(tmp_path)
        repo = record(source.root)
        view = repo.run("r")
        code = repo.code("r")
        evil = Code(
            code.tree, files=(*code.files, type(code.files[0])(
                b"dir/out.txt", "100644", code.files[0].blob, code.files[0].oid, 1)),
        )  # fmt: skip
        from vcs_track.porcelain import restore

        with pytest.raises(CorruptError, match="would leave the folder"):
            restore._write(tmp_path / "again", view, evil)

        assert not (tmp_path / "out.txt").exists()
        assert not (tmp_path / "again").exists()

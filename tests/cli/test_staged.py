"""``vcs-track fsck --staged``: what a commit of git would take in."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli.program import make_project, make_run, vcs

import vcs_track
from vcs_track.plumbing.pack_writer import file_digits

if TYPE_CHECKING:
    from vcs_track import Repository

__all__: list[str] = []

ROOT = Path(__file__).resolve().parents[2]


def git(*args: str, ok: bool = True) -> str:
    done = subprocess.run(["git", *args], capture_output=True, check=False, timeout=60)
    assert not ok or done.returncode == 0, done.stderr
    return done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace")


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Return a project with one committed run, and a second one that is staged."""
    found = make_project(tmp_path / "project")
    monkeypatch.chdir(found.root)
    make_run(found, "first")
    found.commit()
    make_run(found, "second")
    refuse = found.root / ".git" / "hooks" / "pre-commit"
    refuse.parent.mkdir(exist_ok=True)
    refuse.write_text("#!/bin/sh\nexit 1\n")
    refuse.chmod(0o755)
    vcs("commit", "second", code=1)
    refuse.unlink()
    return found


def new(repo: Repository, folder: str) -> Path:
    """Return the staged file below *folder*."""
    names = git("diff", "--cached", "--name-only").split()
    (name,) = (name for name in names if name.startswith(f".runs/{folder}/"))
    return repo.root / name


def damaged() -> list[str]:
    done = vcs("fsck", "--staged", code=12)
    assert "damaged" in done.stdout
    return done.stdout.splitlines()


def replace(path: Path, data: bytes) -> None:
    """Write and stage other bytes."""
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    git("add", "--force", str(path))


class TestSound:
    def test_what_commit_stages_is_sound(self, repo: Repository) -> None:
        """A run as 'vcs-track commit' stages it passes; so does nothing at all."""
        assert "" == vcs("fsck", "--staged").stdout
        assert {"ok": True, "damaged": [], "too_large": []} == json.loads(
            vcs("fsck", "--staged", "--staged-size", "--json").stdout
        )
        git("commit", "--quiet", "-m", "taken")
        assert "" == vcs("fsck", "--staged").stdout

    def test_before_the_first_commit(self, tmp_path: Path) -> None:
        """Everything is new then, and is checked."""
        git("init", "--quiet", str(tmp_path / "new"))
        found = vcs_track.init(tmp_path / "new")
        make_run(found, "one")
        os.chdir(found.root)
        git("add", "--force", ".runs/FORMAT")
        replace(found.path / "packs" / f"p-{'0' * 40}.zip", b"no pack")
        done = vcs("fsck", "--staged", code=12)

        assert f"damaged: .runs/packs/p-{'0' * 40}.zip" in done.stdout

    def test_objects_of_an_older_pack(self, repo: Repository) -> None:
        """A head may need what was committed before, also where it is not checked out.

        Seen to fail when only staged packs were looked into.
        """
        repo.edit("first", notes="an edit needs the run's first pack")
        git("commit", "--quiet", "-m", "second")
        hook = repo.root / ".git" / "hooks" / "pre-commit"
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)
        vcs("commit", "first", code=1)
        assert "" == vcs("fsck", "--staged").stdout
        for pack in repo.path.glob("packs/*"):
            pack.unlink()

        assert "" == vcs("fsck", "--staged").stdout

    def test_what_is_not_staged_does_not_matter(self, repo: Repository) -> None:
        """The bytes that git takes are checked, not those in the work tree."""
        pack = new(repo, "packs")
        pack.unlink()
        pack.write_bytes(b"damaged after it was staged")

        assert "" == vcs("fsck", "--staged").stdout


class TestDamage:
    def test_damaged_pack(self, repo: Repository) -> None:
        """A flipped bit in a staged pack is found, and the head that needs it is named too.

        Seen to fail when the file of the work tree was read.
        """
        pack, head = new(repo, "packs"), new(repo, "heads")
        good = pack.read_bytes()
        replace(pack, good[:200] + bytes([good[200] ^ 1]) + good[201:])
        pack.unlink()
        pack.write_bytes(good)
        lines = damaged()

        assert lines[0].startswith(f"damaged: .runs/packs/{pack.name}: ")
        assert lines[1].startswith(f"damaged: .runs/heads/{head.parent.name}/{head.name}: ")
        assert "neither staged nor committed" in lines[1]

    def test_damaged_pack_in_its_own_name(self, repo: Repository, tmp_path: Path) -> None:
        """A pack of damaged objects is found, also where its name fits its bytes."""
        pack = new(repo, "packs")
        data = bytearray(pack.read_bytes())
        data[200] ^= 1
        (tmp_path / "damaged").write_bytes(data)
        replace(pack.with_name(f"p-{file_digits(tmp_path / 'damaged')}.zip"), bytes(data))

        assert "corrupt" in damaged()[0] or "damaged" in damaged()[0]

    def test_an_edit_without_its_run(self, repo: Repository) -> None:
        """A head needs the packs of all states before it, not only its own."""
        git("commit", "--quiet", "-m", "second")
        repo.edit("second", notes="edited")
        repo.commit()
        older = git("show", "--format=", "--name-only", "HEAD~1", "--", ".runs/packs").split()
        git("reset", "--quiet", "--soft", "HEAD~2")
        git("rm", "--quiet", "--cached", *older)
        lines = damaged()

        assert (2, 1) == (len(lines), sum(line.endswith("' is missing") for line in lines))

    def test_head_without_its_pack(self, repo: Repository) -> None:
        """A head whose pack stays behind would leave a clone with a run that it cannot read."""
        git("restore", "--staged", str(new(repo, "packs")))

        assert "whose pack is neither staged nor committed" in damaged()[0]

    def test_pack_in_another_name(self, repo: Repository) -> None:
        """A pack is named by its bytes."""
        replace(repo.path / "packs" / f"p-{'0' * 40}.zip", new(repo, "packs").read_bytes())

        assert f"p-{'0' * 40}.zip" in damaged()[0]

    def test_head_in_the_wrong_place(self, repo: Repository) -> None:
        """A head in another folder, of another run, or with content is none."""
        head = new(repo, "heads")
        oid = head.name.partition(".")[2]
        folder = "00" if head.parent.name != "00" else "01"
        for path in (head.parent.parent / folder / head.name, head.parent / "nonsense"):
            path.parent.mkdir(exist_ok=True)
            replace(path, b"")
        other = vcs_track.open().run("first").id
        place = next(repo.path.glob(f"heads/*/{other}.*")).parent
        replace(place / f"{other}.{oid}", b"")
        replace(head, b"content")
        text = "\n".join(damaged())

        assert 2 == text.count("it is not where the head of its run belongs")
        assert "it leads to the state of another run" in text
        assert "a head has no content" in text

    @pytest.mark.parametrize("kind", ["pack", "head", "FORMAT"])
    def test_the_shelf_is_only_added_to(self, kind: str, repo: Repository) -> None:
        """What was committed is neither changed nor deleted.

        Seen to fail when only new files were looked at.
        """
        git("commit", "--quiet", "-m", "second")
        found = {
            "pack": next(repo.path.glob("packs/*")), "head": next(repo.path.glob("heads/*/*")),
            "FORMAT": repo.path / "FORMAT",
        }[kind]  # fmt: skip
        name = found.relative_to(repo.root)
        git("rm", "--quiet", "--cached", str(name))
        assert [
            f"damaged: {name}: it was deleted: what is on the shelf stays as it is"
        ] == damaged()
        replace(found, b"vcs-track 1\nobject_format xxh128\n")

        assert f"damaged: {name}: it was changed: what is on the shelf stays as it is" in damaged()

    def test_what_does_not_belong(self, repo: Repository) -> None:
        """Journals and other files of this clone, and links, are not for git."""
        journal = repo.path / "local" / "live" / "x" / "main.j"
        journal.parent.mkdir(parents=True)
        journal.write_bytes(b"journal")
        shutil.rmtree(repo.path / "local" / ".git")
        (repo.path / "packs" / f"p-{'1' * 40}.zip").symlink_to("/etc/passwd")
        git("add", "--force", str(journal), ".runs/packs")
        text = "\n".join(damaged())

        assert "damaged: .runs/local/live/x/main.j: it does not belong on the shelf" in text
        assert f"p-{'1' * 40}.zip: it is no plain file, its mode is 120000" in text

    def test_nested_projects(self, repo: Repository) -> None:
        """Every ``.runs`` of the repository is checked, from wherever it is asked."""
        deep = repo.root / "a" / "b"
        deep.mkdir(parents=True)
        vcs_track.init(deep)
        replace(deep / ".runs" / "packs" / "x.zip", b"no pack")
        git("add", "--force", str(deep / ".runs" / "FORMAT"))
        done = vcs("-C", deep, "fsck", "--staged", code=12)

        assert "damaged: a/b/.runs/packs/x.zip: it is not named as a pack\n" == done.stdout


class TestSize:
    def test_large_files_are_named(self, repo: Repository) -> None:
        """A staged file above the limit is told, with exit code 1."""
        data = random.Random(1).randbytes(300_000)
        replace(repo.path / "packs" / f"b-{'0' * 40}.zip", data)
        done = vcs("fsck", "--staged-size", "--max-size", "200 KB", code=1)

        assert f"too large: .runs/packs/b-{'0' * 40}.zip: it has 300,000 bytes" in done.stdout
        assert "" == vcs("fsck", "--staged-size", "--max-size", "300 KB").stdout

    def test_limit_of_the_project(self, repo: Repository) -> None:
        """Without an option the limit is that of the configuration."""
        Path("pyproject.toml").write_text("[tool.vcs-track]\ncommit_largest = '1 KB'\n")

        assert "too large" in vcs("fsck", "--staged-size", code=1).stdout

    def test_only_below_runs(self, repo: Repository) -> None:
        """Large files of the project are the project's business."""
        Path("data.bin").write_bytes(bytes(200_000))
        git("add", "data.bin")

        assert "" == vcs("fsck", "--staged-size", "--max-size", "100 KB").stdout


class TestUsage:
    def test_not_with_repair(self, repo: Repository) -> None:
        """A check of what is staged repairs nothing."""
        vcs("fsck", "--staged", "--repair", code=2)
        vcs("fsck", "--max-size", "1 KB", code=2)

    def test_outside_of_git(self, tmp_path: Path) -> None:
        """Without git nothing is staged."""
        assert "not in a git repository" in vcs("-C", tmp_path, "fsck", "--staged", code=1).stderr


class TestPreCommit:
    """The hooks for users of pre-commit, by the program itself where it is installed."""

    @pytest.fixture
    def hooks(self, repo: Repository) -> list[dict[str, object]]:
        yaml = pytest.importorskip("yaml")
        found: list[dict[str, object]] = yaml.safe_load(
            (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
        )
        return found

    def test_entries_work(self, hooks: list[dict[str, object]]) -> None:
        """Each entry is a command of ours that passes a sound commit."""
        for hook in hooks:
            program, *args = str(hook["entry"]).split()

            assert "vcs-track" == program
            assert 0 == vcs(*args).returncode

    def test_manifest_is_valid(self, hooks: list[dict[str, object]]) -> None:
        """Pre-commit takes the manifest, and has the two hooks."""
        pytest.importorskip("pre_commit")
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", "validate-manifest",
             ROOT / ".pre-commit-hooks.yaml"],
            check=False, timeout=60,
        )  # fmt: skip

        assert 0 == done.returncode
        assert ["vcs-track-fsck", "vcs-track-size"] == [hook["id"] for hook in hooks]

    def test_pre_commit_runs_them(
        self, hooks: list[dict[str, object]], repo: Repository, tmp_path: Path
    ) -> None:
        """With pre-commit a sound commit passes, a damaged and a deleted pack do not."""
        pytest.importorskip("pre_commit")
        command = tmp_path / "vcs-track"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m vcs_track "$@"\n')
        command.chmod(0o755)
        # Without the network there is no other environment than this one.
        local = [
            {**hook, "language": "system", "entry": str(hook["entry"]).replace(
                "vcs-track", str(command), 1)} for hook in hooks
        ]  # fmt: skip
        config = Path(".pre-commit-config.yaml")
        config.write_text(json.dumps({"repos": [{"repo": "local", "hooks": local}]}))
        git("add", str(config))

        def run() -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sys.executable, "-m", "pre_commit", "run", "--color=never"],
                capture_output=True, text=True, check=False, timeout=100,
                env={**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "home")},
            )  # fmt: skip

        done = run()
        assert 0 == done.returncode, done.stdout + done.stderr
        assert 2 == done.stdout.count("Passed")
        git("rm", "--quiet", "--cached", str(new(repo, "packs")))
        assert "neither staged nor committed" in run().stdout
        git("restore", "--staged", ".runs")
        git("rm", "--quiet", "--cached", git("ls-files", ".runs/packs").split()[0])

        done = run()
        assert 1 == done.returncode
        assert "it was deleted" in done.stdout

"""Work trees for the tests of capture and restore: with real git, and never a trace in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from vcs_track.formats.code import Code
from vcs_track.formats.gitstate import GitState
from vcs_track.formats.oid import object_format
from vcs_track.plumbing.gitlink import read_state
from vcs_track.plumbing.memory_objects import MemoryObjects
from vcs_track.porcelain.capture import Rules, capture

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track.formats.oid import ObjectId

__all__ = ["Place", "committed", "disturb", "everything", "git", "what_git_says"]

SHA = object_format("sha256")


def git(folder: Path, *args: str, stdin: bytes | None = None) -> bytes:
    """Run git as a user does."""
    who = [
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.org",
        "-c",
        "protocol.file.allow=always",
    ]
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *args], input=stdin, capture_output=True, check=True
    )
    return done.stdout


def everything(folder: Path) -> dict[str, object]:
    """Return all that is in *folder*, the folders of git included."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            content: object = path.readlink()
        else:
            content = path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(folder))] = content, path.lstat().st_mode
    return found


def what_git_says(folder: Path, scratch: Path) -> str:
    """Return the tree that ``git add`` makes of a copy of *folder*, ``.runs`` left out."""
    shutil.copytree(folder, scratch, symlinks=True)
    shutil.rmtree(scratch / ".runs", ignore_errors=True)
    git(scratch, "add", "-A")
    tree = git(scratch, "write-tree").decode().strip()
    shutil.rmtree(scratch)
    return tree


class Place:
    """A work tree, and where its code is captured."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "work"
        self.tmp = folder / "tmp"
        self.objects = MemoryObjects(SHA)
        self.root.mkdir()
        self.tmp.mkdir()

    def keep(self, data: bytes) -> ObjectId:
        """Store *data*."""
        return self.objects.add(data)

    def capture(self, rules: Rules | None = None) -> Code:
        """Capture, and look that nothing was changed by it."""
        before = everything(self.root)
        state = read_state(self.root)
        assert state is None or isinstance(state, GitState)
        code = capture(self.root, state, self.tmp, self.keep, rules or Rules())

        assert before == everything(self.root)
        assert [] == list(self.tmp.iterdir())
        assert code == Code.decode(code.encode())
        return code

    def kept(self, code: Code) -> dict[bytes, bytes | None]:
        """Return the bytes of each file that is kept."""
        return {
            file.path: self.objects.read(file.oid) if file.oid else None for file in code.files
        }


def committed(folder: Path) -> Place:
    """Return a repository with one commit."""
    place = Place(folder)
    git(place.root, "init", "-q", "-b", "main")
    files = {
        "train.py": b"print(1)\n", "staged.py": b"a = 1\n", "gone.py": b"", "tool.sh": b"#!/bin/sh\n",
        "latin.txt": b"gr\xfcn\n", "image.bin": bytes(range(256)), ".gitignore": b"*.log\n",
        "sub dir/deep.py": b"deep\n",
    }  # fmt: skip
    for name, data in files.items():
        (place.root / name).parent.mkdir(exist_ok=True)
        (place.root / name).write_bytes(data)
    git(place.root, "add", "-A")
    git(place.root, "commit", "-q", "-m", "first")
    return place


def disturb(root: Path, other: Path) -> None:
    """Change everything that a user can change."""
    (root / "train.py").write_bytes(b"print(2)\n")
    (root / "staged.py").write_bytes(b"a = 2\n")
    (root / "new staged.py").write_bytes(b"new\n")
    git(root, "add", "staged.py", "new staged.py")
    (root / "image.bin").write_bytes(bytes(range(255, -1, -1)) * 40)
    (root / "gone.py").unlink()
    (root / "tool.sh").chmod(0o755)
    (root / "latin.txt").write_bytes(b"bl\xe4u\n")
    (root / "link").symlink_to("train.py")
    (root / "untracked.txt").write_bytes(b"text\n")
    (root / "folder").mkdir()
    (root / "folder" / "untracked.bin").write_bytes(bytes(1000))
    (root / "noise.log").write_bytes(b"ignored\n")
    (root / os.fsdecode(b"n\xe4me.py")).write_bytes(b"name\n")
    other.mkdir()
    git(other, "init", "-q")
    (other / "lib.py").write_bytes(b"lib\n")
    git(other, "add", "-A")
    git(other, "commit", "-q", "-m", "lib")
    git(root, "submodule", "--quiet", "add", str(other), "lib")

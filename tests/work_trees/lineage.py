"""A real repository of git whose commits have runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import vcs_track

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Lineage"]


class Lineage:
    """Commits of one file, and runs of them."""

    def __init__(self, folder: Path, object_format: str = "sha1") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.root = folder
        if not (folder / ".git").exists():
            self.git("init", "-q", "-b", "main", f"--object-format={object_format}")
        self.repo = vcs_track.init(folder)
        self._seconds = 1_700_000_000

    def copied_to(self, folder: Path) -> Lineage:
        """Return a copy of it all, which is faster made than the commits."""
        shutil.copytree(self.root, folder, symlinks=True)
        copy = Lineage(folder)
        copy._seconds = self._seconds
        return copy

    def git(self, *args: str, code: int | None = 0) -> str:
        """Run git, expecting this exit code (None for any); return what it printed."""
        done = subprocess.run(["git", *args], cwd=self.root, capture_output=True, check=False)
        assert code in (None, done.returncode), done.stderr
        return done.stdout.decode("utf-8", "replace").strip()

    def commit(self, text: str | None = None, *, author: str = "A Tester", name: str = "") -> str:
        """Commit the file with *text*, or what is there; return the commit."""
        if text is not None:
            (self.root / "model.py").write_text(text)
        self.git("add", "-A")
        self._seconds += 60
        when = f"@{self._seconds} +0000"
        env = {**os.environ, "GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when}
        message = name or f"make it {text or 'as it is'}"
        subprocess.run(
            ["git", "commit", "-q", "--allow-empty", "-m", message, f"--author={author} <a@b.c>"],
            cwd=self.root, check=True, capture_output=True, env=env,
        )  # fmt: skip
        return self.head

    @property
    def head(self) -> str:
        """The commit of ``HEAD``."""
        return self.git("rev-parse", "HEAD")

    def run(
        self, name: str, *, status: str = "finished", hparams: Mapping[str, Any] | None = None,
        **values: Any,
    ) -> str:  # fmt: skip
        """Make a run of the code that is there; return its id."""
        run = self.repo.start_run(name, id=name, hparams=hparams, command=["train"])
        run.set_summary(**values)
        run.finish(status)
        return name

    def step(self, text: str, **values: Any) -> str:
        """Commit the file with *text*, with a run of the same name; return the commit."""
        commit = self.commit(text)
        self.run(text, **values)
        return commit

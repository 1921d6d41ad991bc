"""Tests of ``vcs-track convert``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cli.program import make_project, make_run, started, vcs

import vcs_track

if TYPE_CHECKING:
    from pathlib import Path


class TestConvert:
    def test_makes_a_repository_with_the_same_runs(self, tmp_path: Path) -> None:
        """Ids and names of runs stay, and the words say where the new ids are."""
        repo = make_project(tmp_path / "a")
        run = make_run(repo, "base", lr=0.1)
        done = vcs("-C", tmp_path / "a", "convert", tmp_path / "b", "--object-format", "xxh128")
        other = vcs_track.open(tmp_path / "b")

        assert ("xxh128", "base") == (other.object_format, other.run(run).name)
        assert "" == done.stdout
        assert "convert.json" in done.stderr

    def test_json(self, tmp_path: Path) -> None:
        """With ``--json`` one line says what was made."""
        make_run(make_project(tmp_path / "a"), "base")
        words = ("-C", tmp_path / "a", "convert", tmp_path / "b", "--object-format", "xxh128")
        told = json.loads(vcs(*words, "--json").stdout)
        again = json.loads(vcs(*words, "--json").stdout)

        assert (1, "xxh128", []) == (told["runs"], told["object_format"], told["absent"])
        assert told["objects"] > 1
        assert 0 == again["objects"]

    def test_refusals(self, tmp_path: Path) -> None:
        """The same format, a folder of another one, and no repository have their exit codes."""
        make_run(make_project(tmp_path / "a"), "base")
        vcs_track.init(tmp_path / "c", "sha256")
        words = ("-C", tmp_path / "a", "convert")
        same = vcs(*words, tmp_path / "b", "--object-format", "sha256", code=2)
        vcs(*words, tmp_path / "c", "--object-format", "xxh128", code=2)
        vcs("-C", tmp_path, "convert", tmp_path / "b", "--object-format", "xxh128", code=10)

        assert "already" in same.stderr
        assert not (tmp_path / "b").exists()

    def test_a_live_run_is_refused(self, tmp_path: Path) -> None:
        """A run that goes on cannot be converted; the hint says what to do."""
        make_project(tmp_path)
        program = started("-C", tmp_path, "run", "--", "sh", "-c", "echo up; read x; sleep 60")
        try:
            assert program.stdout is not None
            assert "up" in program.stdout.readline()
            words = ("-C", tmp_path, "convert", tmp_path / "b", "--object-format", "xxh128")
            done = vcs(*words, code=2)
        finally:
            program.terminate()
            program.communicate(timeout=30)

        assert "has not ended" in done.stderr
        assert "recover" in done.stderr

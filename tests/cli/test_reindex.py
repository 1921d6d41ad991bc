"""Tests of ``vcs-track reindex`` and ``fsck --index``."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest
from cli.program import vcs

import vcs_track

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with two runs and an index of them."""
    monkeypatch.chdir(tmp_path)
    repo = vcs_track.init(tmp_path)
    for number in range(2):
        with repo.start_run(f"n{number}", id=f"r{number}", hparams={"lr": number}) as run:
            run.add_scalar("loss", 0.5, 0)
    assert 2 == len(repo.runs())
    return tmp_path


def change(project: Path, sql: str) -> None:
    """Change the index behind everybody's back."""
    with sqlite3.connect(project / ".runs" / "local" / "index.sqlite") as db:
        db.execute(sql)
    db.close()


class TestReindex:
    def test_makes_it_anew(self, project: Path) -> None:
        """Whatever was in it, it says what the runs do afterwards."""
        change(project, "UPDATE kv SET v = 7")
        done = vcs("reindex")

        assert "2 runs are in the index" in done.stderr
        assert ["r1"] == [run.id for run in vcs_track.open(project).runs("lr = 1")]
        assert {"runs": 2} == json.loads(vcs("reindex", "--json").stdout)

    def test_of_nothing(self, tmp_path: Path) -> None:
        """A repository without runs has an index without rows."""
        vcs_track.init(tmp_path)

        assert "0 runs" in vcs("-C", tmp_path, "reindex").stderr


class TestCheck:
    def test_all_is_well(self, project: Path) -> None:
        """An index that says what the runs do is no news."""
        assert {} == json.loads(vcs("fsck", "--index", "--json").stdout)["index"]

    @pytest.mark.parametrize(
        ("sql", "what"),
        [
            ("UPDATE kv SET v = 7 WHERE v = 1", "hparams.lr"),
            ("UPDATE metric SET min = 0", "metrics.loss"),
            ("UPDATE run SET status = 'failed'", "its facts"),
            ("DELETE FROM kv", "hparams.lr"),
            ("DELETE FROM run WHERE run = 'r1'", "its facts"),
            ("UPDATE facetv SET v = 'nowhere'", "env."),
        ],
    )
    def test_what_differs_is_named(self, project: Path, sql: str, what: str) -> None:
        """A row that the runs do not bear out is told, with the run and the name.

        Seen to fail when only rows that were too many were looked for.
        """
        change(project, sql)
        done = vcs("fsck", "--index", code=12)

        assert "index: run r1: it says otherwise of" in done.stdout
        assert what in done.stdout
        assert "vcs-track reindex" in done.stderr
        vcs("reindex")
        vcs("fsck", "--index")

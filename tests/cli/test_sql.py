"""Tests of ``vcs-track sql``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cli.program import vcs

import vcs_track
from vcs_track.errors import ExpressionError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> vcs_track.Repository:
    """Return a repository with three runs."""
    monkeypatch.chdir(tmp_path)
    repo = vcs_track.init(tmp_path)
    for number in range(3):
        hparams = {"lr": number / 10, "amp": number == 1, "layers": [64, number]}
        with repo.start_run(f"n{number}", id=f"r{number}", hparams=hparams) as run:
            run.add_scalar("loss", 1 / (1 + number), 0)
            run.set_summary(acc=number / 2)
    return repo


class TestAnswers:
    def test_of_every_view(self, repo: vcs_track.Repository) -> None:
        """Each view has what the runs have, true and false as numbers, lists as JSON."""
        asked = {
            "SELECT id, name, status FROM runs WHERE id = 'r1'": [("r1", "n1", "finished")],
            "SELECT value FROM hparams WHERE name = 'lr' ORDER BY 1": [(0.0,), (0.1,), (0.2,)],
            "SELECT value FROM hparams WHERE run = 'r1' AND name = 'amp'": [(1,)],
            "SELECT value FROM hparams WHERE run = 'r1' AND name = 'layers'": [("[64,1]",)],
            "SELECT max(value) FROM summary WHERE name = 'acc'": [(1.0,)],
            "SELECT count(*) FROM results": [(0,)],
            "SELECT tag, min, count FROM metrics WHERE run = 'r1'": [("loss", 0.5, 1)],
            "SELECT count(DISTINCT value) FROM env WHERE name = 'host'": [(1,)],
            "WITH t(x) AS (SELECT 1) SELECT x + 1 FROM t": [(2,)],
        }

        assert asked == {query: repo.sql(query).rows for query in asked}

    def test_as_text(self, repo: vcs_track.Repository) -> None:
        """A table, CSV, or a JSON line a row."""
        query = "SELECT run, value AS lr FROM hparams WHERE name = 'lr' ORDER BY 2"

        lines = [line.split() for line in vcs("sql", query).stdout.splitlines()]

        assert ["run", "lr"] == lines[0]
        assert ["r1", "0.1"] == lines[2]
        assert "run,lr\r\nr0,0.0\r\n" in vcs("sql", "--csv", query).stdout.replace("\n", "\r\n")
        assert {"run": "r1", "lr": 0.1} == json.loads(
            vcs("sql", "--json", query).stdout.splitlines()[1]
        )
        assert "no row" in vcs("sql", "SELECT 1 WHERE 0").stderr


class TestRefused:
    @pytest.mark.parametrize(
        "query",
        [
            "DELETE FROM runs", "DROP TABLE main.run", "UPDATE main.run SET name = 'x'",
            "INSERT INTO main.run(run) VALUES('x')", "ATTACH DATABASE 'x' AS x",
            "PRAGMA journal_mode = DELETE", "CREATE TABLE t(x)", "VACUUM", "SELECT", "nonsense",
            "SELECT 1; SELECT 2", "SELECT * FROM nowhere", "SELECT load_extension('x')", "",
            "BEGIN", "SELECT zeroblob(999999999)", "SELECT writefile('x', 'y')",
        ],
    )  # fmt: skip
    def test_what_is_no_question(self, repo: vcs_track.Repository, query: str) -> None:
        """Nothing can be changed, loaded or attached; it is said what SQLite refuses.

        Seen to fail when only the file was opened to be read.
        """
        before = repo.sql("SELECT * FROM runs").rows
        with pytest.raises(ExpressionError, match="SQLite refuses it"):
            repo.sql(query)

        assert before == repo.sql("SELECT * FROM runs").rows
        assert not (repo.root / "x").exists()

    def test_what_takes_too_long(self, repo: vcs_track.Repository) -> None:
        """An endless question is stopped."""
        endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
        with pytest.raises(ExpressionError, match=r"more than 0\.2 seconds"):
            repo.sql(f"{endless} SELECT count(*) FROM n", seconds=0.2)
        with pytest.raises(ExpressionError, match="1,000,000 rows"):
            repo.sql(f"{endless} SELECT x FROM n")

    def test_on_the_command_line(self, repo: vcs_track.Repository) -> None:
        """The exit code is that of a wrong expression."""
        assert "SQLite refuses it: no such table: nowhere" in vcs(
            "sql", "SELECT * FROM nowhere", code=2
        ).stderr  # fmt: skip

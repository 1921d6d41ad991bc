"""``vcs-track find --same``: have I run this already?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from work_trees.places import git

import vcs_track

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Program

    from vcs_track import Repository

__all__: list[str] = []


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Work beside committed code and four runs: two alike, one of another rate, one failed."""
    git(tmp_path, "init", "-q")
    (tmp_path / "train.py").write_text("lr = 1\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    monkeypatch.chdir(tmp_path)
    repo = vcs_track.init(tmp_path)
    for name, lr, status in (
        ("near", 0.2, "finished"), ("broken", 0.1, "failed"), ("old", 0.1, "finished"),
        ("new", 0.1, "finished"),
    ):  # fmt: skip
        how: dict[str, Any] = {"command": ["python", "train.py"], "hparams": {"lr": lr}}
        repo.start_run(name, **how).finish(status)
    return repo


class TestOfARun:
    def test_lists_the_same_and_the_near(self, repo: Repository, program: Program) -> None:
        """The same ones come first, whatever became of them; near ones say how they differ."""
        result = program("find", "--same", columns=120)

        assert 0 == result.code
        assert [
            ["old", "finished", "same"], ["broken", "failed", "same"],
            ["near", "finished", "lr: 0.2 -> 0.1"],
        ] == [
            [words[1], words[3], line.partition("just now  ")[2]]
            for line in result.lines[1:] if (words := line.split())
        ]  # fmt: skip

    def test_as_json(self, repo: Repository, program: Program) -> None:
        """One run a line, with what differs."""
        result = program("find", "--same", "new", "--json")

        assert [
            ("old", True, [], []), ("broken", True, [], []),
            ("near", False, ["hparams"], [{"kind": "hparam", "name": "lr", "old": 0.2, "new": 0.1}]),
        ] == [
            (row["name"], row["same"], row["differs"], row["changes"]) for row in result.rows
        ]  # fmt: skip
        old, broken, near = (row["key"] for row in result.rows)
        assert old == broken != near

    def test_without_one_that_is_the_same(self, repo: Repository, program: Program) -> None:
        """Near ones do not count: the exit code is 1."""
        result = program("find", "--same", "near")

        assert (1, 3) == (result.code, len(result.lines))
        assert "no run is the same, these are near" in result.err

    def test_the_number_of_near_ones_is_limited(self, repo: Repository, program: Program) -> None:
        """``-n`` is for near ones; the same are all shown."""
        assert 3 == len(program("find", "--same", "-n", "0").lines)
        assert 0 == len(program("find", "--same", "near", "-n", "0").lines)

    def test_that_has_no_code(self, repo: Repository, program: Program) -> None:
        """It is said why nothing can be the same."""
        repo.start_run("bare", capture_code=False).finish()
        result = program("find", "--same")

        assert 1 == result.code
        assert "nobody can know what is the same: the code is not known" in result.err

    def test_that_is_not_there(self, repo: Repository, program: Program) -> None:
        """A name that no run has is the usual error."""
        assert 11 == program("find", "--same", "nope").code


class TestOfAProgram:
    def test_that_was_run(self, repo: Repository, program: Program) -> None:
        """A command is looked for as it would start now, and is not started."""
        result = program("find", "--same", "-p", "lr=0.2", "--json", "--", "python3", "train.py")

        assert 0 == result.code
        assert [("near", True), ("new", False), ("old", False)] == [
            (row["name"], row["same"]) for row in result.rows
        ]
        assert 4 == len(repo.runs())

    def test_on_other_code(self, repo: Repository, program: Program) -> None:
        """The code is that of now, and files are named that differ."""
        (repo.root / "train.py").write_text("lr = 2\n")
        result = program("find", "--same", "-p", "lr=0.1", "--", "python", "train.py", columns=120)

        assert 1 == result.code
        assert all(line.endswith("code: 1 file: train.py") for line in result.lines[1:])

    def test_on_inputs(self, repo: Repository, program: Program) -> None:
        """An input that no run declared is a difference."""
        result = program(
            "find", "--same", "-p", "lr=0.1", "-i", "train.py", "--", "python", "train.py",
            columns=120,
        )  # fmt: skip

        assert 1 == result.code
        assert all(line.endswith("input train.py: new") for line in result.lines[1:])

    def test_options_behind_the_dashes_are_its_own(
        self, repo: Repository, program: Program
    ) -> None:
        """What stands behind ``--`` is the program, whatever it looks like."""
        repo.start_run("odd", command=["./x", "--same", "--", "-p", "a=1"]).finish()
        result = program("find", "--same", "--json", "--", "./x", "--same", "--", "-p", "a=1")

        assert ["odd"] == [row["name"] for row in result.rows if row["same"]]


@pytest.mark.parametrize(
    "words",
    [
        [], ["@"], ["--same", "-p", "a=1"], ["--same", "-i", "train.py", "@"],
        ["--same", "@", "--", "ls"], ["--same", "--"], ["--same", "-p", "a", "--", "ls"],
        ["--same", "-i", "nowhere", "--", "ls"], ["--same", "@", "@"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage(repo: Repository, program: Program, words: list[str]) -> None:
    """What cannot be meant is an error with the exit code 2, and nothing on stdout."""
    result = program("find", *words)

    assert (2, "") == (result.code, result.out)
    assert result.err.startswith("error: ")

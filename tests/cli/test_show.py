"""``vcs-track show``: all of one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import vcs_track

if TYPE_CHECKING:
    from cli.conftest import Lab, Program

__all__: list[str] = []


class TestSections:
    def test_has_all_that_is_known(self, lab: Lab, program: Program) -> None:
        """Settings, numbers, series, media, git, environment and command are shown."""
        lines = program("show", "base").lines

        assert lines[0] == "run aaaa1111 base  ✔ finished"
        for title in (
            "hyperparameters", "summary", "results", "series (2)", "git", "environment", "command",
        ):  # fmt: skip
            assert title in lines
        assert "  optimizer.name  adam" in lines
        assert "  score  0.2" in lines
        assert any(line.startswith("media (1, ") for line in lines)
        assert any(line.startswith("  text  diary") for line in lines)
        assert "  branch     main" in lines

    def test_series_statistics(self, lab: Lab, program: Program) -> None:
        """A series has its points, range and course."""
        lines = program("show", "base", columns=200).lines
        row = next(line for line in lines if line.startswith("  train/loss  ")
                   and ".." in line).split()  # fmt: skip

        assert row[:4] == ["train/loss", "50", "0..49", "1.0"]
        assert row[5] == "1.0"
        assert row[-1].startswith("█")

    def test_error_of_a_failed_run(self, lab: Lab, program: Program) -> None:
        """The traceback that ended a run is shown line by line."""
        out = program("show", "broken").out

        assert "\nerror\n  Traceback" in out
        assert "  ZeroDivisionError: division by zero\n" in out

    def test_history(self, program: Program) -> None:
        """Edits are listed, newest first, with what they changed; older states can be shown."""
        repo = vcs_track.init()
        repo.start_run("one").finish()
        repo.edit("@", notes="better than it looks", tags=["kept"])
        result = program("show", "@")

        assert any(line.startswith("  @{0}  ") and "changed notes, tags" in line
                   for line in result.lines)  # fmt: skip
        assert "better than it looks" in result.out
        assert "better than it looks" not in program("show", "@@{1}").out

    def test_live_run(self, program: Program) -> None:
        """A run can be looked at while it goes on."""
        repo = vcs_track.init()
        with repo.start_run("going") as run:
            run.add_scalar("loss", 0.25)
            result = program("show", "going")

        assert "● running" in result.lines[0]
        assert "  loss  0.25" in result.lines

    def test_long_text_of_users_is_spelled_out(self, lab: Lab, program: Program) -> None:
        """No value of a user reaches the terminal as an escape sequence."""
        result = program("show", "@", colour=True)

        assert "\\x1b]0;pwned\\x07" in result.out
        assert "\x1b]" not in result.out

    @pytest.mark.parametrize("columns", [40, 80, 200])
    def test_series_fit(self, columns: int, lab: Lab, program: Program) -> None:
        """The table of series fits the screen."""
        lines = program("show", "base", columns=columns).lines
        start = lines.index("series (2)")

        assert max(map(len, lines[start : start + 4])) <= columns


class TestJson:
    def test_one_object(self, lab: Lab, program: Program) -> None:
        """``--json`` prints all of it as one object."""
        (row,) = program("show", "base", "--json").rows

        assert ("aaaa1111", {"lr": 0.1, "optimizer": {"name": "adam"}}) == (
            row["id"], row["hparams"]
        )  # fmt: skip
        assert row["series"]["train/loss"]["count"] == 50
        assert ["diary"] == [item["tag"] for item in row["media"]]
        assert row["env"]["python"]["version"]
        assert [[]] == [state["changed"] for state in row["history"]]


class TestNaming:
    @pytest.mark.parametrize("name", ["aaaa1111", "aaaa1", "base", "@{-3}", "base@{0}"])
    def test_ways_to_name_a_run(self, name: str, lab: Lab, program: Program) -> None:
        """Id, prefix, name, place and state name the same run."""
        assert program("show", name, "--json").rows[0]["id"] == "aaaa1111"

    def test_git_revision(self, lab: Lab, program: Program) -> None:
        """``git:REV`` is the newest run of a commit."""
        assert program("show", "git:HEAD", "--json").rows[0]["id"] == "cccc4444"

    def test_unknown(self, lab: Lab, program: Program) -> None:
        """An unknown name gets near ones."""
        result = program("show", "bas")

        assert (result.code, result.out) == (11, "")
        assert "did you mean 'base'" in result.err

    def test_ambiguous(self, lab: Lab, program: Program) -> None:
        """An ambiguous prefix lists its candidates."""
        result = program("show", "aaaa")

        assert (result.code, result.out) == (11, "")
        assert "'aaaa' is ambiguous" in result.err
        assert "aaaa1111 (base)" in result.err
        assert "aaaa2222 (small)" in result.err

    def test_no_repository(self, program: Program) -> None:
        """Outside a repository the code is 10."""
        assert program("show", "@").code == 10

    def test_no_run_yet(self, program: Program) -> None:
        """``@`` in an empty repository is not found."""
        vcs_track.init()

        assert program("show", "@").code == 11

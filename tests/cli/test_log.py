"""``vcs-track log``: commits with their runs, and runs one by one."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import vcs_track
from vcs_track.cli.human import ago

if TYPE_CHECKING:
    from cli.conftest import Lab, Program, Result

__all__: list[str] = []

THEN = datetime(2020, 1, 1, tzinfo=UTC)
NEWEST_FIRST = ["cccc4444", "bbbb3333", "aaaa2222", "aaaa1111"]


def ids(result: Result) -> list[str]:
    return [line.split()[1] for line in result.lines if line.startswith("run ")]


class TestOrder:
    def test_newest_first(self, lab: Lab, program: Program) -> None:
        """All runs are shown, the newest first."""
        assert NEWEST_FIRST == ids(program("log", "--runs"))

    def test_limit(self, lab: Lab, program: Program) -> None:
        """``-n`` shows that many."""
        assert NEWEST_FIRST[:2] == ids(program("log", "--runs", "-n", "2"))

    def test_named_runs_in_their_order(self, lab: Lab, program: Program) -> None:
        """Named runs come in the order of their names."""
        assert ["aaaa1111", "cccc4444"] == ids(program("log", "base", "@"))

    def test_where(self, lab: Lab, program: Program) -> None:
        """``--where`` chooses runs."""
        assert ["bbbb3333"] == ids(program("log", "--runs", "--where", "status = 'failed'"))

    def test_json(self, lab: Lab, program: Program) -> None:
        """``--json`` prints one run a line, with the names that scripts rely on."""
        rows = program("log", "--runs", "--json").rows
        wanted = {
            "id",
            "name",
            "status",
            "created",
            "hparams",
            "summary",
            "results",
            "git",
            "tags",
        }

        assert NEWEST_FIRST == [row["id"] for row in rows]
        assert all(wanted <= row.keys() for row in rows)


class TestBlock:
    def test_says_what_and_when(self, lab: Lab, program: Program) -> None:
        """A block has status, commit, time, hyperparameters and series with their course."""
        lines = program("log", "base").lines

        assert lines[0] == "run aaaa1111 base  ✔ finished"
        assert lines[1].startswith("commit  ")
        assert lines[1].endswith(" main")
        assert "took" in lines[2]
        assert lines[3] == "hparams lr=0.1 optimizer.name=adam"
        assert lines[4] == "tags    first"
        assert lines[5].split()[:2] == ["train/loss", "0.00744658"]
        assert lines[5].split()[2].startswith("█")
        assert lines[6].split()[2].endswith("█")

    def test_dirty_mark(self, program: Program) -> None:
        """A star behind the commit says that files had changed."""
        subprocess.run(["git", "init", "--quiet"], check=True, timeout=60)
        Path("a").write_text("1")
        subprocess.run(["git", "add", "a"], check=True, timeout=60)
        subprocess.run(["git", "commit", "--quiet", "-m", "x"], check=True, timeout=60)
        Path("a").write_text("2")
        vcs_track.init().start_run("one").finish()

        assert program("log", "one").lines[1].split()[1].endswith("*")

    def test_user_text_is_no_terminal_escape(self, lab: Lab, program: Program) -> None:
        """Escape sequences in notes and values are spelled out."""
        out = program("log", "@").out

        assert "\x1b" not in out
        assert "\\x1b]0;pwned\\x07" in out

    @pytest.mark.parametrize("columns", [40, 80, 200])
    def test_fits(self, columns: int, lab: Lab, program: Program) -> None:
        """No line is longer than the screen, and the id is whole."""
        result = program("log", "--runs", columns=columns)

        assert max(map(len, result.lines)) <= columns
        assert NEWEST_FIRST == ids(result)

    def test_no_colour_in_a_pipe(self, lab: Lab, program: Program) -> None:
        """Colour is for terminals, and for who forces it."""
        plain, coloured = program("log"), program("log", colour=True)

        assert "\x1b[" not in plain.out
        assert "\x1b[" in coloured.out

    def test_no_color_wins(
        self, lab: Lab, program: Program, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """``NO_COLOR`` turns colour off whatever else is set."""
        monkeypatch.setenv("NO_COLOR", "1")

        assert "\x1b[" not in program("log", colour=True).out


def git(*args: str, stdin: bytes | None = None) -> str:
    done = subprocess.run(["git", *args], capture_output=True, check=True, timeout=60, input=stdin)
    return done.stdout.decode("utf-8", "replace").strip()


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Make three commits: with a clean run, with a run that was changed, and without any."""
    monkeypatch.setenv("GIT_COMMITTER_DATE", f"{THEN:%Y-%m-%dT%H:%M:%S+00:00}")
    git("init", "--quiet")
    commits = {}
    for name in ("first", "second", "third"):
        Path("train.py").write_text(name)
        if name == "second":
            vcs_track.open().start_run("early", id="bbbb").finish()
        git("add", "train.py")
        git("commit", "--quiet", "-m", f"The {name} commit")
        commits[name] = git("rev-parse", "HEAD")
        if name == "first":
            with vcs_track.init().start_run("clean", id="aaaa") as run:
                run.add_scalar("val/loss", 0.25, 0)
    return commits


class TestCommits:
    def test_commits_that_have_runs(self, history: dict[str, str], program: Program) -> None:
        """Without arguments: commits with runs, each with refs, subject, author and age."""
        git("tag", "v1", history["second"])
        git("branch", "-m", "main")
        lines = program("log").lines

        assert (
            f"{history['second'][:10]} (tag: v1) The second commit  A Tester, {ago(THEN)}"
            == lines[0]
        )
        assert lines[1].split() == ["bbbb", "early", "✔", "finished"]
        assert lines[3].startswith(f"{history['first'][:10]} The first commit")
        assert lines[4].split() == ["aaaa", "clean", "✔", "finished", "val/loss", "0.25"]
        assert 5 == len(lines)

    def test_runs_at_none_come_first(self, history: dict[str, str], program: Program) -> None:
        """Runs of other branches and live runs are under a heading of their own."""
        git("switch", "--quiet", "-c", "side", history["first"])
        Path("train.py").write_text("another way")
        git("commit", "--quiet", "-a", "-m", "on a side")
        run = vcs_track.open().start_run("going", id="cccc")
        git("switch", "--quiet", "main")
        lines = program("log", "-n", "1").lines
        listed = program("log", "--json").rows
        run.finish()

        assert "at none of these commits (1)" == lines[0]
        assert lines[1].split()[:4] == ["cccc", "going", "●", "running"]
        assert lines[3].startswith(history["second"][:10])
        assert [("cccc", None, None), ("bbbb", history["second"], "tree"),
                ("aaaa", history["first"], "commit")] == [
            (row["id"], row["listed_under"], row["matched"]) for row in listed
        ]  # fmt: skip

    def test_range_lists_commits_without_runs(
        self, history: dict[str, str], program: Program
    ) -> None:
        """With a range each commit is a line."""
        lines = program("log", f"{history['first']}..").lines

        assert [history["third"][:10], "", history["second"][:10], "bbbb"] == [
            (line.split() or [""])[0] for line in lines
        ]
        assert lines == program("log", "HEAD~2..HEAD").lines

    def test_limit_counts_commits(self, history: dict[str, str], program: Program) -> None:
        """``-n`` counts commits that are shown."""
        assert [history["second"]] == [
            row["listed_under"] for row in program("log", "-n", "1", "--json").rows
        ]
        assert [history["third"][:10]] == [
            line.split()[0] for line in program("log", "HEAD", "-n", "1").lines
        ]

    def test_where(self, history: dict[str, str], program: Program) -> None:
        """A filter leaves commits without such runs out."""
        lines = program("log", "HEAD", "--where", "name = 'clean'").lines

        assert [history["first"][:10], "aaaa"] == [line.split()[0] for line in lines]

    def test_changed_mark(self, history: dict[str, str], program: Program) -> None:
        """A star says that the code was not that of the commit."""
        Path("train.py").write_text("never committed")
        vcs_track.open().start_run("wild", id="dddd").finish()
        lines = program("log", "HEAD^!").lines

        assert lines[1].split()[:3] == ["dddd", "*", "wild"]

    def test_all(self, history: dict[str, str], program: Program) -> None:
        """``--all`` takes the commits of other branches in."""
        git("switch", "--quiet", "--orphan", "other")
        git("commit", "--quiet", "--allow-empty", "-m", "unrelated")
        vcs_track.open().start_run("far", id="dddd").finish()
        git("switch", "--quiet", "main")

        assert {"aaaa", "bbbb", "dddd"} == {
            row["id"] for row in program("log", "--all", "--json").rows if row["listed_under"]
        }

    @pytest.mark.parametrize("columns", [30, 50, 80])
    def test_fits(self, columns: int, history: dict[str, str], program: Program) -> None:
        """No line is longer than the screen; what a commit says is shortened, not the ids.

        Seen to fail when a short subject got the room of a long one.
        """
        git("branch", "a-branch-with-a-very-long-name/" + "x" * 60, history["first"])
        git("commit", "--quiet", "--allow-empty", "-m", "A subject " + "that goes on " * 20)
        vcs_track.open().start_run("a name that goes on " * 4, id="dddd").finish()
        lines = program("log", "HEAD", columns=columns).lines

        assert max(map(len, lines)) <= columns
        assert {"dddd", "bbbb", "aaaa"} <= {(line.split() or [""])[0] for line in lines}
        assert all(f"{history[name][:10]} " in "\n".join(lines) for name in history)
        whole = f"{history['second'][:10]} The second commit  A Tester, {ago(THEN)}"
        assert (len(whole) <= columns) == (whole in lines)

    def test_subject_is_no_terminal_escape(self, program: Program) -> None:
        """Control characters and bytes that are no text are spelled out."""
        git("init", "--quiet")
        git("commit", "--quiet", "--allow-empty", "-m", "start")
        head, _, _ = git("cat-file", "commit", "HEAD").partition("\n\n")
        raw = f"{head}\n\n".encode() + b"\x1b[31mred \xff\n"
        git("reset", "--quiet", git("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw))
        vcs_track.init().start_run().finish()
        out = program("log").out

        assert "\x1b" not in out
        assert "\\x1b[31mred \N{REPLACEMENT CHARACTER}" in out

    def test_git_that_cannot_be_asked(
        self, history: dict[str, str], program: Program, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where git gives no answer the runs are shown without commits, and that is said."""
        monkeypatch.setenv("PATH", "/nowhere")
        result = program("log")

        assert (0, ["bbbb", "aaaa"]) == (result.code, ids(result))
        assert "note: without commits: git is not installed\n" == result.err

    def test_outside_of_git(self, program: Program) -> None:
        """Without a repository of git: runs one by one."""
        vcs_track.init().start_run("one", id="aaaa").finish()

        assert ["aaaa"] == ids(program("log"))


class TestNames:
    def test_a_run_wins_over_a_branch(self, history: dict[str, str], program: Program) -> None:
        """What is the whole name of a run is the run, and ``heads/NAME`` is the branch."""
        git("branch", "clean", history["second"])

        assert ["aaaa"] == ids(program("log", "clean"))
        assert program("log", "heads/clean").lines[0].startswith(history["second"][:10])

    def test_a_revision_wins_over_a_prefix(
        self, history: dict[str, str], program: Program
    ) -> None:
        """What is only the beginning of an id is asked of git first."""
        assert ["aaaa"] == ids(program("log", "aa"))
        git("branch", "aa")

        assert program("log", "aa").lines[0].startswith(history["third"][:10])

    @pytest.mark.parametrize("name", ["@", "@{-1}", "clean@{0}", "git:HEAD~2"])
    def test_other_ways_to_name_a_run(
        self, name: str, history: dict[str, str], program: Program
    ) -> None:
        """What means a run everywhere means it here, also where git knows the text."""
        assert 1 == len(ids(program("log", name)))

    @pytest.mark.parametrize("name", ["--output=x", "-p", "nope..HEAD", "HEAD..nope", "nope"])
    def test_neither(self, name: str, history: dict[str, str], program: Program) -> None:
        """What is neither is one error, and never an option of git."""
        before = sorted(Path().iterdir())
        result = program("log", "--", name)

        assert (11, "") == (result.code, result.out)
        assert f"error: no run and no commit matches '{name}'\n" in result.err
        assert before == sorted(Path().iterdir())

    def test_near_names_of_both(self, history: dict[str, str], program: Program) -> None:
        """The hint has near runs and near branches."""
        git("branch", "main-line")

        assert "hint: did you mean 'clean' or 'main-line'?\n" in program("log", "cleain-line").err

    @pytest.mark.parametrize("args", [("HEAD", "--all"), ("--runs", "--all")])
    def test_what_excludes_each_other(
        self, args: tuple[str, ...], history: dict[str, str], program: Program
    ) -> None:
        """Contradictions are wrong usage."""
        assert 2 == program("log", *args).code


class TestNothing:
    def test_empty_repository(self, program: Program) -> None:
        """No runs: no data, a word on stderr, no error."""
        vcs_track.init()
        result = program("log")

        assert (result.code, result.out, result.err) == (0, "", "there are no runs\n")

    def test_no_match(self, lab: Lab, program: Program) -> None:
        """A filter that no run passes is no error."""
        result = program("log", "--runs", "--where", "hparams.lr > 100")

        assert (result.code, result.out, result.err) == (0, "", "no run matches\n")


class TestBadInput:
    def test_unknown_run(self, lab: Lab, program: Program) -> None:
        """An unknown run is named with its near names."""
        result = program("log", "smallish")

        assert (result.code, result.out) == (11, "")
        assert (
            result.err
            == "error: no run and no commit matches 'smallish'\nhint: did you mean 'small'?\n"
        )

    def test_run_and_where(self, lab: Lab, program: Program) -> None:
        """Names and a filter exclude each other."""
        assert program("log", "base", "--where", "lr < 1").code == 2

"""Tests of ``vcs_track.porcelain.revision``."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import vcs_track
from vcs_track.errors import (
    AmbiguousRunError,
    GitError,
    InvalidTypeError,
    RunNotFoundError,
    VcsTrackError,
)

if TYPE_CHECKING:
    from vcs_track import Repository


def git(folder: Path, *args: str) -> str:
    """Run git and return what it printed."""
    done = subprocess.run(["git", *args], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def record(repo: Repository, name: str, run_id: str) -> None:
    """Record an empty run."""
    repo.start_run(name, id=run_id).finish()


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return a repository with five runs, oldest first abc1, abc2, abd, base, base2."""
    repo = vcs_track.init(tmp_path).with_defaults(capture_git=False)
    for name, run_id in (
        ("one", "abc1"), ("two", "abc2"), ("twin", "abd"), ("twin", "base"), ("five", "base2"),
    ):  # fmt: skip
        record(repo, name, run_id)
    return repo


class TestForms:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("abc1", "abc1"), ("one", "abc1"), ("abd", "abd"), ("five", "base2"),
            ("base2", "base2"), ("@", "base2"), ("@{-0}", "base2"), ("@{-1}", "base"),
            ("@{-4}", "abc1"), ("two@{0}", "abc2"), ("@@{0}", "base2"), ("@{-1}@{0}", "base"),
        ],
    )  # fmt: skip
    def test_each_form_names_one_run(self, repo: Repository, text: str, found: str) -> None:
        """Ids, prefixes, names, newest, n before it, and states of each."""
        assert found == repo.run(text).id

    def test_an_exact_id_wins_over_a_prefix(self, repo: Repository) -> None:
        """``base`` is the run of that id though ``base2`` begins with it too."""
        assert "base" == repo.run("base").id

    def test_an_exact_id_wins_over_a_name(self, repo: Repository) -> None:
        """A run that is named like another's id does not hide it."""
        record(repo, "abd", "zzz")

        assert "abd" == repo.run("abd").id

    def test_a_name_wins_over_a_prefix(self, repo: Repository) -> None:
        """A name that is typed whole is meant, even if ids begin so."""
        record(repo, "ab", "zzz")

        assert "zzz" == repo.run("ab").id

    def test_a_unique_prefix(self, repo: Repository) -> None:
        """The shortest prefix that no other id shares is enough."""
        assert "abd" == repo.run("abd"[:3]).id
        record(repo, "x", "unique")

        assert "unique" == repo.run("u").id

    def test_earlier_states(self, repo: Repository) -> None:
        """RUN@{n} is the run n edits ago, with its labels of then."""
        repo.edit("abc1", notes="first")
        repo.edit("abc1", notes="second")

        assert ["second", "first", None] == [
            repo.run(f"one@{{{n}}}").manifest.notes for n in range(3)
        ]

    def test_an_earlier_state_can_be_compared(self, repo: Repository) -> None:
        """Diff between a run and itself an edit ago shows the edit."""
        repo.edit("abc1", notes="new")
        (change,) = repo.diff("abc1@{1}", "abc1")

        assert ("label", None, "new") == (change.kind, change.old, change.new)

    def test_the_state_now_of_several_heads_is_the_run(self, repo: Repository) -> None:
        """RUN@{0} is RUN, also when two clones have edited it."""
        heads = repo.store.home.head_folder
        (first,) = heads.of("abc1")
        repo.edit("abc1", notes="x")
        (one,) = heads.of("abc1")
        heads.path("abc1", one).unlink()
        heads.add("abc1", first)
        repo.edit("abc1", color="ff0000")
        heads.add("abc1", one)

        assert [] == repo.diff("abc1", "abc1@{0}")

    def test_the_state_now_of_a_live_run(self, repo: Repository) -> None:
        """RUN@{0} works while the run goes on."""
        live = repo.start_run("live", id="live")
        live.set_note("now")

        assert "now" == repo.run("live@{0}").manifest.notes

    def test_live_runs_are_found(self, repo: Repository) -> None:
        """A run that goes on has an id, a prefix and a name, and is the newest."""
        live = repo.start_run("going on", id="live")
        found = [repo.run(text).id for text in ("live", "liv", "going on", "@")]
        live.finish()

        assert ["live"] * 4 == found


class TestGit:
    def test_the_newest_run_of_a_commit(self, tmp_path: Path) -> None:
        """git:REV takes whatever git takes: branches, tags, ancestors, short ids."""
        git(tmp_path, "init", "-q")
        repo = vcs_track.init(tmp_path)
        for n in range(2):
            git(tmp_path, "commit", "-q", "--allow-empty", "-m", f"c{n}")
            record(repo, f"a{n}", f"a{n}")
            record(repo, f"b{n}", f"b{n}")
        git(tmp_path, "tag", "v1", "HEAD~1")
        short = git(tmp_path, "rev-parse", "--short", "HEAD")

        assert ["b1", "b1", "b0", "b0", "b1"] == [
            repo.run(f"git:{rev}").id for rev in ("HEAD", "main", "HEAD~1", "v1", short)
        ]

    def test_a_commit_without_runs(self, tmp_path: Path) -> None:
        """A commit that no run was made at is named."""
        git(tmp_path, "init", "-q")
        repo = vcs_track.init(tmp_path)
        git(tmp_path, "commit", "-q", "--allow-empty", "-m", "c")

        with pytest.raises(RunNotFoundError, match="no run was made at commit"):
            repo.run("git:HEAD")

    @pytest.mark.parametrize("rev", ["nonsense", "", "--all", "HEAD~99", "-x", "a..b"])
    def test_a_revision_that_git_does_not_know(self, tmp_path: Path, rev: str) -> None:
        """What git cannot resolve is our own error, and no option of git."""
        git(tmp_path, "init", "-q")
        repo = vcs_track.init(tmp_path)
        git(tmp_path, "commit", "-q", "--allow-empty", "-m", "c")

        with pytest.raises(VcsTrackError):
            repo.run(f"git:{rev}")

    def test_outside_git(self, repo: Repository) -> None:
        """Without git there are no revisions."""
        with pytest.raises(GitError, match="not in a git repository"):
            repo.run("git:HEAD")


class TestErrors:
    def test_a_typo_gets_near_names(self, repo: Repository) -> None:
        """The hint names ids and names that look like it."""
        with pytest.raises(RunNotFoundError, match="no run matches 'fvie'") as caught:
            repo.run("fvie")

        assert "did you mean 'five'" in caught.value.hint
        assert 11 == caught.value.exit_code

    def test_an_ambiguous_prefix_lists_its_candidates(self, repo: Repository) -> None:
        """The error carries the ids, the hint ids and names."""
        with pytest.raises(AmbiguousRunError, match="'ab' is ambiguous: 3 runs match") as caught:
            repo.run("ab")

        assert {"abc1", "abc2", "abd"} == set(caught.value.candidates)
        assert "abc1 (one)" in caught.value.hint

    def test_a_name_of_two_runs_is_ambiguous(self, repo: Repository) -> None:
        """Names need not be unique; then the id is asked for."""
        with pytest.raises(AmbiguousRunError) as caught:
            repo.run("twin")

        assert {"abd", "base"} == set(caught.value.candidates)

    def test_a_long_list_of_candidates_is_cut(self, repo: Repository) -> None:
        """The hint stays readable, the error has all."""
        for n in range(9):
            record(repo, "many", f"m{n}")
        with pytest.raises(AmbiguousRunError) as caught:
            repo.run("many")

        assert 9 == len(caught.value.candidates)
        assert caught.value.hint.endswith("...")

    @pytest.mark.parametrize("text", ["@{-5}", "@{-99}"])
    def test_further_back_than_the_first(self, repo: Repository, text: str) -> None:
        """There are only so many runs."""
        with pytest.raises(RunNotFoundError, match="the repository has 5"):
            repo.run(text)

    def test_more_edits_than_there_were(self, repo: Repository) -> None:
        """A run has only so many states."""
        with pytest.raises(RunNotFoundError, match=r"no state '@\{1\}'") as caught:
            repo.run("abc1@{1}")

        assert "it has 1" in caught.value.hint

    @pytest.mark.parametrize(
        "text",
        ["", " ", "@{}", "@{0}", "@{x}", "@{-}", "@{99999999999}", "*", "ab*", "a/b", "../x", ".",
         "a@{1", "\n", "\0", "ABC1", "é"],
    )  # fmt: skip
    def test_nonsense_is_not_found(self, repo: Repository, text: str) -> None:
        """Any other text is a run that does not exist."""
        with pytest.raises(RunNotFoundError):
            repo.run(text)

    def test_text_that_is_no_unicode_is_not_found(self, repo: Repository) -> None:
        """An argument of the command line with stray bytes is no crash."""
        with pytest.raises(RunNotFoundError):
            repo.run("\udcff")

    def test_an_empty_repository(self, tmp_path: Path) -> None:
        """Where there is no run the error says so."""
        empty = vcs_track.init(tmp_path / "x")
        with pytest.raises(RunNotFoundError, match="has 0"):
            empty.run("@")
        with pytest.raises(RunNotFoundError) as caught:
            empty.run("x")

        assert "no runs yet" in caught.value.hint

    @pytest.mark.parametrize("value", [None, 5, b"abc1", ["abc1"], Path("abc1")], ids=repr)
    def test_other_types(self, repo: Repository, value: object) -> None:
        """A run is named by text."""
        with pytest.raises(InvalidTypeError, match="run must be text"):
            repo.run(value)  # type: ignore[arg-type]

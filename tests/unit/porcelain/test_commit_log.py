"""Tests of ``vcs_track.porcelain.commit_log``: which run stands at which commit."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import vcs_track
from vcs_track.errors import CommitNotFoundError, GitError, InvalidValueError
from vcs_track.plumbing.git_log import folders_named, history, trees_without

if TYPE_CHECKING:
    from vcs_track import Repository


def git(folder: Path, *args: str, stdin: bytes | None = None) -> str:
    done = subprocess.run(
        ["git", *args], cwd=folder, capture_output=True, check=False, input=stdin
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode("utf-8", "replace").strip()


def head(repo: Repository) -> str:
    return git(repo.root, "rev-parse", "HEAD")


def change(repo: Repository, text: str) -> None:
    (repo.root / "train.py").write_text(text)


def commit(repo: Repository, text: str | None = None) -> str:
    """Commit train.py with *text*, or as it is; return the commit."""
    if text is not None:
        change(repo, text)
    git(repo.root, "add", "train.py")
    git(repo.root, "commit", "--quiet", "--allow-empty", "-m", f"code {text or 'as it is'}")
    return head(repo)


def record(repo: Repository, name: str) -> str:
    repo.start_run(name, id=name).finish()
    return name


@pytest.fixture(params=["sha1", "sha256"])
def repo(tmp_path: Path, request: pytest.FixtureRequest) -> Repository:
    """Return a repository with one commit, in each format of git."""
    folder = tmp_path / "work"
    git(tmp_path, "init", "--quiet", f"--object-format={request.param}", "work")
    (folder / "train.py").write_text("first")
    (folder / "lib").mkdir()
    (folder / "lib" / "model.py").write_text("model")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "start")
    return vcs_track.init(folder)


class TestPlace:
    def test_a_clean_run_is_at_its_commit(self, repo: Repository) -> None:
        """Where nothing was changed the commit is the code."""
        first = head(repo)
        record(repo, "a")
        second = commit(repo, "two")
        record(repo, "b")

        assert {"a": first, "b": second} == repo.runs_of()

    def test_a_clean_run_stays_where_a_later_commit_has_the_same_code(
        self, repo: Repository
    ) -> None:
        """Its own commit comes first: a commit of nothing but runs does not take it away."""
        first = head(repo)
        record(repo, "a")
        repo.commit()

        assert {"a": first} == repo.runs_of()

    def test_a_changed_run_is_at_the_commit_that_took_its_code_in(self, repo: Repository) -> None:
        """A dirty run is at the later commit with exactly its code.

        Seen to fail when only the commit was compared.
        """
        change(repo, "changed")
        record(repo, "a")
        later = commit(repo)
        commit(repo, "later still")

        assert {"a": later} == repo.runs_of()

    def test_an_untracked_file_counts_as_code(self, repo: Repository) -> None:
        """A new file that was not added yet is code: the commit that has it is the one."""
        (repo.root / "new.py").write_text("new")
        record(repo, "a")
        git(repo.root, "add", "new.py")

        assert {"a": commit(repo)} == repo.runs_of()

    def test_the_oldest_commit_with_the_code_wins(self, repo: Repository) -> None:
        """Of several commits with that code it is the one that took it in."""
        change(repo, "changed")
        record(repo, "a")
        later = commit(repo)
        commit(repo)
        commit(repo, "other")
        commit(repo, "changed")

        assert {"a": later} == repo.runs_of()

    def test_a_changed_run_without_such_a_commit_is_at_its_own(self, repo: Repository) -> None:
        """Code that was never committed stays with the commit that it began from."""
        change(repo, "never committed")
        record(repo, "a")
        change(repo, "first")
        own = head(repo)
        commit(repo, "other")
        (entry,) = repo.log().commits

        assert own == entry.commit.id
        assert [("a", True)] == [(each.run.id, each.changed) for each in entry.runs]

    def test_committed_runs_are_no_code(self, repo: Repository) -> None:
        """A commit of code and runs together still has the code that ran.

        Seen to fail when the tree of the commit was taken as it is.
        """
        commit(repo, "two")
        change(repo, "changed")
        record(repo, "a")
        git(repo.root, "add", "train.py")
        both, _ = repo.commit(message="code and runs")
        log = repo.log()

        assert [both] == [entry.commit.id for entry in log.commits]
        assert [(both, "tree")] == [each.match for each in log.commits[0].runs]
        assert not log.commits[0].runs[0].changed

    def test_runs_in_nested_projects(self, repo: Repository) -> None:
        """Two ``.runs`` in one repository, deep and at the top, are no code for either."""
        deep = repo.root / "projects" / "vision"
        deep.mkdir(parents=True)
        nested = vcs_track.init(deep)
        record(nested, "old")
        nested.commit()
        record(repo, "top")
        repo.commit()
        change(repo, "changed")
        for each, name in ((nested, "n"), (repo, "t")):
            record(each, name)
        git(repo.root, "add", "train.py")
        nested.commit()
        repo.commit()
        runs, code = history(repo.root)[:2]

        assert "t" in runs.subject
        assert {"n": code.id, "t": code.id} == {
            "n": nested.runs_of()["n"], "t": repo.runs_of()["t"]
        }  # fmt: skip

    def test_a_rebased_branch(self, repo: Repository) -> None:
        """A run of a commit that was rewritten is at the new one, which has its code."""
        git(repo.root, "switch", "--quiet", "-c", "side")
        commit(repo, "two")
        record(repo, "a")
        git(repo.root, "commit", "--quiet", "--amend", "-m", "said better")

        assert {"a": head(repo)} == repo.runs_of()

    def test_a_squashed_branch(self, repo: Repository) -> None:
        """The run at the last commit of a branch is at the commit that it was squashed to."""
        git(repo.root, "switch", "--quiet", "-c", "side")
        commit(repo, "two")
        record(repo, "middle")
        commit(repo, "three")
        record(repo, "last")
        git(repo.root, "switch", "--quiet", "main")
        git(repo.root, "merge", "--squash", "side")
        git(repo.root, "commit", "--quiet", "-m", "squashed")
        log = repo.log()

        assert [[(head(repo), "tree")]] == [[r.match for r in e.runs] for e in log.commits]
        assert ["middle"] == [each.run.id for each in log.elsewhere]

    def test_a_commit_that_is_gone(self, repo: Repository) -> None:
        """A run whose commit was thrown away is listed, at none."""
        first = head(repo)
        commit(repo, "two")
        record(repo, "a")
        git(repo.root, "reset", "--quiet", "--hard", first)
        git(repo.root, "reflog", "expire", "--expire=now", "--all")
        git(repo.root, "gc", "--quiet", "--prune=now")
        log = repo.log()

        assert ((), ["a"]) == (log.commits, [each.run.id for each in log.elsewhere])
        assert [None] == [each.match for each in log.elsewhere]

    def test_a_live_run(self, repo: Repository) -> None:
        """A run that goes on is at its commit too."""
        with repo.start_run(id="live"):
            assert {"live": head(repo)} == repo.runs_of()


class TestWhere:
    def test_detached_head(self, repo: Repository) -> None:
        """The history of a detached ``HEAD`` is that of its commit."""
        first = head(repo)
        record(repo, "a")
        commit(repo, "two")
        record(repo, "b")
        git(repo.root, "checkout", "--quiet", first)

        assert {"a": first} == repo.runs_of()
        assert ["b"] == [each.run.id for each in repo.log().elsewhere]

    def test_unborn_branch(self, tmp_path: Path) -> None:
        """Before the first commit there is no commit, and no error."""
        git(tmp_path, "init", "--quiet")
        repo = vcs_track.init(tmp_path)
        record(repo, "a")

        assert {} == repo.runs_of()
        for everywhere in (False, True):
            log = repo.log(everywhere=everywhere)
            assert ((), ["a"]) == (log.commits, [each.run.id for each in log.elsewhere])

    def test_shallow_clone(self, repo: Repository, tmp_path: Path) -> None:
        """A clone of the last commit lists what it has; the other runs are at none."""
        record(repo, "a")
        commit(repo, "two")
        record(repo, "b")
        repo.commit()
        git(tmp_path, "clone", "--quiet", "--depth=2", f"file://{repo.root}", "shallow")
        log = vcs_track.open(tmp_path / "shallow").log()

        assert [["b"]] == [[each.run.id for each in entry.runs] for entry in log.commits]
        assert ["a"] == [each.run.id for each in log.elsewhere]

    def test_linked_work_tree(self, repo: Repository, tmp_path: Path) -> None:
        """In a linked work tree the history is that of its branch."""
        record(repo, "a")
        git(repo.root, "worktree", "add", "--quiet", str(tmp_path / "tree"), "-b", "side")
        linked = vcs_track.init(tmp_path / "tree")
        later = commit(linked, "two")
        record(linked, "b")

        assert later == linked.runs_of()["b"]
        assert ["b"] == [each.run.id for each in repo.log().elsewhere]
        assert later == repo.runs_of("side")["b"]

    def test_everywhere(self, repo: Repository) -> None:
        """Every branch and tag counts, and neither notes nor the stash."""
        git(repo.root, "switch", "--quiet", "-c", "side")
        side = commit(repo, "two")
        record(repo, "a")
        git(repo.root, "notes", "add", "-m", "a note")
        git(repo.root, "switch", "--quiet", "main")
        change(repo, "stashed")
        git(repo.root, "stash")
        subjects = {one.subject for one in history(repo.root, everywhere=True)}

        assert {"code two", "start"} == subjects
        assert [side] == [entry.commit.id for entry in repo.log(everywhere=True).commits]

    def test_outside_of_git(self, tmp_path: Path) -> None:
        """Without git there is no history to ask for."""
        with pytest.raises(GitError, match="not in a git repository"):
            vcs_track.init(tmp_path).log()


class TestRanges:
    def test_range_lists_each_commit(self, repo: Repository) -> None:
        """With a range commits without runs are listed too, and no run of another commit."""
        first = head(repo)
        record(repo, "a")
        second, third = commit(repo, "two"), commit(repo, "three")
        record(repo, "b")
        log = repo.log(f"{first}..HEAD")

        assert [(third, 1), (second, 0)] == [(e.commit.id, len(e.runs)) for e in log.commits]
        assert () == log.elsewhere
        assert {"b": third} == repo.runs_of(f"{first}..")

    def test_limit(self, repo: Repository) -> None:
        """A limit counts commits that have runs, not those that git looks at."""
        record(repo, "a")
        second = commit(repo, "two")
        record(repo, "b")
        commit(repo, "three")

        assert [second] == [entry.commit.id for entry in repo.log(limit=1).commits]

    def test_where(self, repo: Repository) -> None:
        """With a filter only commits of such runs are listed."""
        record(repo, "a")
        commit(repo, "two")
        record(repo, "b")
        log = repo.log("HEAD", where="name = 'a'")

        assert [["a"]] == [[each.run.id for each in entry.runs] for entry in log.commits]

    def test_runs_of_one_commit(self, repo: Repository) -> None:
        """``commit`` means that one; a filter and an order work on top of it."""
        first = head(repo)
        record(repo, "a")
        change(repo, "changed")
        record(repo, "b")
        later = commit(repo)

        assert ["a", "b"] == [run.id for run in repo.runs(order_by="id", commit=first)]
        assert ["b"] == [run.id for run in repo.runs(commit=later)]
        assert ["b"] == [run.id for run in repo.runs(rev_range="HEAD~1..")]
        assert [] == list(repo.runs("name = 'a'", commit=later))
        assert ["a"] == [run.id for run in repo.runs(order_by="id", commit=first, limit=1)]

    def test_filter_knows_the_names_of_all_runs(self, repo: Repository) -> None:
        """A name that no run of the range has is no unknown name."""
        repo.start_run(id="a", hparams={"lr": 1}).finish()
        commit(repo, "two")

        assert [] == list(repo.runs("hparams.lr = 1", rev_range="HEAD~1.."))

    @pytest.mark.parametrize("bad", ["nowhere", "main..nowhere", "", "--output=x", "-1", "a\0b"])
    def test_what_git_refuses(self, repo: Repository, bad: str) -> None:
        """What git does not know is an error at once, and never an option of git.

        Seen to fail, with a file 'x' written, when the range was passed on unchecked.
        """
        before = sorted(repo.root.iterdir())
        for call in (repo.log, repo.runs_of, lambda r: repo.runs(commit=r)):
            with pytest.raises(CommitNotFoundError):
                call(bad)

        assert before == sorted(repo.root.iterdir())

    def test_near_names(self, repo: Repository) -> None:
        """A typo in a range is told with the branch that was meant."""
        with pytest.raises(CommitNotFoundError) as caught:
            repo.log("HEAD..man")

        assert "did you mean 'main'?" == caught.value.hint

    def test_commit_and_range(self, repo: Repository) -> None:
        """A commit and a range exclude each other."""
        with pytest.raises(InvalidValueError):
            repo.runs(commit="HEAD", rev_range="HEAD")


class TestOddCommits:
    def test_subjects_that_are_no_text(self, repo: Repository) -> None:
        """Bytes that are not UTF-8 and control characters do no harm."""
        head, _, _ = git(repo.root, "cat-file", "commit", "HEAD").partition("\n\n")
        raw = f"{head}\n\n".encode() + b"caf\xe9 \x1b[31m \x01 red\n\nbody\n"
        odd = git(repo.root, "hash-object", "-t", "commit", "-w", "--stdin", stdin=raw)
        git(repo.root, "reset", "--quiet", odd)
        (newest,) = history(repo.root)

        assert (odd, "caf\N{REPLACEMENT CHARACTER} \x1b[31m \x01 red") == (
            newest.id, newest.subject
        )  # fmt: skip

    def test_settings_of_the_user(self, repo: Repository) -> None:
        """Neither colours nor signatures nor formats of the user get into it."""
        settings = {
            "color.ui": "always", "log.showSignature": "true", "format.pretty": "oneline",
            "log.decorate": "full", "core.quotePath": "true", "log.diffMerges": "on",
        }  # fmt: skip
        plain = history(repo.root)
        for name, value in settings.items():
            git(repo.root, "config", name, value)

        assert plain == history(repo.root)


class TestTrees:
    def test_trees_are_those_that_git_makes(self, repo: Repository) -> None:
        """A tree without some folders is the one that git makes of the other files.

        Seen to fail when a folder that had nothing else in it was kept.
        """
        folders = [b".runs", b"only/.runs", b"lib/deep/.runs", b"lib/.runs"]
        for folder in folders:
            path = repo.root / os.fsdecode(folder)
            path.mkdir(parents=True, exist_ok=True)
            (path / "file").write_text(path.name)
        (repo.root / "lib" / "deep" / "x.py").write_text("x")
        (repo.root / "lib" / ".runs.txt").write_text("a file")
        files = [f"{os.fsdecode(folder)}/file" for folder in folders]
        git(repo.root, "add", "--force", *files, "lib")
        git(repo.root, "commit", "--quiet", "-m", "runs")
        tree = git(repo.root, "rev-parse", "HEAD^{tree}")
        found = trees_without(repo.root, [tree], folders)
        git(repo.root, "rm", "--quiet", "-r", "--cached", *map(os.fsdecode, folders))

        assert set(folders) == folders_named(repo.root, "HEAD", b".runs")
        assert {tree: git(repo.root, "write-tree")} == found

    def test_one_folder_in_two_places(self, repo: Repository) -> None:
        """Equal folders in two places are each looked at as deep as they must be.

        Seen to fail when a folder was looked at for one of the places only.
        """
        for name in ("a", "b"):
            for path in ("x/q/.runs", "y/z/.runs"):
                (repo.root / name / path).mkdir(parents=True)
                (repo.root / name / path / "file").write_text("same")
            (repo.root / name / "code.py").write_text("same")
        git(repo.root, "add", "--force", "a", "b")
        git(repo.root, "commit", "--quiet", "-m", "twice")
        tree = git(repo.root, "rev-parse", "HEAD^{tree}")
        found = trees_without(repo.root, [tree], [b"a/x/q/.runs", b"b/y/z/.runs"])
        git(repo.root, "rm", "--quiet", "-r", "--cached", "a/x", "b/y")

        assert {tree: git(repo.root, "write-tree")} == found

    def test_nothing_left(self, repo: Repository) -> None:
        """A tree of nothing but runs becomes the empty tree."""
        git(repo.root, "rm", "--quiet", "-r", "--cached", "train.py", "lib")
        git(repo.root, "add", "--force", ".runs/FORMAT")
        tree = git(repo.root, "write-tree")
        shutil.rmtree(repo.root / "lib")
        empty = git(repo.root, "mktree", stdin=b"")

        assert {tree: empty} == trees_without(repo.root, [tree], [b".runs"])

    def test_a_tree_that_is_not_here(self, repo: Repository) -> None:
        """A tree that git has not got is left out."""
        missing = "ab" * (len(head(repo)) // 2)

        assert {} == trees_without(repo.root, [missing], [b".runs"])

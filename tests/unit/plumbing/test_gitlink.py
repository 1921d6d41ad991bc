"""Git as it is: real repositories, real git, no stand-ins."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vcs_track.errors import GitError
from vcs_track.plumbing import git_call, gitlink
from vcs_track.plumbing.gitlink import CommitInfo, GitState, GitUnreadable, read_state

pytestmark = pytest.mark.skipif(gitlink.version() is None, reason="git is not installed")

posix_only = pytest.mark.skipif(os.name == "nt", reason="needs POSIX file names and modes")


@pytest.fixture(autouse=True)
def _own_git_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text(
        "[user]\nname = Ann\nemail = ann@example.org\n[init]\ndefaultBranch = main\n"
        '[protocol "file"]\nallow = always\n[commit]\ngpgSign = false\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)


def git(folder: Path, *args: str | bytes | Path) -> str:
    done = subprocess.run(["git", "-C", folder, *args], check=True, capture_output=True)
    return done.stdout.decode("utf-8", "surrogateescape").strip()


def new_repo(folder: Path, *, files: tuple[str, ...] = ("a.txt",), **init: str) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "-q", *(f"--{key.replace('_', '-')}={init[key]}" for key in init))
    for name in files:
        (folder / name).write_text(f"{name} 1\n")
    if files:
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "first")
    return folder


def state_of(path: Path) -> GitState:
    state = read_state(path)
    assert isinstance(state, GitState), state
    return state


def fake_git(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    program = folder / "git"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


class TestReadState:
    def test_outside_git_is_none(self, tmp_path: Path) -> None:
        """A folder in no work tree has no state."""
        assert read_state(tmp_path) is None

    def test_empty_repository_has_a_branch_and_no_commit(self, tmp_path: Path) -> None:
        """Before the first commit the commit is None and the rest is known."""
        repo = new_repo(tmp_path / "r", files=())
        (repo / "new.txt").write_text("x")

        assert GitState(str(repo), None, "main", untracked=1) == state_of(repo)

    def test_clean_repository(self, tmp_path: Path) -> None:
        """Commit and branch are those git names, and nothing is dirty."""
        repo = new_repo(tmp_path / "r")

        assert GitState(str(repo), git(repo, "rev-parse", "HEAD"), "main") == state_of(repo)

    def test_subfolder_reports_the_whole_tree(self, tmp_path: Path) -> None:
        """From a subfolder the whole work tree counts, as with git status."""
        repo = new_repo(tmp_path / "r")
        (repo / "sub").mkdir()
        (repo / "a.txt").write_text("changed")
        state = state_of(repo / "sub")

        assert (str(repo), True) == (state.root, state.dirty)

    def test_detached_head_has_no_branch(self, tmp_path: Path) -> None:
        """On a detached HEAD the branch is None and the commit stays."""
        repo = new_repo(tmp_path / "r")
        git(repo, "checkout", "-q", "--detach")
        state = state_of(repo)

        assert (None, git(repo, "rev-parse", "HEAD")) == (state.branch, state.commit)

    @pytest.mark.parametrize("change", ["edit", "stage", "delete", "rename", "conflict"])
    def test_tracked_changes_are_dirty(self, tmp_path: Path, change: str) -> None:
        """Every kind of change to a tracked file, staged or not, is dirty."""
        repo = new_repo(tmp_path / "r", files=("a.txt", "? b"))
        if change == "delete":
            (repo / "a.txt").unlink()
        elif change == "rename":
            git(repo, "mv", "? b", "? c")
        elif change == "conflict":
            git(repo, "checkout", "-qb", "other")
            (repo / "a.txt").write_text("other")
            git(repo, "commit", "-qam", "other")
            git(repo, "checkout", "-q", "main")
            (repo / "a.txt").write_text("main")
            git(repo, "commit", "-qam", "main")
            subprocess.run(["git", "-C", repo, "merge", "other"], check=False, capture_output=True)
        else:
            (repo / "a.txt").write_text("changed")
            if change == "stage":
                git(repo, "add", "a.txt")
        state = state_of(repo)

        assert (True, 0) == (state.dirty, state.untracked)

    @posix_only
    def test_untracked_entries_are_counted_whatever_their_names(self, tmp_path: Path) -> None:
        """Spaces, line ends and bytes that are not UTF-8 count one each; so does a folder."""
        repo = new_repo(tmp_path / "r")
        for name in (b"two words", b"two\nlines", b"1 .M fake", b"caf\xe9", b"-x"):
            (repo / os.fsdecode(name)).write_bytes(b"x")
        (repo / "folder").mkdir()
        (repo / "folder/1").write_text("x")
        (repo / "folder/2").write_text("x")
        state = state_of(repo)

        assert (False, 6) == (state.dirty, state.untracked)

    def test_untracked_is_counted_against_the_users_settings(self, tmp_path: Path) -> None:
        """A user who hides untracked files in git status still gets the true count."""
        repo = new_repo(tmp_path / "r")
        git(repo, "config", "status.showUntrackedFiles", "no")
        (repo / "new").write_text("x")

        assert 1 == state_of(repo).untracked

    def test_ignored_files_do_not_count(self, tmp_path: Path) -> None:
        """What git ignores is neither dirty nor untracked."""
        repo = new_repo(tmp_path / "r")
        (repo / ".git/info").mkdir(exist_ok=True)
        (repo / ".git/info/exclude").write_text("*.log\n")
        (repo / "x.log").write_text("x")

        assert gitlink.is_clean(repo)

    @pytest.mark.parametrize("where", [".", "deep/er"])
    def test_runs_folder_never_counts(self, tmp_path: Path, where: str) -> None:
        """Files under .runs, tracked, staged or new, at any depth, leave the state clean."""
        repo = new_repo(tmp_path / "r")
        runs = repo / where / ".runs"
        runs.mkdir(parents=True)
        (runs / "staged").write_text("x")
        git(repo, "add", "-f", "--", runs / "staged")
        (runs / "new").write_text("x")

        assert gitlink.is_clean(repo)

    @posix_only
    def test_branch_name_that_is_not_utf8(self, tmp_path: Path) -> None:
        """A branch named in Latin-1 is kept with U+FFFD and finds its remote."""
        repo = new_repo(tmp_path / "r")
        git(repo, "checkout", "-qb", b"caf\xe9")
        git(repo, "remote", "add", "up", "https://example.org/up")
        git(repo, "remote", "add", "origin", "https://example.org/origin")
        git(repo, "config", b"branch.caf\xe9.remote", "up")
        state = state_of(repo)

        assert ("caf\ufffd", "https://example.org/up") == (state.branch, state.remote)
        assert json.dumps(state.to_json(), ensure_ascii=False).encode("utf-8")

    def test_upstream_ahead_and_behind(self, tmp_path: Path) -> None:
        """Commits on either side of the upstream are counted."""
        origin = new_repo(tmp_path / "origin")
        git(tmp_path, "clone", "-q", origin, "r")
        for folder, names in ((origin, "b"), (tmp_path / "r", "cd")):
            for name in names:
                git(folder, "commit", "-q", "--allow-empty", "-m", name)
        git(tmp_path / "r", "fetch", "-q")
        state = state_of(tmp_path / "r")

        assert ("origin/main", 2, 1) == (state.upstream, state.ahead, state.behind)

    def test_upstream_that_is_gone(self, tmp_path: Path) -> None:
        """An upstream that was deleted keeps its name and has no counts."""
        origin = new_repo(tmp_path / "origin")
        git(tmp_path, "clone", "-q", origin, "r")
        repo = tmp_path / "r"
        git(repo, "update-ref", "-d", "refs/remotes/origin/main")
        gone = state_of(repo)

        assert ("origin/main", None, None) == (gone.upstream, gone.ahead, gone.behind)

    def test_sha256_repository(self, tmp_path: Path) -> None:
        """Commit ids of 64 digits pass through reading, resolving, history and commits."""
        repo = new_repo(tmp_path / "r", object_format="sha256")
        (repo / "b").write_text("b")
        gitlink.add(repo, ["b"])
        second = gitlink.commit(repo, "second")

        assert 64 == len(second)
        assert second == state_of(repo).commit == gitlink.resolve(repo, "main")
        assert ["second", "first"] == [one.subject for one in gitlink.commits(repo)]

    def test_manifest_form_is_json_without_the_local_path(self, tmp_path: Path) -> None:
        """What a manifest keeps names no local folder."""
        repo = new_repo(tmp_path / "r")
        kept = json.dumps(state_of(repo).to_json())

        assert str(tmp_path) not in kept
        assert {"commit", "branch", "dirty", "remote"} <= json.loads(kept).keys()


class TestRemote:
    def remote(self, repo: Path) -> str | None:
        return state_of(repo).remote

    def test_credentials_are_stripped(self, tmp_path: Path) -> None:
        """User, password and query of a remote never leave git's settings."""
        repo = new_repo(tmp_path / "r")
        git(repo, "remote", "add", "origin", "https://me:s3cret@example.org/a.git?t=s3cret")

        assert "https://example.org/a.git" == self.remote(repo)

    def test_no_remote(self, tmp_path: Path) -> None:
        """A repository without remotes has none, and settings are read again later."""
        repo = new_repo(tmp_path / "r")
        before = self.remote(repo)
        git(repo, "remote", "add", "origin", "https://example.org/a.git")

        assert (None, "https://example.org/a.git") == (before, self.remote(repo))

    def test_upstreams_remote_wins_then_origin_then_the_only_one(self, tmp_path: Path) -> None:
        """The choice follows the branch first; several strangers give None."""
        repo = new_repo(tmp_path / "r")
        git(repo, "remote", "add", "team/x.y", "https://example.org/x")
        only = self.remote(repo)
        git(repo, "remote", "add", "Other", "https://example.org/o")
        strangers = self.remote(repo)
        git(repo, "remote", "add", "origin", "https://example.org/origin")
        origin = self.remote(repo)
        git(repo, "config", "branch.main.remote", "team/x.y")

        assert ("https://example.org/x", None) == (only, strangers)
        assert ("https://example.org/origin", "https://example.org/x") == (
            origin,
            self.remote(repo),
        )

    def test_first_of_several_urls(self, tmp_path: Path) -> None:
        """Of a remote's URLs the one git fetches from is kept."""
        repo = new_repo(tmp_path / "r")
        git(repo, "remote", "add", "origin", "https://example.org/1")
        git(repo, "remote", "set-url", "--add", "origin", "https://example.org/2")

        assert "https://example.org/1" == self.remote(repo)

    def test_remote_in_an_included_file(self, tmp_path: Path) -> None:
        """Remotes that the settings include from another file are seen."""
        repo = new_repo(tmp_path / "r")
        (repo / ".git/more").write_text('[remote "origin"]\nurl = https://example.org/inc\n')
        git(repo, "config", "include.path", "more")

        assert "https://example.org/inc" == self.remote(repo)


class TestKindsOfWorkTree:
    def test_linked_worktree(self, tmp_path: Path) -> None:
        """A linked work tree has its own state and knows its main one."""
        repo = new_repo(tmp_path / "main tree")
        git(repo, "remote", "add", "origin", "https://example.org/a.git")
        git(repo, "worktree", "add", "-q", "-b", "side", tmp_path / "linked")
        state = state_of(tmp_path / "linked")

        assert (True, False, "side") == (state.worktree, state.submodule, state.branch)
        assert "https://example.org/a.git" == state.remote
        assert repo == gitlink.main_root(tmp_path / "linked")
        assert gitlink.main_root(repo) is None

    def test_submodule(self, tmp_path: Path) -> None:
        """A submodule is read as itself, not as the repository around it."""
        inner = new_repo(tmp_path / "inner", files=("inner.txt",))
        outer = new_repo(tmp_path / "outer")
        git(outer, "submodule", "--quiet", "add", inner, "libs/in ner")
        state = state_of(outer / "libs/in ner")

        assert (True, False) == (state.submodule, state.worktree)
        assert git(inner, "rev-parse", "HEAD") == state.commit
        assert gitlink.main_root(outer / "libs/in ner") is None
        assert not state_of(outer).submodule

    def test_submodule_inside_a_linked_worktree(self, tmp_path: Path) -> None:
        """A submodule checked out in a linked work tree is still a submodule."""
        inner = new_repo(tmp_path / "inner")
        outer = new_repo(tmp_path / "outer")
        git(outer, "submodule", "--quiet", "add", inner, "lib")
        git(outer, "commit", "-qm", "lib")
        git(outer, "worktree", "add", "-q", tmp_path / "linked")
        git(tmp_path / "linked", "submodule", "--quiet", "update", "--init")

        assert state_of(tmp_path / "linked/lib").submodule

    def test_separate_git_dir_is_no_submodule(self, tmp_path: Path) -> None:
        """A git folder kept elsewhere makes neither a submodule nor a linked tree."""
        repo = new_repo(tmp_path / "r", separate_git_dir=str(tmp_path / "elsewhere"))
        state = state_of(repo)

        assert (False, False) == (state.submodule, state.worktree)
        assert gitlink.main_root(repo) is None


class TestUnreadable:
    def reason(self, path: Path) -> GitUnreadable:
        state = read_state(path)
        assert isinstance(state, GitUnreadable), state
        return state

    def test_git_missing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without git on PATH reading gives a reason and writing a GitError."""
        repo = new_repo(tmp_path / "r")
        monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))

        assert "git is not installed" == self.reason(repo).reason
        assert gitlink.version() is None
        for call in (gitlink.commits, gitlink.is_clean, gitlink.staged):
            with pytest.raises(GitError, match="not installed"):
                call(repo)

    def test_git_vanishes_between_two_reads(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What was found out while git was there does not hide that it is gone."""
        repo = new_repo(tmp_path / "r")
        state_of(repo)
        gitlink.commits(repo)
        monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))

        assert "git is not installed" == self.reason(repo).reason
        with pytest.raises(GitError, match="not installed"):
            gitlink.commits(repo, "HEAD")

    @posix_only
    def test_slow_git_is_given_up(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A git that hangs costs the time limit, not the training."""
        repo = new_repo(tmp_path / "r")
        fake_git(tmp_path / "bin", "exec sleep 30", monkeypatch)
        monkeypatch.setattr(git_call, "_READ_SECONDS", 0.2)
        start = time.monotonic()

        assert "git gave no answer in 0.2 seconds" == self.reason(repo).reason
        assert time.monotonic() - start < 5

    def test_an_answer_that_nobody_wants_is_not_waited_for(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A git that was begun is ended where the start that asked it fails.

        Seen to fail when it was left to itself.
        """
        repo = new_repo(tmp_path / "r")
        assert isinstance(read_state(repo), GitState)  # from here on it is vouched for
        pid = tmp_path / "pid"
        fake_git(tmp_path / "bin", f"echo $$ > {pid}; exec sleep 30", monkeypatch)

        def fail() -> None:
            with gitlink.asking_for_state(repo):
                while not pid.exists() or not pid.read_text().strip():
                    time.sleep(0.01)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            fail()
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)

    def test_broken_git_file(self, tmp_path: Path) -> None:
        """A .git file that names nothing gives a reason without the local path."""
        (tmp_path / "r").mkdir()
        (tmp_path / "r/.git").write_text(f"gitdir: {tmp_path}/nowhere\n")
        (tmp_path / "s").mkdir()
        (tmp_path / "s/.git").write_text("garbage")

        assert "git cannot read the repository" in self.reason(tmp_path / "r").reason
        assert str(tmp_path / "s") not in self.reason(tmp_path / "s").reason

    def test_damaged_repository(self, tmp_path: Path) -> None:
        """A damaged index gives git's words."""
        repo = new_repo(tmp_path / "r")
        (repo / ".git/index").write_bytes(b"damaged" * 20)

        assert "git cannot read the repository: " in self.reason(repo).reason

    def test_another_owner(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A repository of another user gives a reason, and the way to trust it."""
        repo = new_repo(tmp_path / "r")
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        state = self.reason(repo)

        assert "git refuses the repository: it belongs to another user" == state.reason
        assert f"safe.directory {repo}'" in state.hint
        assert {"unreadable": state.reason} == state.to_json()

    def test_another_git_dir_in_the_environment(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where GIT_DIR leads elsewhere nothing is read from, or committed to, that place."""
        here, there = new_repo(tmp_path / "here"), new_repo(tmp_path / "there")
        (here / "new").write_text("x")
        before = git(there, "rev-parse", "HEAD")
        monkeypatch.setenv("GIT_DIR", str(there / ".git"))

        assert "git looks at another repository" == self.reason(here).reason
        with pytest.raises(GitError, match="another repository"):
            gitlink.add(here, ["new"])
        monkeypatch.delenv("GIT_DIR")
        assert before == git(there, "rev-parse", "HEAD")


class TestReadsChangeNothing:
    def snapshot(self, repo: Path) -> dict[str, tuple[bytes, int]]:
        files = sorted(path for path in (repo / ".git").rglob("*") if path.is_file())
        return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}

    def test_every_file_of_git_stays_as_it_was(self, tmp_path: Path) -> None:
        """All reads leave index, HEAD, refs, stash and the rest byte for byte, time for time."""
        repo = new_repo(tmp_path / "r", files=("a", "b", "c"))
        git(repo, "remote", "add", "origin", "https://example.org/a.git")
        (repo / "a").write_text("stashed")
        git(repo, "stash")
        (repo / "b").write_text("staged")
        git(repo, "add", "b")
        # Same content, new time: an ordinary 'git status' would rewrite the index.
        os.utime(repo / "c", (1, 1))
        before = self.snapshot(repo)
        read_state(repo)
        gitlink.is_clean(repo)
        gitlink.staged(repo)
        gitlink.resolve(repo, "HEAD")
        gitlink.commits(repo)

        assert before == self.snapshot(repo)


class TestIsClean:
    def test_new_file_is_not_clean(self, tmp_path: Path) -> None:
        """An untracked file makes a tree unclean, as git status has it."""
        repo = new_repo(tmp_path / "r")
        (repo / "new").write_text("x")

        assert not gitlink.is_clean(repo)

    def test_outside_git_is_an_error(self, tmp_path: Path) -> None:
        """Outside git there is no answer, but an error with a hint."""
        with pytest.raises(GitError, match="not in a git repository") as caught:
            gitlink.is_clean(tmp_path)

        assert "git init" in caught.value.hint


class TestResolve:
    def test_branch_tag_prefix_and_message(self, tmp_path: Path) -> None:
        """Branches, annotated tags, abbreviated ids and messages name their commit."""
        repo = new_repo(tmp_path / "r")
        git(repo, "tag", "-a", "v1", "-m", "tag")
        first = git(repo, "rev-parse", "HEAD")

        names = ("main", "v1", first[:8], ":/first", "HEAD", "@")
        assert {first} == {gitlink.resolve(repo, name) for name in names}

    def test_typo_gets_near_names(self, tmp_path: Path) -> None:
        """A misspelt branch or tag is answered with the near ones."""
        repo = new_repo(tmp_path / "r")
        git(repo, "branch", "experiment")
        git(repo, "tag", "baseline")

        with pytest.raises(GitError, match="no commit 'experimnt~2'") as caught:
            gitlink.resolve(repo, "experimnt~2")
        assert "'experiment'" in caught.value.hint
        with pytest.raises(GitError) as caught:
            gitlink.resolve(repo, "basline")
        assert "'baseline'" in caught.value.hint

    @pytest.mark.parametrize(
        "rev", ["--all", "-h", "", "main..main", "HEAD:a.txt", "a\0b", "^HEAD"]
    )
    def test_options_and_non_commits_are_refused(self, tmp_path: Path, rev: str) -> None:
        """What is an option, a range, a file or nothing is no commit."""
        repo = new_repo(tmp_path / "r")

        with pytest.raises(GitError, match="git knows no commit"):
            gitlink.resolve(repo, rev)

    def test_no_commit_yet(self, tmp_path: Path) -> None:
        """HEAD of an empty repository is no commit."""
        with pytest.raises(GitError, match="no commit 'HEAD'"):
            gitlink.resolve(new_repo(tmp_path / "r", files=()), "HEAD")


class TestCommits:
    def test_newest_first_with_limit_and_range(self, tmp_path: Path) -> None:
        """History comes newest first, cut by range and limit."""
        repo = new_repo(tmp_path / "r")
        for name in ("second", "third"):
            git(repo, "commit", "-q", "--allow-empty", "-m", name)

        def subjects(rev_range: str | None = None, limit: int | None = None) -> list[str]:
            return [one.subject for one in gitlink.commits(repo, rev_range, limit)]

        assert ["third", "second", "first"] == subjects()
        assert ["third", "second"] == subjects(limit=2)
        assert ["third"] == subjects("HEAD~1..HEAD")
        assert [] == subjects("HEAD..HEAD")

    @posix_only
    def test_fields_are_exact_and_text(self, tmp_path: Path) -> None:
        """Author, time and subject are git's, with U+FFFD for what is not UTF-8."""
        repo = new_repo(tmp_path / "r")
        person = b"J\xf6rg \xe2\x82\xac <j@example.org>"
        raw = (
            b"tree " + git(repo, "rev-parse", "HEAD^{tree}").encode()
            + b"\nauthor " + person + b" 1600000000 +0200"
            + b"\ncommitter " + person + b" 1700000000 +0000"
            + b"\n\nodd \xff | subject\n\nbody\n"
        )  # fmt: skip
        (tmp_path / "raw").write_bytes(raw)
        made = git(repo, "hash-object", "-t", "commit", "-w", tmp_path / "raw")
        git(repo, "reset", "-q", "--soft", made)
        newest = gitlink.commits(repo, limit=1)[0]

        assert (
            CommitInfo(made, 1_700_000_000, "J\ufffdrg \u20ac", "odd \ufffd | subject") == newest
        )

    def test_empty_repository_has_none(self, tmp_path: Path) -> None:
        """Before the first commit the history is empty, not an error."""
        assert [] == gitlink.commits(new_repo(tmp_path / "r", files=()))

    def test_unknown_range_and_option(self, tmp_path: Path) -> None:
        """A range git does not know is an error; an option is never one of git's."""
        repo = new_repo(tmp_path / "r")

        with pytest.raises(GitError, match="git log failed"):
            gitlink.commits(repo, "nothing..HEAD")
        with pytest.raises(GitError, match="no commit '--output=x'"):
            gitlink.commits(repo, "--output=x")


class TestAdd:
    def test_ignored_and_odd_names_literally(self, tmp_path: Path) -> None:
        """Names are taken literally, also of files that git ignores."""
        repo = new_repo(tmp_path / "r")
        (repo / ".gitignore").write_text("*\n")
        names = ["a b", "[ab]", ":(top)x", "-v"] + ([] if os.name == "nt" else ["two\nlines"])
        for name in (*names, "a", "b"):
            (repo / name).write_text("x")
        gitlink.add(repo, names)

        assert sorted(names) == sorted(
            git(repo, "diff", "--cached", "--name-only", "-z").strip("\0").split("\0")
        )

    def test_missing_file_stages_nothing(self, tmp_path: Path) -> None:
        """With one path that is not there, none is staged, and git's words say which."""
        repo = new_repo(tmp_path / "r")
        (repo / "there").write_text("x")

        with pytest.raises(GitError, match=r"git add failed: .*'not there'"):
            gitlink.add(repo, ["there", "not there"])
        assert not gitlink.staged(repo)

    def test_no_paths(self, tmp_path: Path) -> None:
        """No paths stage nothing, not everything."""
        repo = new_repo(tmp_path / "r")
        (repo / "new").write_text("x")
        gitlink.add(repo, [])

        assert not gitlink.staged(repo)


class TestStaged:
    def test_beside_given_paths(self, tmp_path: Path) -> None:
        """Files and folders that are named do not count, their namesakes do."""
        repo = new_repo(tmp_path / "r")
        (repo / "runs").mkdir()
        (repo / "runs/1").write_text("x")
        gitlink.add(repo, ["runs/1"])

        assert gitlink.staged(repo)
        assert gitlink.staged(repo, ["run"])
        assert not gitlink.staged(repo, ["runs/"])
        assert not gitlink.staged(repo, ["runs/1"])

    def test_before_the_first_commit(self, tmp_path: Path) -> None:
        """In an empty repository a staged file counts."""
        repo = new_repo(tmp_path / "r", files=())
        (repo / "new").write_text("x")
        before = gitlink.staged(repo)
        gitlink.add(repo, ["new"])

        assert (False, True) == (before, gitlink.staged(repo))


class TestCommit:
    def test_what_is_staged(self, tmp_path: Path) -> None:
        """Without paths the staged changes are committed, and the message is exact."""
        repo = new_repo(tmp_path / "r")
        (repo / "new").write_text("x")
        gitlink.add(repo, ["new"])
        message = "subject: caf\u00e9\n\n# a line that looks like a comment\nbody"
        made = gitlink.commit(repo, message)

        assert made == git(repo, "rev-parse", "HEAD")
        assert message == git(repo, "show", "-s", "--format=%B")

    def test_only_paths_keeps_the_users_staged_edits(self, tmp_path: Path) -> None:
        """Committing paths leaves what the user staged, staged, and out of the commit."""
        repo = new_repo(tmp_path / "r", files=("a.txt", "b.txt"))
        (repo / "a.txt").write_text("staged\n")
        git(repo, "add", "a.txt")
        (repo / "a.txt").write_text("staged\nand more\n")
        staged = git(repo, "show", ":a.txt")
        odd = ["runs/[1] x"] + ([] if os.name == "nt" else ["runs/two\nlines"])
        (repo / "runs").mkdir()
        for name in odd:
            (repo / name).write_text("x")
        gitlink.add(repo, odd)
        gitlink.commit(repo, "runs", odd)
        committed = git(repo, "show", "--format=", "--name-only", "-z", "HEAD").strip("\0")

        assert sorted(odd) == sorted(committed.split("\0"))
        assert staged == git(repo, "show", ":a.txt")
        assert "M\ta.txt" == git(repo, "diff", "--cached", "--name-status")
        assert "staged\nand more\n" == (repo / "a.txt").read_text()

    def test_first_commit_of_an_empty_repository(self, tmp_path: Path) -> None:
        """Paths alone can be the first commit, and the user's staged file waits."""
        repo = new_repo(tmp_path / "r", files=())
        for name in ("mine", "run"):
            (repo / name).write_text("x")
            gitlink.add(repo, [name])
        gitlink.commit(repo, "run", ["run"])

        assert "run" == git(repo, "ls-tree", "--name-only", "HEAD")
        assert gitlink.staged(repo)

    @posix_only
    def test_refusing_hook(self, tmp_path: Path) -> None:
        """A hook that refuses is quoted, and nothing is committed."""
        repo = new_repo(tmp_path / "r")
        before = git(repo, "rev-parse", "HEAD")
        hook = repo / ".git/hooks/pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\necho 'no commits on friday'\necho 'ask Bo' >&2\nexit 3\n")
        hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
        (repo / "a.txt").write_text("new")
        gitlink.add(repo, ["a.txt"])

        with pytest.raises(GitError, match="git commit failed: no commits on friday") as caught:
            gitlink.commit(repo, "x")
        assert "ask Bo" in caught.value.hint
        assert before == git(repo, "rev-parse", "HEAD")

    @posix_only
    def test_hook_runs_in_the_users_locale(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A hook sees the environment that a commit by hand gives it."""
        repo = new_repo(tmp_path / "r")
        hook = repo / ".git/hooks/pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\nprintf %s \"$LC_ALL\" > '{tmp_path}/seen'\n")
        hook.chmod(0o755)
        monkeypatch.setenv("LC_ALL", "C.UTF-8")
        (repo / "a.txt").write_text("new")
        gitlink.commit(repo, "x", ["a.txt"])

        assert "C.UTF-8" == (tmp_path / "seen").read_text()

    def test_no_identity(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a name the hint says how to give one."""
        repo = new_repo(tmp_path / "r")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        git(repo, "config", "user.useConfigOnly", "true")
        (repo / "a.txt").write_text("new")

        with pytest.raises(GitError, match="git commit failed") as caught:
            gitlink.commit(repo, "x", ["a.txt"])
        assert "git config user.email EMAIL" in caught.value.hint

    def test_nothing_staged_and_no_paths(self, tmp_path: Path) -> None:
        """Nothing to commit is an error, and an empty list never means everything."""
        repo = new_repo(tmp_path / "r")

        with pytest.raises(GitError, match="git commit failed"):
            gitlink.commit(repo, "x")
        (repo / "a.txt").write_text("new")
        gitlink.add(repo, ["a.txt"])
        with pytest.raises(GitError, match="no paths given"):
            gitlink.commit(repo, "x", [])

    def test_paths_during_a_merge(self, tmp_path: Path) -> None:
        """While a merge goes on, git's refusal of a part of it is passed on."""
        repo = new_repo(tmp_path / "r")
        git(repo, "checkout", "-qb", "other")
        git(repo, "commit", "-q", "--allow-empty", "-m", "other")
        git(repo, "checkout", "-q", "main")
        git(repo, "merge", "-q", "--no-ff", "--no-commit", "other")
        (repo / "run").write_text("x")
        gitlink.add(repo, ["run"])

        with pytest.raises(GitError, match="cannot do a partial commit during a merge"):
            gitlink.commit(repo, "x", ["run"])


class TestImport:
    def test_the_hot_question_loads_no_gitpython(self, tmp_path: Path) -> None:
        """Reading the state never pays for GitPython."""
        repo = new_repo(tmp_path / "r")
        code = (
            "import sys; from pathlib import Path; from vcs_track.plumbing import gitlink;"
            f"gitlink.read_state(Path({str(repo)!r})); gitlink.resolve(Path({str(repo)!r}), '@');"
            "sys.exit('git' in sys.modules)"
        )

        assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode

    def test_init_makes_a_repository(self, tmp_path: Path) -> None:
        """A folder becomes a repository, and a second time changes nothing."""
        gitlink.init(tmp_path / "-new")
        gitlink.init(tmp_path / "-new")

        assert tmp_path / "-new" == gitlink.find_root(tmp_path / "-new")

    @posix_only
    def test_init_that_fails(self, tmp_path: Path) -> None:
        """A file in the way is git's own refusal."""
        (tmp_path / "file").write_text("x")

        with pytest.raises(GitError, match="git init failed"):
            gitlink.init(tmp_path / "file")

"""``vcs-track commit``: runs go into git, and merge."""

from __future__ import annotations

import json
import random
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from cli.program import make_project, make_run, vcs

import vcs_track
from vcs_track.errors import ObjectNotFoundError

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository

__all__: list[str] = []

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    folder = tmp_path / "project"
    found = make_project(folder)
    monkeypatch.chdir(folder)
    return found


def git(*args: str) -> str:
    done = subprocess.run(["git", *args], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestCommit:
    def test_commits_every_run_that_git_lacks(self, repo: Repository) -> None:
        """Without arguments each sealed run goes into one commit that names them."""
        ids = {make_run(repo, "one"), make_run(repo, "two")}
        done = vcs("commit")

        assert f"commit {git('rev-parse', 'HEAD').strip()}" == done.stdout.splitlines()[0]
        assert ids == {line.split()[0] for line in done.stdout.splitlines()[1:]}
        assert all(run in git("log", "-1", "--format=%B") for run in ids)
        assert "" == git("status", "--porcelain")

    def test_commits_only_the_runs_named(self, repo: Repository) -> None:
        """With RUN the others stay out."""
        one, two = make_run(repo, "one"), make_run(repo, "two")
        vcs("commit", "-m", "The first", "one")
        files = git("show", "--stat=400", "--format=%s", "HEAD")

        assert files.startswith("The first\n")
        assert one in files
        assert two not in files

    def test_takes_what_is_staged(self, repo: Repository) -> None:
        """Code that is staged goes into the same commit as the runs."""
        make_run(repo, "one")
        (repo.root / "train.py").write_text("pass\n")
        git("add", "train.py")
        vcs("commit", "-m", "Both")

        assert "train.py" in git("show", "--stat", "HEAD")

    def test_alone_leaves_what_is_staged(self, repo: Repository) -> None:
        """With ``--alone`` it stays staged."""
        make_run(repo, "one")
        (repo.root / "train.py").write_text("pass\n")
        git("add", "train.py")
        vcs("commit", "--alone")

        assert "train.py" not in git("show", "--stat", "HEAD")
        assert "A  train.py\n" == git("status", "--porcelain")

    def test_clone_has_the_runs(self, repo: Repository, tmp_path: Path) -> None:
        """Git carries committed runs: a clone lists them."""
        run = make_run(repo, "one", lr=0.1)
        vcs("commit")
        git("clone", "--quiet", str(repo.root), str(tmp_path / "clone"))
        found = vcs_track.open(tmp_path / "clone").run(run)

        assert {"lr": 0.1} == found.hparams
        assert 3 == len(found.series("loss"))

    def test_branches_merge(self, repo: Repository) -> None:
        """Two branches that each commit runs merge without a conflict, and both are listed."""
        branch = git("branch", "--show-current").strip()
        git("checkout", "--quiet", "-b", "side")
        make_run(repo, "one")
        vcs("commit")
        git("checkout", "--quiet", branch)
        make_run(repo, "two")
        vcs("commit", "two")
        git("merge", "--quiet", "side")
        vcs("fsck")

        assert {"one", "two"} == {run.name for run in vcs_track.open(repo.root).runs()}

    def test_json(self, repo: Repository) -> None:
        """``--json`` prints the commit and the runs."""
        run = make_run(repo, "one")
        found = json.loads(vcs("commit", "--json").stdout)

        assert {"commit": git("rev-parse", "HEAD").strip(), "runs": [run]} == found


def trailers(rev: str = "HEAD") -> list[str]:
    return git("log", "-1", "--format=%(trailers:key=Run-Id,valueonly)", rev).split()


class TestTrailers:
    def test_each_run_has_one(self, repo: Repository) -> None:
        """Git lists every run of a commit as a trailer, however many they are.

        Seen to fail when the trailers were parted from what git takes for them.
        """
        with repo.start_run("model", id="r000") as run:
            run.add_scalar("loss", 1.0)
        for n in range(1, 60):
            repo.start_run(id=f"r{n:03}").finish()
        vcs("commit")

        assert [f"r{n:03}" for n in range(60)] == trailers()

    @pytest.mark.parametrize(
        "message",
        [
            "Words", "Words\n\nBody\n", "Words\n\nSigned-off-by: A <a@example.org>",
            "Words\n\nkey: value\n\nlast: word", "Words\n\n---\nbelow a line\n",
            "Words\n\n#12 is done", "Words\n\nRun-Id: other", "  \n ",
        ],
    )  # fmt: skip
    def test_whatever_the_message_is(self, message: str, repo: Repository) -> None:
        """Trailers are trailers below any message, and what was written stays."""
        run = make_run(repo, "one")
        vcs("commit", "-m", message)
        text = git("log", "-1", "--format=%B")

        assert run in trailers()
        assert 1 == text.count(f"Run-Id: {run}")
        assert all(line.strip() in text for line in message.splitlines())

    def test_own_separators(self, repo: Repository) -> None:
        """Settings of the user for trailers do not hide ours."""
        git("config", "trailer.where", "start")
        git("config", "trailer.ifexists", "doNothing")
        git("config", "trailer.ifmissing", "doNothing")
        ids = sorted([make_run(repo, "one"), make_run(repo, "two")])
        vcs("commit", "-m", "Words")

        assert ids == trailers()


class TestWhere:
    def test_chooses_runs(self, repo: Repository) -> None:
        """``--where`` takes the runs that match and that git lacks."""
        small, large = make_run(repo, "small", lr=0.1), make_run(repo, "large", lr=1.0)
        vcs("commit", "--where", "hparams.lr < 0.5")

        assert [small] == trailers()
        again = vcs("commit", "--where", "hparams.lr < 0.5", code=1)
        assert "nothing to commit: git has all of them already" in again.stderr
        vcs("commit", "--where", "hparams.lr > 0")
        assert [large] == trailers()

    def test_no_match(self, repo: Repository) -> None:
        """A filter that no run passes commits nothing."""
        make_run(repo, "one")

        assert "no sealed run matches" in vcs("commit", "-w", "name = 'x'", code=1).stderr

    def test_live_runs_are_left_out(self, repo: Repository) -> None:
        """A run that goes on is not chosen, and no error."""
        done = make_run(repo, "done")
        with repo.start_run("going"):
            vcs("commit", "--where", "name != 'x'")

        assert [done] == trailers()

    def test_run_and_where(self, repo: Repository) -> None:
        """Names and a filter exclude each other."""
        make_run(repo, "one")

        assert 2 == vcs("commit", "one", "--where", "lr < 1", code=2).returncode


def with_image(repo: Repository, name: str, size: int = 5000) -> str:
    """Make a run with *size* bytes of a file that do not shrink."""
    with repo.start_run(name, id=name) as run:
        run.add_scalar("loss", 0.5)
        path = repo.root / f"{name}.bin"
        path.write_bytes(random.Random(name).randbytes(size))
        run.add_file(path)
        path.unlink()
    return name


def everything(repo: Repository) -> tuple[str, str, list[str]]:
    shelf = sorted(str(p) for p in repo.path.rglob("*") if "local" not in p.parts)
    return git("rev-parse", "HEAD"), git("status", "--porcelain"), shelf


class TestMedia:
    def test_text_travels_and_bytes_stay(self, repo: Repository, tmp_path: Path) -> None:
        """With ``--no-media`` a clone has the run without its files, and says what it lacks.

        Seen to fail when every pack of the run was taken.
        """
        with_image(repo, "one")
        vcs("commit", "--no-media")
        clone = tmp_path / "clone"
        git("clone", "--quiet", str(repo.root), str(clone))
        view = vcs_track.open(clone).run("one")
        with pytest.raises(ObjectNotFoundError) as caught:
            _ = view.media()[0].data

        assert not list(clone.glob(".runs/packs/b-*"))
        assert [0.5] == [point.value for point in view.series("loss")]
        assert "bundle" in caught.value.hint
        assert "one.bin" in vcs("-C", clone, "show", "one").stdout
        assert "1 images or files are not in" in vcs("-C", clone, "fsck").stderr
        vcs("-C", clone, "export", "one", "-o", "one.zip")
        vcs("-C", make_project(tmp_path / "third").root, "import", clone / "one.zip")
        assert "one" == vcs_track.open(tmp_path / "third").run("one").name

    def test_a_later_commit_brings_the_bytes(self, repo: Repository, tmp_path: Path) -> None:
        """A run that is named again is committed with its files, and a clone gets them."""
        with_image(repo, "one")
        vcs("commit", "--no-media")
        clone = tmp_path / "clone"
        git("clone", "--quiet", str(repo.root), str(clone))
        assert 0 == len(vcs_track.open(clone).fsck().problems)
        vcs("commit", code=1)  # git has the run
        vcs("commit", "one")
        git("-C", str(clone), "pull", "--quiet")

        assert 5000 == len(vcs_track.open(clone).run("one").media()[0].data)
        assert [] == vcs_track.open(clone).fsck().absent

    def test_where_brings_the_bytes(self, repo: Repository) -> None:
        """A filter finds a run whose files git lacks, and not twice."""
        with_image(repo, "one")
        vcs("commit", "--no-media")
        vcs("commit", "--no-media", "--where", "name = 'one'", code=1)
        vcs("commit", "--where", "name = 'one'")
        vcs("commit", "--where", "name = 'one'", code=1)

        assert list(repo.path.glob("packs/b-*"))

    def test_what_is_shared_goes_along(self, repo: Repository, tmp_path: Path) -> None:
        """Code and texts travel without media, also those of a run with images."""
        (repo.root / "train.py").write_text("untracked code")
        with repo.start_run("one", id="one") as run:
            run.add_text("a text", tag="diary")
            run.add_image(PNG, step=0)
        vcs("commit", "--no-media")
        clone = tmp_path / "clone"
        git("clone", "--quiet", str(repo.root), str(clone))
        view = vcs_track.open(clone).run("one")

        assert b"a text" == view.media("text")[0].data
        assert "untracked code" == vcs("-C", clone, "code", "one", "train.py").stdout


class TestSize:
    def test_oversized_is_refused_before_anything_is_changed(self, repo: Repository) -> None:
        """A pack above the limit is refused; the message names run, pack and size.

        Seen to fail when packs were put on the shelf one by one as they were looked at.
        """
        make_run(repo, "aaa")
        with_image(repo, "large", 200_000)
        before = everything(repo)
        done = vcs("commit", "--max-size", "100 KB", code=2)

        assert re.search(
            r"error: run 'large' is too large for git: its pack 'b-\w{40}.zip' has 195.\d KB,"
            r" and 100.0 KB are allowed\n",
            done.stderr,
        )
        assert "'--no-media'" in done.stderr
        assert "vcs-track export" in done.stderr
        assert before == everything(repo)

    def test_without_media_it_fits(self, repo: Repository) -> None:
        """What the hint says works."""
        with_image(repo, "large", 200_000)
        vcs("commit", "--max-size", "100 KB", "--no-media")

        assert ["large"] == trailers()

    def test_limit_of_the_project(self, repo: Repository) -> None:
        """The limit can stand in the configuration; an option wins."""
        (repo.root / "pyproject.toml").write_text("[tool.vcs-track]\ncommit_largest = '1 KB'\n")
        with_image(repo, "one")

        assert "1.0 KB are allowed" in vcs("commit", code=2).stderr
        vcs("commit", "--max-size", "1 MB")
        assert ["one"] == trailers()

    def test_what_git_has_is_not_refused_again(self, repo: Repository) -> None:
        """A large pack that is committed already does not stop an edit of its run."""
        with_image(repo, "large", 200_000)
        vcs("commit")
        repo.edit("large", notes="kept")
        vcs("commit", "--max-size", "100 KB")

        assert ["large"] == trailers()

    def test_no_size(self, repo: Repository) -> None:
        """What is no size is wrong usage."""
        make_run(repo, "one")

        assert "'tiny' is not a size, as 500 KB or 5 MB" in vcs(
            "commit", "--max-size", "tiny", code=2
        ).stderr  # fmt: skip


class TestNothing:
    def test_no_runs(self, repo: Repository) -> None:
        """As with git, nothing to commit is said, and exits with 1."""
        done = vcs("commit", code=1)

        assert "nothing to commit: there is no sealed run yet\n" == done.stderr

    def test_all_committed(self, repo: Repository) -> None:
        """A second commit finds nothing to do, and git's history stays as it is."""
        make_run(repo, "one")
        vcs("commit")
        before = git("rev-parse", "HEAD")
        done = vcs("commit", "--json", code=1)

        assert {"commit": None, "runs": []} == json.loads(done.stdout)
        assert "git has all of them already" in done.stderr
        assert before == git("rev-parse", "HEAD")


class TestBadInput:
    def test_unknown_run(self, repo: Repository) -> None:
        """An unknown run is an error that names near ones."""
        make_run(repo, "baseline")
        done = vcs("commit", "basline", code=11)

        assert "error: no run matches 'basline'" in done.stderr
        assert "'baseline'" in done.stderr

    def test_live_run(self, repo: Repository) -> None:
        """A run that is going on is not committed."""
        run = repo.start_run("going")
        done = vcs("commit", "going", code=2)
        run.finish()

        assert f"error: run '{run.id}' is not sealed yet" in done.stderr

    def test_outside_git(self, tmp_path: Path) -> None:
        """Outside git the hint names what works there."""
        make_run(vcs_track.init(tmp_path), "one")
        done = vcs("-C", tmp_path, "commit", code=1)

        assert "not in a git repository" in done.stderr
        assert "vcs-track export" in done.stderr

    def test_no_repository(self, tmp_path: Path) -> None:
        """Without a repository the exit code is 10."""
        vcs("-C", tmp_path, "commit", code=10)

    def test_hook_that_refuses(self, repo: Repository) -> None:
        """When git refuses, its words are shown and the run is still there."""
        make_run(repo, "one")
        hook = repo.root / ".git" / "hooks" / "pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\necho not on a Friday >&2\nexit 1\n")
        hook.chmod(0o755)
        done = vcs("commit", code=1)

        assert "not on a Friday" in done.stderr
        assert "one" == vcs_track.open(repo.root).run("one").name

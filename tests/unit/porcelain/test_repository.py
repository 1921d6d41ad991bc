"""Tests of ``vcs_track.porcelain.repository``."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import vcs_track
from vcs_track.errors import (
    InvalidTypeError,
    InvalidValueError,
    RepositoryFormatError,
    RepositoryNotFoundError,
    RunNotFoundError,
    VcsTrackError,
)
from vcs_track.porcelain.names import new_id

if TYPE_CHECKING:
    from vcs_track import Repository


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return an empty repository."""
    return vcs_track.init(tmp_path).with_defaults(capture_git=False)


def everything(folder: Path) -> dict[str, bytes | None]:
    """Return every file and folder below *folder* with its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


class TestInitAndFind:
    def test_init_twice_is_one_repository(self, tmp_path: Path) -> None:
        """Making a repository where there is one opens it and changes nothing."""
        vcs_track.init(tmp_path).start_run("x").finish()
        before = everything(tmp_path)
        again = vcs_track.init(tmp_path)

        assert before == everything(tmp_path)
        assert ["x"] == [run.name for run in again.runs()]

    def test_what_it_is(self, tmp_path: Path) -> None:
        """A repository knows its folder and its format."""
        repo = vcs_track.init(tmp_path, "xxh128")

        assert (tmp_path / ".runs", tmp_path, "xxh128") == (
            repo.path,
            repo.root,
            repo.object_format,
        )
        assert f"<Repository {tmp_path / '.runs'}>" == repr(repo)

    def test_found_from_below(self, repo: Repository) -> None:
        """open() looks upward, as git does."""
        below = repo.root / "a" / "b"
        below.mkdir(parents=True)

        assert repo.path == vcs_track.open(below).path

    def test_not_found(self, tmp_path: Path) -> None:
        """Without a repository there is an error with the way to make one."""
        with pytest.raises(RepositoryNotFoundError, match=r"no '\.runs' folder") as caught:
            vcs_track.open(tmp_path)

        assert "vcs-track init" in caught.value.hint
        assert 10 == caught.value.exit_code

    def test_another_object_format_is_refused(self, repo: Repository) -> None:
        """A repository keeps its format."""
        before = everything(repo.root)
        with pytest.raises(InvalidValueError, match="object format 'sha256'"):
            vcs_track.init(repo.root, "xxh128")

        assert before == everything(repo.root)

    @pytest.mark.parametrize("name", ["md5", "", "SHA256", 5], ids=repr)
    def test_an_unknown_object_format_is_refused(self, tmp_path: Path, name: Any) -> None:
        """A format that does not exist makes no folder."""
        if name != "":
            with pytest.raises(VcsTrackError):
                vcs_track.init(tmp_path, name)

            assert [] == list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        "content",
        [
            b"vcs-track 2\nobject_format sha256\n", b"vcs-track 1\nobject_format blake3\n",
            b"vcs-track 1\nobject_format sha256\ncompression zstd\n", b"", b"nonsense",
            b"vcs-track 1\n", b"\xff\xfe", b"vcs-track 1\nobject_format sha256\nobject_format sha256\n",
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("call", [vcs_track.open, vcs_track.init])
    def test_an_unknown_version_is_refused_untouched(
        self, repo: Repository, content: bytes, call: Any
    ) -> None:
        """What a newer version wrote is not opened, and not one byte changes."""
        (repo.path / "FORMAT").unlink()
        (repo.path / "FORMAT").write_bytes(content)
        before = everything(repo.root)
        with pytest.raises(RepositoryFormatError) as caught:
            call(repo.root)

        assert before == everything(repo.root)
        assert str(repo.path) == caught.value.path

    def test_a_path_of_another_type(self) -> None:
        """A folder is given as text or a Path."""
        for call in (vcs_track.init, vcs_track.open):
            with pytest.raises(InvalidTypeError):
                call(5)  # type: ignore[arg-type]


class TestStartRun:
    def test_ids_are_random(self) -> None:
        """Twelve lower-case letters and digits, never the same."""
        ids = {new_id() for _ in range(100)}

        assert 100 == len(ids)
        assert all(re.fullmatch("[a-z0-9]{12}", one) for one in ids)

    def test_a_name_is_made_where_none_is_given(self, repo: Repository) -> None:
        """Every run has a name that people can say."""
        run = repo.start_run()
        run.finish()

        assert re.fullmatch("[a-z]+-[a-z]+", run.name)
        assert run.name == repo.run(run.id).name

    def test_labels_and_hparams(self, repo: Repository) -> None:
        """What start_run() is told is in the run."""
        with repo.start_run(
            "n", id="r", hparams={"a": {"b": 1}}, project="p", group="g", job_type="j",
            tags=["y", "x", "y"], notes="some\nnote",
        ):  # fmt: skip
            pass
        m = repo.run("r").manifest

        assert ("p", "g", "j", ("x", "y"), "some\nnote", {"a": {"b": 1}}) == (
            m.project, m.group, m.job_type, m.tags, m.notes, repo.run("r").hparams,
        )  # fmt: skip

    @pytest.mark.parametrize(
        "bad",
        [
            {"name": 5}, {"name": "a\nb"}, {"name": "x" * 300}, {"id": 5}, {"id": "a/b"},
            {"id": "../x"}, {"id": "-x"}, {"id": "a" * 65}, {"id": "a.b"}, {"project": 5},
            {"group": "\x1b[31m"}, {"job_type": ["x"]}, {"tags": 5}, {"tags": [5]},
            {"tags": [""]}, {"tags": ["a\0"]}, {"notes": 5}, {"hparams": 5}, {"hparams": [1]},
            {"hparams": {5: 1}}, {"hparams": {"": 1}}, {"mode": "offline"}, {"mode": 5},
            {"resume": "maybe"}, {"resume": 5}, {"id": "é"}, {"id": "a b"},
        ],
        ids=str,
    )  # fmt: skip
    def test_a_bad_argument_starts_no_run(self, repo: Repository, bad: dict[str, Any]) -> None:
        """Every argument is checked before anything is written."""
        before = everything(repo.root)
        with pytest.raises(VcsTrackError):
            repo.start_run(**bad)

        assert before == everything(repo.root)

    def test_defaults_fill_in(self, repo: Repository) -> None:
        """What a call leaves out comes from the configuration; what it says stands."""
        other = repo.with_defaults(name="d", project="dp", tags=("dt",), notes="dn", group="dg")
        other.start_run(id="a").finish()
        other.start_run("n", id="b", project="p", tags=["t"], notes="").finish()
        a, b = repo.run("a").manifest, repo.run("b").manifest

        assert ("d", "dp", ("dt",), "dn", "dg") == (a.name, a.project, a.tags, a.notes, a.group)
        assert ("n", "p", ("t",), "", "dg") == (b.name, b.project, b.tags, b.notes, b.group)

    def test_the_module_function_makes_a_repository(self) -> None:
        """A script in an empty folder just works."""
        with vcs_track.start_run("first", id="r") as run:
            run.add_scalar("a", 1.0)

        assert ["first"] == [one.name for one in vcs_track.open().runs()]


class TestResume:
    def test_an_ended_run_is_not_overwritten(self, repo: Repository) -> None:
        """The id of a run that has ended is refused without a policy."""
        repo.start_run(id="r").finish()
        with pytest.raises(InvalidValueError, match="has ended already") as caught:
            repo.start_run(id="r")

        assert "resume" in caught.value.hint

    @pytest.mark.parametrize("policy", ["allow", "auto", True])
    def test_allow_starts_or_goes_on(self, repo: Repository, policy: str | bool) -> None:
        """The same call starts a run and goes on with it."""
        for value in (1.0, 2.0):
            with repo.start_run(id="r", resume=policy) as run:
                run.add_scalar("a", value)

        assert [1.0, 2.0] == repo.run("r").series("a").value
        assert 2 == len(repo.run("r").history)

    def test_must_demands_that_it_exists(self, repo: Repository) -> None:
        """Going on with nothing is an error."""
        with pytest.raises(RunNotFoundError, match="no run 'r' to go on with"):
            repo.start_run(id="r", resume="must")
        repo.start_run(id="r").finish()
        repo.start_run(id="r", resume="must").finish()

        assert 1 == len(repo.runs())

    def test_never_demands_that_it_does_not(self, repo: Repository) -> None:
        """A live or ended run of the id is an error."""
        run = repo.start_run(id="r", resume="never")
        for _ in range(2):
            with pytest.raises(InvalidValueError, match="exists already"):
                repo.start_run(id="r", resume="never")
            run.finish()

    def test_what_was_there_stays(self, repo: Repository) -> None:
        """Going on keeps name, labels, hyperparameters, start, media and results."""
        with repo.start_run("name", id="r", hparams={"a": 1}, tags=["t"], notes="n") as run:
            run.add_text("hello")
            run.set_summary(best=1)
        before = repo.run("r")
        with repo.start_run(id="r", resume="must", hparams={"b": 2}) as run:
            assert "name" == run.name
            run.add_text("again")
            run.write_result(acc=1)
        after = repo.run("r")

        assert ("name", ["t"], "n", {"a": 1, "b": 2}, {"best": 1, "acc": 1}) == (
            after.name, after.tags, after.manifest.notes, after.hparams, after.summary,
        )  # fmt: skip
        assert (before.created, before.env, before.command) == (
            after.created, after.env, after.command,
        )  # fmt: skip
        assert ["hello", "again"] == [item.text for item in after.get_text()]

    def test_steps_and_repetition_go_on(self, repo: Repository) -> None:
        """Without a step a point follows the last one, in the last repetition."""
        with repo.start_run(id="r") as run:
            run.add_scalar("a", 1.0, 7)
            run.new_repetition()
            run.add_scalar("a", 2.0, 3)
        with repo.start_run(id="r", resume="must") as run:
            assert (1, 3) == (run.repetition, run.step)
            run.add_scalar("a", 3.0)
        series = repo.run("r").series("a")

        assert ([7, 3, 4], [0, 1, 1]) == (series.step, series.repetition)

    def test_a_status_is_that_of_the_last_part(self, repo: Repository) -> None:
        """A run that failed and was then finished is finished, and the end is the later one."""
        repo.start_run(id="r").finish("failed")
        before = repo.run("r").manifest.ended_us or 0
        repo.start_run(id="r", resume="must").finish()
        view = repo.run("r")

        assert ("finished", True) == (view.status, (view.manifest.ended_us or 0) > before)

    def test_an_old_error_goes_with_its_status(self, repo: Repository) -> None:
        """A run that failed and was then finished has no traceback."""
        with pytest.raises(ZeroDivisionError), repo.start_run(id="r"):
            1 / 0  # noqa: B018 -- the error is the point
        repo.start_run(id="r", resume="must").finish()

        assert "error" not in (repo.run("r").manifest.exit or {})

    @pytest.mark.parametrize("cut", [5000, 16_384, 17_000])
    def test_two_parts_have_the_bytes_of_one(self, repo: Repository, cut: int) -> None:
        """However a series was interrupted, its objects are those of the unbroken run."""
        total = 20_000

        def log(run: vcs_track.Run, start: int, end: int) -> None:
            for n in range(start, end):
                run.add_scalar("a", n / 3 if n % 5 else float("nan"), n * 2, n // 1000, n + 0.5)

        with repo.start_run(id="whole") as run:
            log(run, 0, total)
        with repo.start_run(id="parts") as run:
            log(run, 0, cut)
        with repo.start_run(id="parts", resume="must") as run:
            log(run, cut, total)

        assert repo.run("whole").manifest.scalars == repo.run("parts").manifest.scalars

    def test_a_live_view_of_the_second_part(self, repo: Repository) -> None:
        """While a run goes on, its older points are there too."""
        with repo.start_run(id="r") as run:
            run.add_scalar("a", 1.0)
        run = repo.start_run(id="r", resume="must")
        run.add_scalar("a", 2.0)
        view = repo.run("r")
        run.finish()

        assert ("running", [1.0, 2.0]) == (view.status, view.series("a").value)

    def test_an_edit_meanwhile_counts(self, repo: Repository) -> None:
        """A label that is changed while the run goes on is kept when it is sealed."""
        repo.start_run(id="r").finish()
        run = repo.start_run(id="r", resume="must")
        run.add_scalar("a", 1.0)
        vcs_track.open(repo.root).edit("r", notes="meanwhile")
        run.finish()
        view = repo.run("r")

        assert ("meanwhile", [1.0]) == (view.manifest.notes, view.series("a").value)


class TestJoining:
    def test_a_second_process_joins_by_id(self, repo: Repository) -> None:
        """Points, texts and hyperparameters of both are in one run."""
        run = repo.start_run("name", id="r", hparams={"a": 1})
        run.add_scalar("main", 1.0, 0)
        script = (
            "import vcs_track\n"
            "with vcs_track.open().start_run(id='r', hparams={'b': 2}) as run:\n"
            "    assert run.name == 'name', run.name\n"
            "    run.add_scalar('worker', 2.0, 0)\n"
            "    run.add_text('hello')\n"
        )
        child = subprocess.run(
            [sys.executable, "-c", script], cwd=repo.root, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert (0, "") == (child.returncode, child.stderr)
        assert "running" == repo.run("r").status
        run.add_scalar("main", 3.0, 1)
        run.finish()
        view = repo.run("r")

        assert (["main", "worker"], {"a": 1, "b": 2}, 1, "finished") == (
            view.series_tags, view.hparams, len(view.get_text()), view.status,
        )  # fmt: skip
        assert repo.fsck().ok

    def test_the_first_writer_decides_the_status(self, repo: Repository) -> None:
        """A worker that fails does not fail a run that finished."""
        run = repo.start_run(id="r")
        vcs_track.open(repo.root).start_run(id="r").finish("failed")
        run.finish()

        assert "finished" == repo.run("r").status


class TestSurface:
    def test_edit_returns_the_new_state(self, repo: Repository) -> None:
        """edit() takes what names a run and returns it as it is now."""
        repo.start_run("name", id="r").finish()

        assert "x" == repo.edit("name", notes="x").manifest.notes

    def test_with_defaults_leaves_the_first_alone(self, repo: Repository) -> None:
        """Other defaults make another repository of the same folder."""
        other = repo.with_defaults(project="p")

        assert ("p", None, repo.path) == (
            other.defaults.project,
            repo.defaults.project,
            other.path,
        )

    def test_export_takes_names_views_and_runs(self, repo: Repository) -> None:
        """One run or many, however they are named."""
        run = repo.start_run("name", id="r")
        run.finish()
        forms: list[Any] = ["name", run, repo.run("r"), ["r"], [run], repo.runs()]
        sizes = {
            repo.export(what, repo.root / f"{n}" / "x.zip").stat().st_size
            for n, what in enumerate(forms)
        }

        assert 1 == len(sizes)

    @pytest.mark.parametrize("path", [5, None, b"x.zip"], ids=repr)
    def test_a_path_of_another_type(self, repo: Repository, path: Any) -> None:
        """Paths are text or Path, for export and import."""
        repo.start_run("name", id="r").finish()
        with pytest.raises(InvalidTypeError):
            repo.export("r", path)
        with pytest.raises(InvalidTypeError):
            repo.import_(path)

    def test_many_live_and_sealed_runs_are_listed_once(self, repo: Repository) -> None:
        """A run that goes on again is one run."""
        repo.start_run(id="a").finish()
        again = repo.start_run(id="a", resume="must")
        fresh = repo.start_run(id="b")
        found = sorted((run.id, run.status) for run in repo.runs())
        again.finish()
        fresh.finish()

        assert [("a", "running"), ("b", "running")] == found

    def test_a_run_that_died_before_it_began_hides_nothing(self, repo: Repository) -> None:
        """A process that was killed while it made its journal leaves the others listed."""
        repo.start_run(id="a").finish()
        folder = repo.store.layout.live_run("stub")
        folder.mkdir(parents=True)
        (folder / "0123456789abcdef.j").touch()
        opened = vcs_track.open(repo.root)

        assert ["a"] == [run.id for run in opened.runs()]
        assert opened.fsck().ok

"""Tests of ``vcs_track.porcelain.run``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

import vcs_track
from vcs_track.errors import InvalidValueError, RunSealedError, VcsTrackError

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository, Run


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return an empty repository."""
    return vcs_track.init(tmp_path).with_defaults(capture_git=False)


@pytest.fixture
def run(repo: Repository) -> Run:
    """Return an open run, ``r``."""
    return repo.start_run("name", id="r", tags=["t"], notes="n")


class TestScalars:
    @pytest.mark.parametrize(
        "value",
        [0.1, -0.0, 5e-324, math.inf, -math.inf, 1, -1, 2**53 + 1, -(2**63), 2**64 - 1, True,
         False, 1e308],
        ids=repr,
    )  # fmt: skip
    def test_a_value_comes_back_exactly(self, repo: Repository, run: Run, value: Any) -> None:
        """Number and type are those that were logged, alone or in a row."""
        run.add_scalar("a", value, 0)
        run.add_scalars({"a": value, "b": 0.5}, step=1)
        run.finish()
        found = repo.run("r").series("a").value

        assert [(type(value), repr(value))] * 2 == [(type(one), repr(one)) for one in found]

    def test_numpy_values(self, repo: Repository, run: Run) -> None:
        """Numbers of numpy are numbers, 32-bit floats keep their short text."""
        np = pytest.importorskip("numpy")
        for step, value in enumerate(
            [np.float32(0.1), np.int64(3), np.bool_(True), np.array([2])]
        ):
            run.add_scalar("a", value, np.int32(step))
        run.finish()
        series = repo.run("r").series("a")

        assert ([0, 1, 2, 3], [3, True, 2]) == (series.step, series.value[1:])
        assert np.float32(0.1) == np.float32(series.value[0])

    def test_steps_count_up_for_each_tag(self, repo: Repository, run: Run) -> None:
        """Without a step a point follows the last one of its tag."""
        for _ in range(3):
            run.add_scalar("a", 1.0)
        run.add_scalar("b", 1.0)
        run.add_scalar("a", 1.0, 10)
        run.add_scalar("a", 1.0)
        run.add_scalars({"a": 1.0, "b": 1.0})
        run.finish()
        view = repo.run("r")

        assert ([0, 1, 2, 10, 11, 12], [0, 12]) == (view.series("a").step, view.series("b").step)

    def test_steps_may_come_in_any_order(self, repo: Repository, run: Run) -> None:
        """Negative, repeated and falling steps are kept as they are."""
        steps = [5, 3, 3, -7, 2**62, -(2**63), 2**63 - 1]
        for step in steps:
            run.add_scalar("a", 1.0, step)
        assert 2**63 - 1 == run.step
        run.finish()

        assert steps == repo.run("r").series("a").step

    def test_epoch_walltime_and_repetition(self, repo: Repository, run: Run) -> None:
        """They are columns beside the values; a new repetition begins at step 0."""
        run.add_scalar("a", 1.0, epoch=1, walltime=1.5)
        run.add_scalar("a", 2.0, epoch=2)
        run.add_scalar("a", 3.0)
        run.new_repetition()
        run.add_scalar("a", 4.0, epoch=0.5)
        run.finish()
        series = repo.run("r").series("a")

        assert ([0, 1, 2, 0], [1, 2, None, 0.5], [0, 0, 0, 1]) == (
            series.step, series.epoch, series.repetition,
        )  # fmt: skip
        assert 1.5 == series.walltime[0]
        assert [0, 1] == run.get_repetitions()

    def test_rows_of_mixed_types(self, repo: Repository, run: Run) -> None:
        """Integers, booleans and floats may be logged together, in any order."""
        for step in range(3):
            run.add_scalars({"f": step / 2, "i": step, "b": step > 1, "n": math.nan}, step, 7, 9.0)
        run.add_scalars({})
        run.finish()
        view = repo.run("r")

        assert ([0.0, 0.5, 1.0], [0, 1, 2], [False, False, True]) == tuple(
            view.series(tag).value for tag in "fib"
        )
        assert {(7, 9.0)} == {
            (p.epoch, p.walltime) for tag in view.series_tags for p in view.get_scalar(tag)
        }

    @pytest.mark.parametrize(
        "tag", ["a", "train/loss", "ünï/cødé", "a b", "a.b", "a:b=c", "@", "x" * 250, "-"]
    )
    def test_odd_tags(self, repo: Repository, run: Run, tag: str) -> None:
        """Any printable text names a series."""
        run.add_scalar(tag, 1.0, 0)
        run.add_scalars({tag: 2.0}, 1)
        run.finish()

        assert [1.0, 2.0] == repo.run("r").series(tag).value
        assert repo.fsck().ok

    def test_many_points_and_tags(self, repo: Repository, run: Run) -> None:
        """More points than a chunk holds, and many series, are all there."""
        for n in range(17_000):
            run.add_scalar("long", float(n), n)
        run.add_scalars({f"tag{n}": float(n) for n in range(500)}, 0)
        run.finish()
        view = repo.run("r")

        assert list(map(float, range(17_000))) == view.series("long").value
        assert 501 == len(view.series_tags)

    def test_reading_back_while_it_runs(self, run: Run) -> None:
        """Getters of an open run see what was just logged."""
        run.add_scalar("a", 1.0, 3)
        run.add_text("hello")
        run.add_hparams(lr=0.1)

        assert [(3, 1.0)] == [point[:2] for point in run.get_scalar("a")]
        assert ["hello"] == [item.text for item in run.get_text()]
        assert {"lr": 0.1} == run.get_hparams()
        run.finish()


class TestLabels:
    @pytest.mark.parametrize("ended", [False, True])
    def test_labels_can_change_at_any_time(
        self, repo: Repository, run: Run, *, ended: bool
    ) -> None:
        """Before and after the end the same calls work."""
        if ended:
            run.finish()
        run.set_name("new")
        run.set_note("note\nof two lines")
        run.set_tag("tag")
        run.set_color("#F80")
        run.finish()
        view = repo.run("r")

        assert ("new", "new", "note\nof two lines", ["tag"], "ff8800") == (
            run.name, view.name, view.manifest.notes, view.tags, view.manifest.color,
        )  # fmt: skip

    def test_labels_can_be_taken_away(self, repo: Repository, run: Run) -> None:
        """None removes note, tags and colour."""
        run.set_color("ff0000")
        run.set_note(None)
        run.set_tag(None)
        run.set_color(None)
        run.finish()
        m = repo.run("r").manifest

        assert (None, (), None) == (m.notes, m.tags, m.color)

    def test_results_end_the_run_and_can_come_late(self, repo: Repository, run: Run) -> None:
        """write_result() finishes; a later one adds."""
        run.add_scalar("acc", 0.5)
        run.write_result(acc=0.9, f1=1)
        assert "finished" == run.status
        run.write_result(f1=2)
        view = repo.run("r")

        assert ({"acc": 0.9, "f1": 2}, {"acc": 0.9, "f1": 2}) == (view.results, view.summary)

    def test_hparams_add_up(self, repo: Repository, run: Run) -> None:
        """Mappings and keywords are merged, the mapping wins."""
        run.add_hparams({"a": 1, "b": {"c": 2}}, d=3, a=9)
        run.add_hparams(a=4)
        run.add_hparams(None)
        run.add_hparams({})
        run.finish()

        assert {"a": 4, "b": {"c": 2}, "d": 3} == repo.run("r").hparams

    @pytest.mark.filterwarnings("ignore:vcs-track")
    def test_large_hparams_are_kept(self, repo: Repository, run: Run) -> None:
        """A configuration of two megabytes is kept like a small one."""
        run.add_hparams({"table": ["x" * 100] * 20_000})
        run.finish()

        assert 20_000 == len(repo.run("r").hparams["table"])

    @pytest.mark.filterwarnings("ignore:vcs-track")
    def test_a_large_note_is_kept(self, repo: Repository) -> None:
        """A note of two megabytes is kept, given at the start or later."""
        repo.start_run(id="a", notes="x" * 2_000_000).finish()

        assert "x" * 2_000_000 == repo.run("a").manifest.notes


def log_and_raise(run: Run, *, finish: bool = False) -> None:
    """Log a point in the body of a run, then fail."""
    with run:
        run.add_scalar("a", 1.0)
        if finish:
            run.finish()
        raise ZeroDivisionError("division by zero")


class TestEnd:
    @pytest.mark.parametrize("status", ["finished", "failed", "killed", "crashed"])
    def test_finish_says_how(self, repo: Repository, run: Run, status: str) -> None:
        """The status, exit code, signal and error are kept."""
        run.finish(status, exit_code=3, error="words", signal=15)

        assert (status, status) == (run.status, repo.run("r").status)
        assert {"code": 3, "error": "words", "signal": 15} == repo.run("r").manifest.exit

    def test_finish_twice_is_harmless(self, repo: Repository, run: Run) -> None:
        """The first word stands, and nothing is written again."""
        run.finish("failed")
        heads = repo.run("r").heads
        run.finish("finished")

        assert ("failed", heads) == (repo.run("r").status, repo.run("r").heads)

    def test_the_body_ends_the_run(self, repo: Repository) -> None:
        """A body that ends finishes the run; one that raises fails it and raises again."""
        with repo.start_run(id="good"):
            pass
        with pytest.raises(ZeroDivisionError):
            log_and_raise(repo.start_run(id="bad"))
        with pytest.raises(KeyboardInterrupt), repo.start_run(id="stopped"):
            raise KeyboardInterrupt

        assert ["finished", "failed", "killed"] == [
            repo.run(name).status for name in ("good", "bad", "stopped")
        ]
        assert "ZeroDivisionError" in (repo.run("bad").manifest.exit or {})["error"]
        assert [1.0] == repo.run("bad").series("a").value

    def test_a_body_that_ended_its_run_may_raise(self, repo: Repository) -> None:
        """An exception after finish() does not change the status."""
        run = repo.start_run(id="r")
        with pytest.raises(ZeroDivisionError):
            log_and_raise(run, finish=True)

        assert "finished" == repo.run("r").status

    def test_status_of_an_ended_run_can_be_corrected(self, repo: Repository, run: Run) -> None:
        """set_status() ends a run, or edits one that has ended; not back to running."""
        run.set_status("failed")
        run.set_status("finished")
        assert ("finished", "finished") == (run.status, repo.run("r").status)

        with pytest.raises(InvalidValueError, match="cannot run again"):
            run.set_status("running")

    def test_path_and_repr(self, run: Run) -> None:
        """A run says where it is: its live folder, then its head."""
        assert run.path.is_dir()
        assert "<Run r 'name' running>" == repr(run)
        run.finish()

        assert run.path.is_file()
        assert run.path.name.startswith("r.")
        assert "<Run r 'name' finished>" == repr(run)

    @pytest.mark.parametrize(
        "call",
        [
            lambda r: r.add_scalar("a", 1.0, 0), lambda r: r.add_scalar("new", 1),
            lambda r: r.add_scalars({"a": 1.0}, 0), lambda r: r.add_hparams(a=1),
            lambda r: r.set_summary(a=1), lambda r: r.new_repetition(), lambda r: r.flush(),
            lambda r: r.add_scalars({"a": 1.0, "b": 2.0}, 1),
        ],
    )  # fmt: skip
    def test_logging_after_the_end(self, repo: Repository, run: Run, call: Any) -> None:
        """An ended run takes nothing more, and says what to do."""
        run.add_scalar("a", 0.5, 0)
        run.add_scalars({"a": 1.0, "b": 2.0}, 1)
        run.finish()
        before = repo.run("r").to_dict()
        with pytest.raises(RunSealedError, match="run 'r' has ended") as caught:
            call(run)

        assert ("r", True) == (caught.value.run_id, "resume" in caught.value.hint)
        assert before == repo.run("r").to_dict()


BAD: dict[str, Any] = {
    "value text": lambda r: r.add_scalar("b", "1.0", 0),
    "value None": lambda r: r.add_scalar("a", None, 0),
    "value list": lambda r: r.add_scalar("a", [1.0, 2.0], 0),
    "value complex": lambda r: r.add_scalar("a", 1j, 0),
    "value dict": lambda r: r.add_scalar("a", {}, 0),
    "value huge": lambda r: r.add_scalar("a", 2**64, 0),
    "value object": lambda r: r.add_scalar("a", object(), 0),
    "tag None": lambda r: r.add_scalar(None, 1.0, 0),
    "tag number": lambda r: r.add_scalar(5, 1.0, 0),
    "tag bytes": lambda r: r.add_scalar(b"a", 1.0, 0),
    "tag empty": lambda r: r.add_scalar("", 1.0, 0),
    "tag blank": lambda r: r.add_scalar(" ", 1.0, 0),
    "tag ends": lambda r: r.add_scalar(" a", 1.0, 0),
    "tag slash": lambda r: r.add_scalar("a//b", 1.0, 0),
    "tag slash first": lambda r: r.add_scalar("/a", 1.0, 0),
    "tag control": lambda r: r.add_scalar("a\x1b[31m", 1.0, 0),
    "tag newline": lambda r: r.add_scalar("a\n", 1.0, 0),
    "tag zero": lambda r: r.add_scalar("a\0", 1.0, 0),
    "tag override": lambda r: r.add_scalar("a\u202e", 1.0, 0),
    "tag surrogate": lambda r: r.add_scalar("a\ud800", 1.0, 0),
    "tag long": lambda r: r.add_scalar("a" * 251, 1.0, 0),
    "step text": lambda r: r.add_scalar("a", 1.0, "1"),
    "step float": lambda r: r.add_scalar("a", 1.0, 1.5),
    "step bool": lambda r: r.add_scalar("a", 1.0, True),
    "step huge": lambda r: r.add_scalar("a", 1.0, 2**63),
    "step huge, slow": lambda r: r.add_scalar("a", 1, -(2**63) - 1),
    "step list": lambda r: r.add_scalar("a", 1.0, [1]),
    "step nan": lambda r: r.add_scalar("a", 1.0, math.nan),
    "epoch text": lambda r: r.add_scalar("a", 1.0, 0, epoch="1"),
    "epoch nan": lambda r: r.add_scalar("a", 1.0, 0, epoch=math.nan),
    "epoch bool": lambda r: r.add_scalar("a", 1.0, 0, epoch=True),
    "walltime text": lambda r: r.add_scalar("a", 1.0, 0, walltime="now"),
    "walltime negative": lambda r: r.add_scalar("a", 1.0, 0, walltime=-1.0),
    "walltime inf": lambda r: r.add_scalar("a", 1.0, 0, walltime=math.inf),
    "row None": lambda r: r.add_scalars(None),
    "row list": lambda r: r.add_scalars([("a", 1.0)]),
    "row value": lambda r: r.add_scalars({"a": 1.0, "b": "x"}, 5),
    "row value, ints": lambda r: r.add_scalars({"a": 1, "b": None}, 5),
    "row tag": lambda r: r.add_scalars({"a": 1.0, "": 2.0}, 5),
    "row tag type": lambda r: r.add_scalars({"a": 1.0, 5: 2.0}, 5),
    "row step": lambda r: r.add_scalars({"a": 1.0, "c": 1}, 1.5),
    "row step huge": lambda r: r.add_scalars({"a": 1, "c": 1.0}, 2**70),
    "row epoch": lambda r: r.add_scalars({"a": 1, "c": 1.0}, 1, epoch="x"),
    "row walltime": lambda r: r.add_scalars({"a": 1, "c": 1.0}, 1, walltime="x"),
    "hparams list": lambda r: r.add_hparams([1]),
    "hparams key": lambda r: r.add_hparams({5: 1}),
    "hparams text": lambda r: r.add_hparams("lr=1"),
    "name None": lambda r: r.set_name(None),
    "name empty": lambda r: r.set_name(""),
    "name control": lambda r: r.set_name("a\x07"),
    "note number": lambda r: r.set_note(5),
    "tag of run": lambda r: r.set_tag(5),
    "tags of run": lambda r: r.set_tag(["a", "b"]),
    "color": lambda r: r.set_color("red"),
    "color number": lambda r: r.set_color(0xFF0000),
    "status": lambda r: r.set_status("done"),
    "status None": lambda r: r.set_status(None),
    "finish": lambda r: r.finish("done"),
    "finish running": lambda r: r.finish("running"),
    "finish type": lambda r: r.finish(None),
}
RAW: dict[str, Any] = {
    "tag list": lambda r: r.add_scalar(["a"], 1.0, 0),
    "tag dict": lambda r: r.add_scalar({}, 1.0, 0),
    "tag of run 0": lambda r: r.set_tag(0),
    "tag of run []": lambda r: r.set_tag([]),
    "exit code": lambda r: r.finish(exit_code=object()),
    "exit code huge": lambda r: r.finish(exit_code=2**70),
    "error": lambda r: r.finish("failed", error=b"bytes"),
    "signal": lambda r: r.finish("killed", signal="TERM"),
    "epoch list": lambda r: r.add_scalar("a", 1.0, epoch=[1]),
}


def unharmed(repo: Repository, run: Run, call: Any) -> None:
    """Demand that *call* is refused with our error and the run is as before and usable."""
    run.add_scalar("a", 0.5, 0)
    run.add_hparams(lr=0.1)
    before = repo.run("r").to_dict()
    with pytest.raises(VcsTrackError) as caught:
        call(run)
    assert str(caught.value)
    after = repo.run("r").to_dict()
    for row in (before, after):
        row.pop("duration")
    assert before == after
    run.add_scalar("a", 0.25)
    run.finish()
    series = repo.run("r").series("a")

    assert ([0, 1], [0.5, 0.25], "finished") == (series.step, series.value, repo.run("r").status)


class TestBadArguments:
    @pytest.mark.parametrize("call", BAD.values(), ids=BAD)
    def test_leave_the_run_as_it_was(self, repo: Repository, run: Run, call: Any) -> None:
        """A wrong argument is our own error; nothing is recorded and logging goes on."""
        unharmed(repo, run, call)

    @pytest.mark.parametrize("call", RAW.values(), ids=RAW)
    def test_are_our_own_error(self, repo: Repository, run: Run, call: Any) -> None:
        """Also where Python or the journal would refuse the argument."""
        unharmed(repo, run, call)

    def test_a_list_after_a_sound_epoch(self, repo: Repository, run: Run) -> None:
        """A series that has an epoch takes no list for the next."""
        run.add_scalar("a", 0.5, 0, epoch=1)
        with pytest.raises(VcsTrackError):
            run.add_scalar("a", 1.0, 1, epoch=[1])  # type: ignore[arg-type]
        run.add_scalar("a", 0.25, 1, epoch=2)
        run.finish()
        series = repo.run("r").series("a")

        assert ([0.5, 0.25], [1, 2]) == (series.value, series.epoch)

    @pytest.mark.parametrize("values", [[1.0, 2.0], [[1.0]]], ids=str)
    def test_arrays_of_several_numbers(
        self, repo: Repository, run: Run, values: list[Any]
    ) -> None:
        """One number is a scalar, two are not."""
        np = pytest.importorskip("numpy")
        if np.size(values) == 1:
            run.add_scalar("a", np.array(values), 0)
            assert [1.0] == repo.run("r").series("a").value
            run.finish()
        else:
            unharmed(repo, run, lambda r: r.add_scalar("a", np.array(values), 0))


class TestRank:
    def test_each_point_carries_the_rank_of_its_process(self, repo: Repository) -> None:
        """Points of several ranks in one run are told apart, rows and single points alike."""
        runs = [vcs_track.open(repo.root).start_run(id="r", rank=rank) for rank in (0, 2, None)]
        for n, run in enumerate(runs):
            run.add_scalar("loss", float(n), 0)
            run.add_scalars({"loss": 10.0 + n, "acc": 0.5}, 1)
        for run in reversed(runs):
            run.finish()
        view = repo.run("r")
        found = {(point.rank, point.value) for point in view.series("loss")}

        assert {(0, 0.0), (0, 10.0), (2, 1.0), (2, 11.0), (None, 2.0), (None, 12.0)} == found
        assert {0, 2, None} == set(view.series("acc").rank)

    def test_without_ranks_there_is_no_column(self, repo: Repository) -> None:
        """A run of one process is stored as it always was."""
        with repo.start_run("r") as run:
            run.add_scalar("loss", 0.5, 0)

        assert "rank" not in repo.run("r").series("loss").chunks[0]

    def test_a_late_rank_goes_on(self, repo: Repository) -> None:
        """A rank that starts when the others have ended is no error."""
        for rank in (0, 1):
            with repo.start_run(id="r", rank=rank) as run:
                run.add_scalar("loss", float(rank), 0)

        assert [0, 1] == repo.run("r").series("loss").rank

    @pytest.mark.parametrize("rank", [-1, 2**31, 0.5, True, "0"])
    def test_what_is_no_rank_is_refused(self, repo: Repository, rank: Any) -> None:
        """A rank is a whole number from 0; nothing is started otherwise."""
        with pytest.raises(VcsTrackError, match="rank"):
            repo.start_run("r", rank=rank)
        assert 0 == len(repo.runs())

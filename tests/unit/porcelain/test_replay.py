"""Tests of ``vcs_track.porcelain.replay``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from vcs_track.formats import canonical, slots
from vcs_track.formats.manifest import (
    RunManifest,
    decode_document,
    decode_media,
    decode_run,
)
from vcs_track.formats.oid import object_format
from vcs_track.formats.series import decode_column
from vcs_track.plumbing.journal import JournalReader, JournalWriter
from vcs_track.plumbing.memory_objects import MemoryObjects
from vcs_track.porcelain.replay import Replay

if TYPE_CHECKING:
    from pathlib import Path


class Log:
    """Writes journals and replays them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.objects = MemoryObjects(object_format("sha256"))
        self.journals: list[JournalWriter] = []

    def journal(self, *frames: dict[str, Any], writer: str = "w") -> JournalWriter:
        """Begin a journal with these frames."""
        path = self.folder / f"{writer}.j"
        journal = JournalWriter(path, run="r", writer=writer, mapped=False)
        for frame in frames:
            journal.frame(frame)
        self.journals.append(journal)
        return journal

    def replay(self, base: RunManifest | None = None, *, live: bool = False) -> Replay:
        """Return the state after all journals."""
        replay = Replay(self.objects.add, base, self.objects.read)
        for journal in self.journals:
            replay.read_journal(JournalReader(journal.path), live=live)
        return replay

    def state(self, base: RunManifest | None = None, **options: bool) -> RunManifest:
        """Return the manifest of the state."""
        replay = self.replay(base, **options)
        return replay.build("r", status=replay.status(live=False), time_us=99, parents=())

    def column(self, state: RunManifest, tag: str, key: str) -> list[Any]:
        """Return one column of a series."""
        assert state.scalars is not None
        body = decode_document(self.objects.read(state.scalars), "scalars/1")
        return [
            value
            for chunk in body["series"][tag]["chunks"]
            for value in decode_column(self.objects.read(chunk[key]))
        ]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """Return a place for journals."""
    return Log(tmp_path)


def begin(info: dict[str, Any]) -> dict[str, Any]:
    """Return the frame with which a run's first writer begins."""
    return {"k": "writer", "primary": True, "rank": None, "info": info}


def tag(n: int, name: str, rep: int = 0, **more: Any) -> dict[str, Any]:
    """Return the frame that gives a number to a series."""
    return {"k": "tag", "n": n, "tag": name, "rep": rep, **more}


def label(field: str, value: Any) -> dict[str, Any]:
    """Return the frame that sets a label."""
    return {"k": "set", "field": field, "v": value, "wall": 1}


def end(status: str, *, primary: bool = True, **facts: Any) -> dict[str, Any]:
    """Return the frame with which a writer ends."""
    return {**label("status", status), "primary": primary, "exit": facts}


class TestPoints:
    def test_points_go_to_the_series_of_their_number(self, log: Log) -> None:
        """Slots of two series that were mixed are told apart, in order."""
        journal = log.journal(tag(1, "a"), tag(2, "b"))
        for n in range(4):
            journal.slot(slots.FLOAT, 1 + n % 2, n, n / 2, 100 + n)
        state = log.state()

        assert ([0.0, 1.0], [0.5, 1.5]) == (
            log.column(state, "a", "value"), log.column(state, "b", "value"),
        )  # fmt: skip
        assert [101, 103] == log.column(state, "b", "wall")
        assert {"a": 1.0, "b": 1.5} == state.summary

    def test_rows_are_points_of_each_member(self, log: Log) -> None:
        """A row is one point of every series of its shape."""
        journal = log.journal(tag(1, "a"), tag(2, "b"), {"k": "shape", "n": 3, "tags": [2, 1]})
        journal.row(3, 2)(7, [20.0, 10.0], 5)
        state = log.state()

        assert ([10.0], [20.0], [7]) == (
            log.column(state, "a", "value"), log.column(state, "b", "value"),
            log.column(state, "a", "step"),
        )  # fmt: skip

    def test_epoch_and_repetition_belong_to_the_number(self, log: Log) -> None:
        """The same series under other numbers has other epochs and repetitions."""
        journal = log.journal(tag(1, "a"), tag(2, "a", epoch=3), tag(3, "a", rep=1, epoch=0.5))
        for n, number in enumerate((1, 2, 2, 3, 1)):
            journal.slot(slots.FLOAT, number, n, 1.0, 1)
        state = log.state()

        assert [None, 3, 3, 0.5, None] == log.column(state, "a", "epoch")
        assert [0, 0, 0, 1, 0] == log.column(state, "a", "rep")

    def test_numbers_mean_something_else_in_each_journal(self, log: Log) -> None:
        """Two writers may use the same numbers for different series."""
        one = log.journal(tag(1, "a"), tag(2, "b"), writer="one")
        two = log.journal(tag(1, "b"), tag(2, "a"), writer="two")
        one.slot(slots.INT, 1, 0, 10, 1)
        two.slot(slots.INT, 1, 0, 20, 1)
        two.slot(slots.INT, 2, 1, 30, 1)
        state = log.state()

        assert ([10, 30], [20]) == (
            log.column(state, "a", "value"), log.column(state, "b", "value"),
        )  # fmt: skip

    def test_a_series_without_points_is_none(self, log: Log) -> None:
        """Announcing a series makes none."""
        log.journal(tag(1, "a"))

        assert (None, {}) == (log.state().scalars, log.state().summary)

    def test_points_whose_series_is_lost_are_a_gap(self, log: Log) -> None:
        """A slot whose number nobody announced is counted, not guessed."""
        journal = log.journal(tag(1, "a"))
        journal.slot(slots.FLOAT, 9, 0, 1.0, 1)
        journal.slot(slots.FLOAT, 1, 0, 2.0, 1)
        state = log.state()

        assert [2.0] == log.column(state, "a", "value")
        assert [{"writer": "w", "points_without_tag": 1}] == list(state.gaps)

    def test_what_is_lost_of_a_row_harms_nothing_else(self, log: Log) -> None:
        """A row without a shape is dropped; a lost tag costs its own points alone."""
        journal = log.journal(tag(1, "a"), {"k": "shape", "n": 3, "tags": [1, 9]})
        journal.row(3, 2)(0, [1.0, 2.0], 1)
        for _ in range(3):
            journal.row(3, 2)(0, [3.0, 4.0], 1)
        journal.row(4, 2)(0, [1.0, 2.0], 1)
        journal.slot(slots.FLOAT, 1, 0, 5.0, 1)
        state = log.state()

        assert [1.0, 3.0, 3.0, 3.0, 5.0] == log.column(state, "a", "value")
        assert {"writer": "w", "points_without_tag": 4} in state.gaps

    def test_damage_is_a_gap_and_the_rest_is_there(self, log: Log) -> None:
        """A damaged slot is counted with its place."""
        journal = log.journal(tag(1, "a"))
        for n in range(10):
            journal.slot(slots.FLOAT, 1, n, float(n), 1)
        content = bytearray(journal.path.read_bytes())
        at = len(content.rstrip(b"\0")) // 32 * 32 - 5 * 32
        content[at] ^= 1
        journal.path.write_bytes(content)
        state = log.state()

        assert 9 == len(log.column(state, "a", "value"))
        assert [("w", 1)] == [(gap["writer"], gap["damaged_slots"]) for gap in state.gaps]

    def test_a_torn_end_is_no_damage(self, log: Log) -> None:
        """A record whose call never returned was never there, in a live journal and a dead one."""
        journal = log.journal(tag(1, "a"))
        journal.slot(slots.FLOAT, 1, 0, 1.0, 1)
        content = journal.path.read_bytes().rstrip(b"\0")
        with journal.path.open("r+b") as file:
            file.seek(-(-len(content) // 32) * 32)
            file.write(b"torn" * 8)

        assert () == log.state(live=True).gaps == log.state().gaps


class TestFrames:
    def test_the_first_word_on_what_a_run_is_stands(self, log: Log) -> None:
        """A writer that joins does not change where and when the run began."""
        log.journal(begin({"created_us": 5, "name": "first", "git": {"commit": "a"}}))
        log.journal(begin({"created_us": 9, "name": "second", "notes": "n"}), writer="x")
        state = log.state()

        assert (5, "first", "n", {"commit": "a"}) == (
            state.created_us, state.name, state.notes, state.git,
        )  # fmt: skip

    def test_the_last_label_stands(self, log: Log) -> None:
        """A label set twice is what it was set to last; one set to None is gone."""
        log.journal(
            label("notes", "a"), label("notes", "b"), label("color", "f"), label("color", None)
        )
        state = log.state()

        assert ("b", None) == (state.notes, state.color)

    def test_other_fields_cannot_be_set(self, log: Log) -> None:
        """A journal cannot set what is no label."""
        log.journal(label("run", "other"), label("scalars", "x"), label("created_us", 1))
        state = log.state()

        assert ("r", None, 99) == (state.run, state.scalars, state.created_us)

    def test_hparams_results_and_summary_add_up(self, log: Log) -> None:
        """Later values replace earlier ones of the same name."""
        journal = log.journal(tag(1, "a"), tag(2, "b"), tag(3, "c"))
        for number in (1, 2, 3):
            journal.slot(slots.INT, number, 0, number, 1)
        for n in (1, 2):
            journal.frame({"k": "hparams", "v": {"x": n, f"y{n}": n}})
            journal.frame({"k": "result", "v": {"a": 10 * n, "b": 10 * n}})
            journal.frame({"k": "summary", "v": {"a": 100 * n}})
        state = log.state()
        assert state.hparams is not None

        assert {"x": 2, "y1": 1, "y2": 2} == canonical.loads(log.objects.read(state.hparams))["v"]
        assert ({"a": 20, "b": 20}, {"a": 200}) == (state.results, state.summary_set)
        assert {"a": 200, "b": 20, "c": 3} == state.summary

    def test_console_output_is_one_item_a_stream(self, log: Log) -> None:
        """Pieces of output are joined, characters cut in two included."""
        log.journal(
            {"k": "out", "s": 2, "d": "warn\n"}, {"k": "out", "s": 1, "d": "a "},
            {"k": "out", "s": 1, "b64": "w6k="}, {"k": "out", "s": 1, "d": "\n"},
        )  # fmt: skip
        state = log.state()
        assert state.media is not None
        items = decode_media(log.objects.read(state.media))

        assert [("stdout", "a é\n"), ("stderr", "warn\n")] == [
            (item.name, log.objects.read(item.oid).decode()) for item in items
        ]

    def test_unknown_frames_are_ignored(self, log: Log) -> None:
        """What a newer version logs does not stop the older one."""
        log.journal({"k": "future", "v": 1}, {"no": "k"}, {"k": 5}, label("notes", "n"))

        assert "n" == log.state().notes

    @pytest.mark.parametrize(
        "strange",
        [
            {"k": "tag", "n": 1}, {"k": "shape"}, {"k": "set"}, {"k": "blob"}, {"k": []},
            {"k": "hparams", "v": {"$": "tuple", "v": 5}}, {"k": "text", "text": 7},
            {"k": "out", "s": 1}, {"k": "writer"}, {"k": "input", "name": "x", "o": "x", "size": 1},
            {"k": "input", "o": "0" * 64, "size": 1}, {"k": "input", "name": "x", "o": "0" * 64},
        ],
    )  # fmt: skip
    def test_one_that_cannot_be_understood_is_a_gap(
        self, log: Log, strange: dict[str, Any]
    ) -> None:
        """What another program wrote under a known name is reported; the rest is taken.

        Seen to fail when the first such record ended the reading.
        """
        journal = log.journal(strange, tag(2, "b"))
        journal.slot(slots.FLOAT, 2, 0, 0.5, 1)
        replay = log.replay()
        state = log.state()

        assert [0.5] == log.column(state, "b", "value")
        assert ["a record cannot be understood"] == [
            gap["why"].partition(":")[0] for gap in replay.gaps
        ]

    @pytest.mark.parametrize("command", [5, {"inputs": []}, {"hparams": 5}], ids=str)
    def test_a_command_that_is_none_is_left_out(self, log: Log, command: Any) -> None:
        """What could not be read again is not written.

        Seen to fail when the seal took whatever the journal said.
        """
        log.journal(begin({"command": command, "name": "n"}))
        state = log.state()

        assert ("n", None) == (state.name, state.command)
        assert state == decode_run(state.encode())

    def test_the_start_is_that_of_the_first_writer(self, log: Log) -> None:
        """Two processes may start one run at once; the first one says what it began with."""
        log.journal(
            begin({"command": {"argv": ["x"]}}), {"k": "hparams", "v": {"a": 1}, "start": True}
        )
        log.journal(
            {"k": "writer", "primary": False, "rank": None},
            {"k": "hparams", "v": {"b": 2}, "start": True}, writer="two",
        )  # fmt: skip
        state = log.state()
        assert state.command is not None
        started = canonical.loads(log.objects.read(state.command["hparams"]))["v"]

        assert {"a": 1} == started

    def test_inputs_of_a_late_first_writer_join_the_others(self, log: Log) -> None:
        """What another rank named is sealed, and what the first one says comes on top."""
        body = {"o": "0" * 64, "size": 1}
        log.journal({"k": "input", "name": "late", **body}, writer="two")
        base = log.state()
        log.journals = []
        log.journal(
            begin({"command": {"argv": ["x"], "inputs": {"early": {**body, "start": True}}}})
        )
        state = log.state(base)
        assert state.command is not None

        assert (["x"], {"early": True, "late": False}) == (
            state.command["argv"],
            {name: one["start"] for name, one in state.command["inputs"].items()},
        )

    def test_an_error_is_kept(self, log: Log) -> None:
        """A traceback that was logged is in the exit facts."""
        log.journal({"k": "error", "v": "Traceback"}, end("failed", code=1))

        assert {"error": "Traceback", "code": 1} == log.state().exit

    def test_lost_points_are_a_gap(self, log: Log) -> None:
        """What a writer says that it lost is kept."""
        log.journal({"k": "gap", "lost": 5, "why": "no space"})

        assert 5 == log.state().gaps[0]["lost"]


class TestStatus:
    def test_a_writer_that_did_not_end_crashed(self, log: Log) -> None:
        """A journal without its last slot belongs to a dead process."""
        log.journal(tag(1, "a"))

        assert "crashed" == log.replay().status(live=False)

    def test_the_first_writer_decides(self, log: Log) -> None:
        """Whatever became of workers, the main process knows how the run ended."""
        log.journal(end("finished")).seal()
        log.journal(end("failed", primary=False), writer="x").seal()
        log.journal(tag(1, "a"), writer="y")

        assert "finished" == log.replay().status(live=False)

    @pytest.mark.parametrize(
        ("words", "status"),
        [
            (["finished", "finished"], "finished"), (["finished", "killed"], "killed"),
            (["failed", "killed", "finished"], "failed"), (["finished", "crashed"], "crashed"),
        ],
    )  # fmt: skip
    def test_without_it_the_gravest_word_stands(
        self, log: Log, words: list[str], status: str
    ) -> None:
        """Of several others the worst end is that of the run."""
        for n, word in enumerate(words):
            log.journal(end(word, primary=False), writer=f"w{n}").seal()

        assert status == log.replay().status(live=False)

    def test_the_end_is_that_of_the_last_writer(self, log: Log) -> None:
        """ended_us is the largest time of a last record."""
        log.journal(begin({"created_us": 5}), tag(1, "a")).slot(slots.FLOAT, 1, 0, 1.0, 60)
        log.journal(tag(1, "a"), writer="x").slot(slots.FLOAT, 1, 0, 1.0, 7)

        assert 60 == log.state().ended_us

    @pytest.mark.parametrize("wall_us", [4, 100, 2**60])
    def test_no_run_ends_before_it_began_or_after_now(self, log: Log, wall_us: int) -> None:
        """A time that a caller made up is no end: it is now, when the state is made."""
        log.journal(begin({"created_us": 5}), tag(1, "a")).slot(slots.FLOAT, 1, 0, 1.0, wall_us)

        assert 99 == log.state().ended_us


class TestBase:
    def test_a_second_part_goes_on(self, log: Log) -> None:
        """Points, labels and unknown keys of the sealed part stay."""
        journal = log.journal(tag(1, "a"), label("notes", "n"), writer="one")
        journal.slot(slots.FLOAT, 1, 0, 1.0, 1)
        base = log.state()
        log.journals = []
        log.journal(tag(1, "a"), label("color", "f"), writer="two").slot(slots.FLOAT, 1, 1, 2.0, 1)
        state = log.state(base)

        assert ([1.0, 2.0], "n", "f") == (
            log.column(state, "a", "value"), state.notes, state.color,
        )  # fmt: skip
        assert {"one", "two"} == state.writers.keys()

    def test_what_is_sealed_already_is_not_taken_twice(self, log: Log) -> None:
        """Reading a journal again on top of its own state changes nothing."""
        journal = log.journal(tag(1, "a"), {"k": "shape", "n": 2, "tags": [1]})
        journal.slot(slots.FLOAT, 1, 0, 1.0, 1)
        journal.frame({"k": "text", "kind": "text", "tag": None, "step": None, "epoch": None,
                       "rep": 0, "wall": 1, "name": None, "mime": "text/plain", "text": "hello"})  # fmt: skip
        base = log.state()
        again = log.state(base)
        assert (base.scalars, base.media, base.writers) == (
            again.scalars, again.media, again.writers,
        )  # fmt: skip
        journal.row(2, 1)(1, [2.0], 1)
        more = log.state(base)

        assert [1.0, 2.0] == log.column(more, "a", "value")
        assert base.media == more.media

"""What runs give compatible APIs and importers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import vcs_track
from vcs_track.errors import InvalidValueError

if TYPE_CHECKING:
    from pathlib import Path

__all__: list[str] = []


class TestFaces:
    def test_facts_are_kept(self, tmp_path: Path) -> None:
        """Facts of a face are there while the run goes on, at its end, and after an edit.

        Seen to fail when the start's facts stood over later ones.
        """
        repo = vcs_track.init(tmp_path)
        run = repo.start_run("a", faces={"x": {"n": 1, "m": 1}, "y": {}})
        live = [run.view().faces]
        run.set_face("x", n=2, k=3)
        live.append(run.view().faces)
        run.finish()
        repo.edit("a", notes="n")
        expected = {"x": {"n": 2, "m": 1, "k": 3}, "y": {}}

        assert [{"x": {"n": 1, "m": 1}, "y": {}}, expected] == live
        assert expected == repo.run("a").faces

    def test_survive_another_writer(self, tmp_path: Path) -> None:
        """Going on with a run keeps them."""
        repo = vcs_track.init(tmp_path)
        repo.start_run(id="a", faces={"x": {"n": 1}}).finish()
        with repo.start_run(id="a", resume="must") as run:
            run.add_scalar("s", 1.0)

        assert {"x": {"n": 1}} == repo.run("a").faces

    def test_none(self, tmp_path: Path) -> None:
        """A run without them has none, and its manifest no key."""
        repo = vcs_track.init(tmp_path)
        repo.start_run("a").finish()

        assert ({}, {}) == (repo.run("a").faces, repo.run("a").manifest.extra)


class TestRecordRun:
    def test_took_place_elsewhere(self, tmp_path: Path) -> None:
        """Start and end are what they are said to be; nothing of this machine is recorded."""
        repo = vcs_track.init(tmp_path)
        run = repo.record_run("r-1", "old", {"created_us": 1_000_000}, {"x": {}})
        run.add_scalar("s", 1.0, 0, None, 2.0)
        run.set_ended(3.5)
        run.finish("failed")
        found = repo.run("r-1")

        assert ("old", "failed", 2.5) == (found.name, found.status, found.duration)
        assert ({}, {}) == (found.env, found.git)

    def test_number_of_a_repetition(self, tmp_path: Path) -> None:
        """Repetitions may be numbered by hand."""
        with vcs_track.init(tmp_path).start_run("a") as run:
            run.add_scalar("s", 1.0)
            run.new_repetition(7)
            run.add_scalar("s", 2.0)
            for bad in (-1, 2**31, "x"):
                with pytest.raises(InvalidValueError):
                    run.new_repetition(bad)  # type: ignore[arg-type]

        assert [(0, 0), (7, 0)] == [(p.repetition, p.step) for p in run.view().series("s")]


class TestAddItem:
    def test_as_it_is(self, tmp_path: Path) -> None:
        """Bytes of any kind are kept with what is said of them."""
        with vcs_track.init(tmp_path).start_run("a") as run:
            run.add_item("text", b"\xff", step=3, tag="t", epoch=2, walltime=5.0)
            run.add_item("file", b"x", name="f", mime="text/plain", meta={"a": 1})
            with pytest.raises(InvalidValueError, match="'video'"):
                run.add_item("video", b"")
        text, file = run.view().media()

        assert ("text", b"\xff", 3, "t", 2, 5.0) == (
            text.kind, text.data, text.step, text.tag, text.epoch, text.walltime,
        )  # fmt: skip
        assert ("f", b"x", "text/plain", {"a": 1}) == (file.name, file.data, file.mime, file.meta)


class TestWhatFacesTakeBack:
    def test_summary_by_hand(self, tmp_path: Path) -> None:
        """A value that was set by hand and taken back gives way to the last one, for good.

        Seen to fail when the journal's ``drop`` is not read.
        """
        repo = vcs_track.init(tmp_path)
        with repo.start_run("a", id="a") as run:
            run.add_scalar("acc", 0.5)
            run.set_summary(acc=0.9, best=1, self=2)
            run.unset_summary("acc", "nobody")
        with repo.start_run(id="a", resume="must") as run:
            run.unset_summary("best")

        assert {"acc": 0.5, "self": 2} == repo.run("a").summary

    def test_tags(self, tmp_path: Path) -> None:
        """All tags are replaced, while the run goes on and after its end."""
        repo = vcs_track.init(tmp_path)
        run = repo.start_run("a", tags=["x"])
        run.set_tags(["y", "z"])
        live = repo.run("a").tags
        run.finish()
        run.set_tags(["w"])

        assert (["y", "z"], ["w"]) == (live, repo.run("a").tags)

    def test_text_with_what_describes_it(self, tmp_path: Path) -> None:
        """A text of an interface keeps what describes it, live and sealed."""
        repo = vcs_track.init(tmp_path)
        run = repo.start_run("a")
        run.add_item("text", "ü".encode(), tag="t", step=3, mime="x/y", meta={"api": "z"})
        run.add_item("text", b"a" * 200_000, tag="long", meta={"api": "z"})
        live = [(item.text[:3], item.mime, item.meta) for item in repo.run("a").media("text")]
        run.finish()
        sealed = [(item.text[:3], item.mime, item.meta) for item in repo.run("a").media("text")]

        assert ("ü", "x/y", {"api": "z"}) == live[0]
        assert live == sealed
        assert [1, 200_000] == [len(item.text) for item in repo.run("a").media("text")]

"""``vcs-track diff``: which runs it takes, from where, and what it says where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import vcs_track

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Program

__all__: list[str] = []


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with runs, and a bundle of one of them."""
    monkeypatch.chdir(tmp_path)
    repo = vcs_track.init(tmp_path).with_defaults(capture_git=False)
    for lr in (1, 2, 3):
        repo.start_run(f"r{lr}", id=f"r{lr}", hparams={"lr": lr}, command=["x"]).finish()
    repo.export("r1", tmp_path / "x.zip")
    return tmp_path


@pytest.mark.usefixtures("place")
class TestBundles:
    @pytest.mark.parametrize(
        "words", [("x.zip:r1", "r2"), ("./x.zip:r1", "r2"), ("x.zip", "r2"), ("x.zip:r1..r2",)]
    )
    def test_a_run_of_a_zip(self, words: tuple[str, ...], program: Program) -> None:
        """A run of a bundle is compared with one that is here, by a path from where we are."""
        result = program("diff", *words, "--json", "--only", "hparams")

        assert [("lr", 1, 2)] == [(row["name"], row["old"], row["new"]) for row in result.rows]

    def test_it_needs_no_runs_of_its_own(
        self, place: Path, monkeypatch: pytest.MonkeyPatch, program: Program
    ) -> None:
        """Beside an empty repository two bundles can be compared, and stay where they are."""
        (place / "empty").mkdir()
        monkeypatch.chdir(place / "empty")
        vcs_track.init(place / "empty")

        assert program("diff", "../x.zip", "../x.zip:r1", "--exit-code").code == 0
        assert program("ls", "--json").rows == []

    @pytest.mark.parametrize(
        ("word", "code", "message"),
        [
            ("y.zip:r1", 2, "there is no bundle 'y.zip'"),
            ("x.zip:r2", 11, "no run matches 'r2' in 'x.zip'"),
            ("bad.zip:r1", 12, "'bad.zip' is not a bundle of vcs-track"),
        ],
    )
    def test_what_is_none(
        self, word: str, code: int, message: str, place: Path, program: Program
    ) -> None:
        """A missing file, a missing run and other bytes are told apart, without a traceback."""
        (place / "bad.zip").write_bytes(b"PK\5\6")
        result = program("diff", word, "r1")

        assert (code, "") == (result.code, result.out)
        assert message in result.err


@pytest.mark.usefixtures("place")
class TestOne:
    def test_the_run_before(self, program: Program) -> None:
        """One run is compared with the run before it, and which that is stands on stderr."""
        result = program("diff", "r2", "--json")

        assert [("lr", 1, 2)] == [(row["name"], row["old"], row["new"]) for row in result.rows]
        assert "the run before it" in result.err
        assert "'r1'" in result.err

    def test_the_first_run(self, program: Program) -> None:
        """The first run alone has nothing to be compared with."""
        result = program("diff", "r1")

        assert (11, "") == (result.code, result.out)
        assert "there is no run before 'r1'" in result.err

    def test_a_live_run(self, place: Path, program: Program) -> None:
        """A run that goes on is compared with what it has so far."""
        with vcs_track.open(place).start_run("live", hparams={"lr": 3}) as run:
            run.add_scalar("loss", 1.0, 0)
            rows = program("diff", "r3", "live", "--json", "--only", "series,identity").rows

        assert [("status", "running"), ("loss", 1)] == [
            (row["name"], row["new"] if row["kind"] == "identity" else row["new"]["count"])
            for row in rows
            if row["name"] in ("status", "loss")
        ]

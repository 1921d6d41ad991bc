"""``vcs-track whence``: which run made or used this file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import vcs_track

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Program

    from vcs_track import Repository

__all__: list[str] = []


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Work beside two runs: one made a file, the other used it."""
    monkeypatch.chdir(tmp_path)
    repo = vcs_track.init(tmp_path).with_defaults(capture_git=False)
    (tmp_path / "weights").write_bytes(b"weights")
    with repo.start_run("train", id="aaaa1111") as run:
        run.add_file("weights")
    with repo.start_run("test", id="bbbb2222", inputs=["weights"]):
        pass
    return repo


def test_table(repo: Repository, program: Program) -> None:
    """One line for each place, the newest first."""
    result = program("whence", "weights")

    assert (0, "") == (result.code, result.err)
    assert [
        ["HOW", "RUN", "NAME", "WHAT", "STEP", "WHEN"],
        ["used", "bbbb2222", "test", "input", "weights", "-", "just", "now"],
        ["made", "aaaa1111", "train", "file", "weights", "-", "just", "now"],
    ] == [line.split() for line in result.lines]


def test_json(repo: Repository, program: Program) -> None:
    """One place a line, with the file as it was named."""
    result = program("whence", "weights", "--json")

    assert [
        ("weights", "bbbb2222", "test", "used", "input", "bytes"),
        ("weights", "aaaa1111", "train", "made", "file", "bytes"),
    ] == [
        tuple(row[key] for key in ("file", "run", "name", "how", "kind", "by"))
        for row in result.rows
    ]


def test_several(repo: Repository, program: Program) -> None:
    """Each file has a heading; what nobody knows is said, and 0 is the exit code."""
    (repo.root / "new\n").write_bytes(b"new")
    result = program("whence", "weights", "new\n")

    assert (0, "weights") == (result.code, result.lines[0])
    assert "no run made or used 'new\\n'\n" == result.err


def test_nothing(repo: Repository, program: Program) -> None:
    """The exit code is 1 when no run knows any of them."""
    (repo.root / "new").write_bytes(b"new")

    assert (1, "") == ((result := program("whence", "new")).code, result.out)


@pytest.mark.parametrize("words", [[], ["nowhere"], ["."], ["weights", "nowhere"]], ids=str)
def test_wrong_usage(repo: Repository, program: Program, words: list[str]) -> None:
    """A file that is none is an error before anything is printed."""
    result = program("whence", *words)

    assert (2, "") == (result.code, result.out)
    assert result.err.startswith("error: ")


def test_below_a_folder(repo: Repository, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """With ``-C`` files are below that folder."""
    monkeypatch.chdir(repo.root.parent)

    assert 2 == len(program("-C", repo.root.name, "whence", "weights", "--json").rows)


def test_pixels_are_said(repo: Repository, program: Program) -> None:
    """Who sees a match by pixels is told that it is one."""
    image = pytest.importorskip("PIL.Image").new("RGB", (5, 4), (1, 2, 3))
    image.save("a.png", compress_level=0)
    with repo.start_run("r") as run:
        run.add_image("a.png", tag="samples")
    image.save("b.png", compress_level=9)

    assert "image samples (same pixels)" in program("whence", "b.png").out

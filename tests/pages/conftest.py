"""Two runs to show, the program that shows them, and the outputs that it must have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from pages.pair import make_pair

from vcs_track.cli import main

if TYPE_CHECKING:
    import vcs_track

__all__ = ["Golden", "Shown", "golden", "pair", "pair_repo", "shown"]

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


class Shown(Protocol):
    def __call__(
        self, *args: str, columns: int | None = None, colour: bool = False, code: int = 0
    ) -> str: ...


class Golden(Protocol):
    def __call__(self, name: str, shown: str) -> None: ...


@pytest.fixture(scope="session")
def pair_repo(tmp_path_factory: pytest.TempPathFactory) -> vcs_track.Repository:
    """Make the runs ``base`` and ``better`` once; nobody writes into their repository."""
    return make_pair(tmp_path_factory.mktemp("pair"))


@pytest.fixture
def pair(pair_repo: vcs_track.Repository, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in the repository with the two runs."""
    monkeypatch.chdir(pair_repo.path.parent)
    return pair_repo.path.parent


@pytest.fixture
def shown(
    pair: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Shown:
    """Call the program in the repository with the two runs; return what is on stdout."""

    def call(*args: str, columns: int | None = None, colour: bool = False, code: int = 0) -> str:
        with monkeypatch.context() as patch:
            if columns is not None:
                patch.setenv("COLUMNS", str(columns))
            if colour:
                patch.setenv("FORCE_COLOR", "1")
            capsys.readouterr()
            ended = main.run(args)
        out, err = capsys.readouterr()
        assert code == ended, err
        return out

    return call


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare what is shown with a file that somebody has read, or write that file."""

    def compare(name: str, shown: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--rewrite-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(shown, encoding="utf-8", newline="")
        assert path.read_text(encoding="utf-8").splitlines() == shown.splitlines()

    return compare

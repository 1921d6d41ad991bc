"""Each test of the contract gets one way after the other."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from compat.crayon.faces import Face
from compat.crayon.servers import serving

from vcs_track.compat.crayon import local

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__: list[str] = []

REAL = pytest.param(
    "real",
    marks=[
        pytest.mark.compat,
        pytest.mark.skipif(find_spec("pycrayon") is None, reason="pycrayon is not installed"),
        pytest.mark.filterwarnings("ignore"),
    ],
)


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the address of a server of an empty repository in an empty current folder."""
    monkeypatch.chdir(tmp_path)
    with serving(tmp_path) as found:
        yield found


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """End what the test left open, before its folder goes."""
    yield
    while local._shared:
        local._shared.popitem()[1].close()


def _face(name: str, folder: Path, request: pytest.FixtureRequest) -> Face:
    if name == "here":
        request.getfixturevalue("monkeypatch").chdir(folder)
        return Face(name, folder)
    return Face(name, folder, request.getfixturevalue("url"))


@pytest.fixture(params=["here", "served", REAL])
def face(request: pytest.FixtureRequest, tmp_path: Path) -> Face:
    """Return a way to a client; all agree on what is tested with it."""
    return _face(request.param, tmp_path, request)


@pytest.fixture(params=["here", "served"])
def documented(request: pytest.FixtureRequest, tmp_path: Path) -> Face:
    """Return one of ours: what is tested with it is documented, and not what the original does."""
    return _face(request.param, tmp_path, request)


@pytest.fixture(params=["here", "served", REAL])
def original(request: pytest.FixtureRequest, tmp_path: Path) -> Face:
    """Return a way to what the original does: itself, or ours told to do the same."""
    return replace(_face(request.param, tmp_path, request), parity=True)

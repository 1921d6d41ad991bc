"""Each test of the contract gets one implementation after the other."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from compat.deepboard.faces import OURS, REAL, Face

if TYPE_CHECKING:
    from pathlib import Path

__all__: list[str] = []

_REAL = pytest.param(
    REAL,
    id="real",
    marks=[
        pytest.mark.compat,
        pytest.mark.skipif(find_spec("deepboard") is None, reason="deepboard is not installed"),
        pytest.mark.filterwarnings("ignore"),
    ],
)


@pytest.fixture(params=[pytest.param(OURS, id="ours"), _REAL])
def face(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Face:
    """Return an implementation, in an empty folder; both agree on what is tested with it."""
    monkeypatch.chdir(tmp_path)
    found: Face = request.param
    return found


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Face:
    """Return ours, in an empty folder: what is tested with it is decided otherwise than there."""
    monkeypatch.chdir(tmp_path)
    return OURS

"""Each test of the contract gets one implementation after the other."""

from __future__ import annotations

import gc
import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from compat.wandb.faces import OURS, REAL, Face

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__: list[str] = []

_REAL = pytest.param(
    REAL,
    id="real",
    marks=[
        pytest.mark.compat,
        pytest.mark.skipif(find_spec("wandb") is None, reason="wandb is not installed"),
        pytest.mark.filterwarnings("ignore"),
    ],
)


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, without settings of the user's."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("WANDB_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("WANDB_SILENT", "true")


@pytest.fixture(params=[pytest.param(OURS, id="ours"), _REAL])
def face(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Face]:
    """Return an implementation; both agree on what is tested with it."""
    found: Face = request.param
    if found is REAL:
        monkeypatch.setenv("WANDB_MODE", "offline")
    yield found
    _finish_all(found)


@pytest.fixture
def ours() -> Iterator[Face]:
    """Return ours: what is tested with it is decided otherwise than there."""
    yield OURS
    _finish_all(OURS)


def _finish_all(face: Face) -> None:
    while face.wandb.run is not None:
        face.wandb.run.finish()
    if face is REAL:
        gc.collect()  # it leaves files open, which would be told to the next test

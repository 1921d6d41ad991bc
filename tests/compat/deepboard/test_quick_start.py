"""The script of the guide runs on both, with one line changed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compat.deepboard.faces import Face

__all__: list[str] = []

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guides" / "deepboard.md"
IMPORT = "from vcs_track.compat.deepboard import NoCommitAction, ResultTable\n"


def test_the_script_of_the_guide(face: Face, tmp_path: Path) -> None:
    """A training written for DeepBoard learns the same and leaves the same table."""
    found = re.search(r"```python\n(from vcs_track.compat.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found is not None
    text = found[1].replace(IMPORT, f"from {face.home} import NoCommitAction, ResultTable\n")
    (tmp_path / "train.py").write_text(text)
    subprocess.run([sys.executable, "train.py"], check=True, cwd=tmp_path, timeout=100)
    table = face.table("results.db")
    loss = [point.value for point in table.load_run(2)["Val/loss"]]

    assert [[1, 0.01, 40], [2, 0.5, 40]] == [
        row[:1] + row[5:7] for row in table.get_results().data
    ]
    assert (40, True) == (len(loss), loss[-1] < 0.1 < loss[0])
    assert 0.95 < table.get_results().data[1][7] <= 1

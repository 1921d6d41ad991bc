"""Tests of ``vcs_track.porcelain.document``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vcs_track.errors import InvalidValueError, StorageError
from vcs_track.porcelain.document import write_document

if TYPE_CHECKING:
    from pathlib import Path

__all__: list[str] = []


class TestWriting:
    def test_never_replaces_unasked(self, tmp_path: Path) -> None:
        """A file that is there stays as it is, unless it is to be replaced."""
        path = tmp_path / "page.html"
        write_document(path, "first")
        with pytest.raises(InvalidValueError, match="exists"):
            write_document(path, "second")

        assert "first" == path.read_text()
        write_document(path, "ä third", force=True)
        assert "ä third" == path.read_text(encoding="utf-8")

    def test_a_link_to_nowhere_is_there_too(self, tmp_path: Path) -> None:
        """What a link points to is not made: the link stands where the file would."""
        path = tmp_path / "page.html"
        path.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(InvalidValueError, match="exists"):
            write_document(path, "text")

        assert not (tmp_path / "elsewhere").exists()

    @pytest.mark.parametrize("force", [False, True])
    def test_no_folder(self, tmp_path: Path, force: bool) -> None:
        """Where it cannot be written the error says so, and nothing is left."""
        with pytest.raises(StorageError, match="cannot write"):
            write_document(tmp_path / "none" / "page.html", "text", force=force)

        assert [] == list(tmp_path.iterdir())

"""``vcs-track select``: ids for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import vcs_track

if TYPE_CHECKING:
    from cli.conftest import Lab, Program

__all__: list[str] = []


class TestSelect:
    def test_one_id_a_line(self, lab: Lab, program: Program) -> None:
        """All runs, newest first, and nothing else on stdout."""
        result = program("select")

        assert (0, ["cccc4444", "bbbb3333", "aaaa2222", "aaaa1111"], "") == (
            result.code, result.lines, result.err
        )  # fmt: skip

    def test_chooses_as_ls_does(self, lab: Lab, program: Program) -> None:
        """``--where``, ``--sort`` and ``--limit`` mean what they mean there."""
        result = program("select", "--where", "lr <= 0.1", "--sort", "lr,name", "--limit", "2")

        assert ["aaaa2222", "aaaa1111"] == result.lines

    def test_null(self, lab: Lab, program: Program) -> None:
        """``-0`` ends each id with a NUL byte, for xargs."""
        assert "cccc4444\0bbbb3333\0" == program("select", "-0", "-n", "2").out

    def test_json(self, lab: Lab, program: Program) -> None:
        """``--json`` prints an object a run."""
        assert [{"id": "cccc4444"}] == program("select", "--json", "-n", "1").rows

    def test_none(self, lab: Lab, program: Program) -> None:
        """A script sees that there is nothing by the exit code."""
        result = program("select", "--where", "lr > 99")

        assert (1, "", "no run matches\n") == (result.code, result.out, result.err)

    def test_empty_repository(self, program: Program) -> None:
        """No runs at all are no error, and none is found."""
        vcs_track.init()
        result = program("select")

        assert (1, "", "there are no runs\n") == (result.code, result.out, result.err)

    def test_wrong_names(self, lab: Lab, program: Program) -> None:
        """A mistake is told apart from nothing found."""
        assert 2 == program("select", "--where", "lrr > 1").code
        assert 2 == program("select", "--sort", "lrr").code

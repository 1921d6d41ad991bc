"""Tests of ``vcs_track.porcelain.diff.environment``, and of inputs and commands."""

from __future__ import annotations

from typing import Any

from unit.porcelain.diff.made import Counting, view

from vcs_track.porcelain.diff import Blob, Diff, diff

SHA = "0" * 64


def compared(kind: str, old: dict[str, Any], new: dict[str, Any]) -> Diff:
    """Return the diff of two runs with these documents."""
    objects = Counting()
    return diff(view("a", objects, **{kind: old}), view("b", objects, **{kind: new}))


class TestEnvironment:
    def test_packages_python_and_machine(self) -> None:
        """Packages go up, down, come and go; of the rest what was and what is."""
        old = {"python": {"version": "3.11.7"}, "host": "a", "gpus": ["X"],
               "packages": {"torch": "2.9.0", "ruamel.yaml": "0.18", "old": "1", "same": "1"}}  # fmt: skip
        new = {"python": {"version": "3.12.0"}, "host": "b", "gpus": ["X", "X"],
               "packages": {"torch": "2.10.0", "ruamel.yaml": "0.17", "new": "1", "same": "1"}}  # fmt: skip

        assert [
            ("gpus", "changed", None), ("host", "changed", None), ("packages.new", "added", None),
            ("packages.old", "removed", None), ("packages.ruamel.yaml", "changed", "down"),
            ("packages.torch", "changed", "up"), ("python.version", "changed", "up"),
        ] == [(c.name, c.way, c.to_dict()["direction"]) for c in compared("env", old, new)]  # fmt: skip

    def test_no_environment(self) -> None:
        """Where one run recorded none, all of the other's is new."""
        objects = Counting()
        found = diff(view("a", objects), view("b", objects, env={"host": "b"}))

        assert [("host", "added", None, "b")] == [(c.name, c.way, c.old, c.new) for c in found]


class TestCommand:
    def test_words_and_folder(self) -> None:
        """The words of the command differ as one; what is compared elsewhere is left out."""
        old = {"argv": ["x", "--lr", "1"], "cwd": ".", "rerun_of": "z", "modules": ["m.py"]}
        new = {"argv": ["x", "--lr", "2"], "cwd": "."}

        assert [("argv", ["x", "--lr", "1"], ["x", "--lr", "2"])] == [
            (c.name, c.old, c.new) for c in compared("command", old, new)
        ]

    def test_inputs_by_content(self) -> None:
        """An input differs by its content; when it was declared does not matter."""
        body = {"o": SHA, "size": 3, "start": True}
        old = {"inputs": {"a": body, "b": body, "gone": body}}
        new = {"inputs": {"a": {**body, "start": False}, "b": {**body, "o": "1" * 64}}}

        assert [
            ("b", "changed", Blob(SHA, 3, ""), Blob("1" * 64, 3, "")),
            ("gone", "removed", Blob(SHA, 3, ""), None),
        ] == [(c.name, c.way, c.old, c.new) for c in compared("command", old, new)]  # fmt: skip

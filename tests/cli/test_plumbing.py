"""``vcs-track cat-file`` and ``ls-objects``: the objects themselves."""

from __future__ import annotations

import hashlib
import json
import subprocess
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from cli.program import PROGRAM, make_run, on_terminal, read_terminal, vcs

import vcs_track

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository

__all__: list[str] = []

BINARY = bytes(range(256)) * 3


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.chdir(tmp_path)
    return vcs_track.init(tmp_path).with_defaults(capture_code=False)


def with_file(repo: Repository) -> str:
    """Make a run with a binary file and return the id of the file's bytes."""
    path = repo.root / "model.bin"
    path.write_bytes(BINARY)
    with repo.start_run("one") as run:
        return run.add_file(path)


def cat(*args: str) -> bytes:
    return subprocess.run(
        [*PROGRAM, "cat-file", *args], capture_output=True, check=True, timeout=60
    ).stdout


def rows(*args: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in vcs("ls-objects", "--json", *args).stdout.splitlines()]


class TestCatFile:
    def test_exact_bytes(self, repo: Repository) -> None:
        """The bytes come out as they are stored, by the id or a prefix of it."""
        oid = with_file(repo)

        assert [BINARY, BINARY] == [cat(oid), cat(oid[:8])]

    def test_run_gives_its_manifest(self, repo: Repository) -> None:
        """For a run the bytes hash to the id of its head."""
        make_run(repo, "one")
        head = repo.run("one").heads[0]

        assert head == hashlib.sha256(cat("one")).hexdigest()
        assert cat("@") == cat(head)

    def test_older_state_of_a_run(self, repo: Repository) -> None:
        """``RUN@{1}`` is the manifest before the last edit."""
        make_run(repo, "one")
        before = cat("one")
        repo.edit("one", notes="good")

        assert before == cat("one@{1}")

    def test_pretty(self, repo: Repository) -> None:
        """``--pretty`` indents JSON without changing it, and leaves other bytes alone."""
        oid = with_file(repo)
        shown = cat("one", "--pretty")

        assert json.loads(cat("one")) == json.loads(shown)
        assert shown.startswith(b'{\n  "@": "run/1",\n')
        assert BINARY == cat(oid, "--pretty")

    def test_ambiguous_prefix(self, repo: Repository) -> None:
        """A prefix of several objects is an error that lists them."""
        with repo.start_run("many") as run:
            for number in range(3000):
                run.add_text(str(number))
        ids = sorted(str(row["id"]) for row in rows())
        prefix, twins = next((a[:4], (a, b)) for a, b in pairwise(ids) if a[:4] == b[:4])
        done = vcs("cat-file", prefix, code=11)

        assert f"error: '{prefix}' is ambiguous: " in done.stderr
        assert all(oid in done.stderr for oid in twins)

    @pytest.mark.parametrize("what", ["nobody", "deadbeef", "f" * 64, "git:nowhere", ""])
    def test_unknown(self, repo: Repository, what: str) -> None:
        """What is not there is an error, never empty output."""
        make_run(repo, "one")
        done = vcs("cat-file", what, code=None)

        assert done.returncode in (1, 11)
        assert ("", True) == (done.stdout, done.stderr.startswith("error: "))

    def test_damaged_object_is_never_shown(self, repo: Repository) -> None:
        """An object that does not hash to its id is an error, and none of it is written."""
        oid = with_file(repo)
        (pack,) = (repo.path / "local" / "packs").glob("b-*.zip")
        data = pack.read_bytes()
        pack.chmod(0o644)
        pack.write_bytes(data[:120] + bytes([data[120] ^ 1]) + data[121:])
        done = vcs("cat-file", oid, code=12)

        assert "" == done.stdout
        assert oid[:12] in done.stderr

    def test_binary_stays_off_the_terminal(self, repo: Repository) -> None:
        """A terminal gets a hint instead of bytes that would garble it."""
        oid = with_file(repo)
        process, terminal = on_terminal("cat-file", oid)
        shown = read_terminal(terminal)

        assert b"would garble the terminal" in shown
        assert b"\x01\x02" not in shown
        assert 2 == process.wait(60)


class TestLsObjects:
    def test_lists_what_there_is(self, repo: Repository) -> None:
        """Each object is there once, with its kind, size and pack."""
        oid = with_file(repo)
        found = rows()
        (blob,) = (row for row in found if row["id"] == oid)

        assert ("blob", len(BINARY)) == (blob["kind"], blob["size"])
        assert {"run/1", "media/1", "env/1", "blob"} <= {row["kind"] for row in found}
        assert all((repo.path / "local" / "packs" / str(row["pack"])).is_file() for row in found)
        assert len(found) == len({row["id"] for row in found})

    def test_text_and_json_agree(self, repo: Repository) -> None:
        """The table has the same rows as ``--json``."""
        make_run(repo, "one")
        table = [line.split() for line in vcs("ls-objects").stdout.splitlines()]

        assert table == [[str(r[key]) for key in ("id", "kind", "size", "pack")] for r in rows()]

    def test_of_one_run(self, repo: Repository) -> None:
        """With RUN only what that run needs is listed."""
        make_run(repo, "one", lr=1)
        make_run(repo, "two", lr=2)
        everything, one = rows(), rows("one")

        assert repo.run("one").heads[0] in {row["id"] for row in one}
        assert repo.run("two").heads[0] not in {row["id"] for row in one}
        assert len(one) < len(everything)

    def test_absent_blob(self, repo: Repository) -> None:
        """A blob that is not here is listed without size and pack."""
        oid = with_file(repo)
        for pack in (repo.path / "local" / "packs").glob("b-*.zip"):
            pack.unlink()
        (blob,) = (row for row in rows("one") if row["id"] == oid)

        assert (None, None) == (blob["size"], blob["pack"])
        assert f"{oid} blob                -  -".split() in [
            line.split() for line in vcs("ls-objects", "one").stdout.splitlines()
        ]

    def test_live_run(self, repo: Repository) -> None:
        """A live run shows what it would be, with no pack yet."""
        with repo.start_run("going") as run:
            run.add_scalar("loss", 0.5, 0)
            found = rows("going")

        assert {"run/1", "scalars/1", "col/1"} <= {row["kind"] for row in found}

    def test_unknown_run(self, repo: Repository) -> None:
        """An unknown run is an error."""
        vcs("ls-objects", "nobody", code=11)

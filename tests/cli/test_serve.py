"""``vcs-track serve``: where it listens, who is let in, and what it says."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest
from cli.program import PROGRAM, started, vcs

import vcs_track
from vcs_track.compat.crayon import CrayonClient
from vcs_track.compat.crayon.server.serving import Serving

if TYPE_CHECKING:
    from pathlib import Path

__all__: list[str] = []


def stop(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Stop a server in order; return the rest of what it printed."""
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert 0 == process.returncode, err
    return out, err


class TestServe:
    def test_address_goes_to_stdout(self, tmp_path: Path) -> None:
        """A script reads where to connect from the first line; the talk goes to stderr."""
        server = started("-C", tmp_path, "serve", "crayon", "--port", "0")
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        address, _, port = url.rpartition(":")
        CrayonClient(address, port).create_experiment("foo").add_scalar_value("x", 1.0)
        out, err = stop(server)

        assert ("http://127.0.0.1", "") == (address, out)
        assert "Stopped; all runs are sealed." in err
        assert "finished" == vcs_track.open(tmp_path).run("foo").status

    def test_json_has_the_address(self, tmp_path: Path) -> None:
        """With --json the line is an object."""
        server = started("-C", tmp_path, "serve", "crayon", "--port", "0", "--json")
        assert server.stdout is not None
        found = json.loads(server.stdout.readline())
        stop(server)

        assert ["url"] == list(found)
        assert found["url"].startswith("http://127.0.0.1:")

    def test_quiet_says_nothing(self, tmp_path: Path) -> None:
        """With -q only the address is printed."""
        server = started("-q", "-C", tmp_path, "serve", "crayon", "--port", "0")
        assert server.stdout is not None
        assert server.stdout.readline().startswith("http://")

        assert ("", "") == stop(server)

    def test_other_addresses_want_a_token(self, tmp_path: Path) -> None:
        """Without a token nobody listens to the network, and no repository is made.

        Seen to fail when the repository was made first.
        """
        refused = vcs("-C", tmp_path, "serve", "crayon", "--host", "0.0.0.0", code=2)

        assert "others could reach '0.0.0.0', and there is no token" in refused.stderr
        assert [] == [*tmp_path.iterdir()]

    def test_token_of_the_environment(self, tmp_path: Path) -> None:
        """A token in the variable lets in who knows it, and is never shown."""
        server = subprocess.Popen(
            [*PROGRAM, "-C", str(tmp_path), "serve", "crayon", "--port", "0"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "VCS_TRACK_SERVE_TOKEN": "s3cret"},
        )  # fmt: skip
        assert server.stdout is not None
        port = server.stdout.readline().strip().rpartition(":")[2]
        found = CrayonClient("http://x:s3cret@127.0.0.1", port).get_experiment_names()
        with pytest.raises(RuntimeError):
            CrayonClient("http://127.0.0.1", port)
        out, err = stop(server)

        assert ([], "") == (found, out)
        assert "s3cret" not in err

    def test_port_that_is_taken(self, tmp_path: Path) -> None:
        """The message names the port, and what to do; no repository is made.

        Seen to fail when the repository was made first.
        """
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            said = vcs("-C", tmp_path, "serve", "crayon", "--port", port, code=1)

        assert f"cannot listen at '127.0.0.1', port {port}" in said.stderr
        assert "hint: " in said.stderr
        assert [] == [*tmp_path.iterdir()]

    @pytest.mark.parametrize(
        ("host", "hint"),
        [("x" * 64, "spelt right"), ("203.0.113.1", "no address of this machine")],
    )
    def test_address_that_is_none(self, tmp_path: Path, host: str, hint: str) -> None:
        """The hint is about the address, not about the port. Nobody is asked for the names.

        Seen to fail when every hint was about the port.
        """
        where = ["--host", host, "--port", "0", "--token", "x"]
        said = vcs("-C", tmp_path, "serve", "crayon", *where, code=1)

        assert f"cannot listen at '{host}', port 0: " in said.stderr
        assert hint in said.stderr
        assert [] == [*tmp_path.iterdir()]

    def test_repository_that_cannot_be_had(self, tmp_path: Path) -> None:
        """The port is free again when the repository is refused.

        Seen to fail when the listener was left to the garbage collector.
        """
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with pytest.raises(vcs_track.errors.RepositoryNotFoundError):
            Serving(lambda: vcs_track.open(tmp_path), port=port)

        socket.create_server(("127.0.0.1", port)).close()

    def test_name_that_is_two_addresses(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where a name is an address of both kinds, the server listens at the older kind.

        Seen to fail when each of them got a listener of its own.
        """
        addresses = [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 0, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
        server = Serving(lambda: vcs_track.init(tmp_path), "localhost", 0)
        server.close()

        assert server.url.startswith("http://127.0.0.1:")

    def test_unknown_interface(self, tmp_path: Path) -> None:
        """There is one interface, and no other word is taken for it."""
        assert "crayon" in vcs("-C", tmp_path, "serve", "other", code=2).stderr
        assert [] == list(tmp_path.iterdir())

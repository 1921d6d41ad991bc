"""Making, opening and removing experiments, through every way to a client."""

from __future__ import annotations

import gc
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from vcs_track.compat.crayon import CrayonClient

if TYPE_CHECKING:
    from pathlib import Path

    from compat.crayon.faces import Face


class TestConnecting:
    def test_defaults_are_those_of_the_documentation(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without arguments a client works in the current folder, and has the documented port."""
        monkeypatch.chdir(tmp_path)
        client = CrayonClient()

        assert ("localhost", 6007, "http://localhost:6007") == (
            client.hostname, client.port, client.url,
        )  # fmt: skip
        assert (tmp_path / ".runs").is_dir()

    @pytest.mark.parametrize("port", [123412341234, 65536, -1, "no port", ""])
    def test_port_out_of_range_is_a_value_error(self, tmp_path: Path, port: Any) -> None:
        """A port that cannot be one is refused before anything is done."""
        with pytest.raises(ValueError, match="no port"):
            CrayonClient(tmp_path, port)

        assert [] == list(tmp_path.iterdir())

    @pytest.mark.parametrize("hostname", ["not_open_localhost", "example.org"])
    def test_name_of_another_machine_is_a_value_error(self, hostname: str) -> None:
        """Whoever names a machine meant a server: data must not end up in a folder."""
        with pytest.raises(ValueError, match=f"The server at {hostname}:8889 does not appear"):
            CrayonClient(hostname, 8889)

    def test_missing_folder_is_a_value_error(self, tmp_path: Path) -> None:
        """A folder is not made where a path leads nowhere."""
        with pytest.raises(ValueError, match="there is no folder"):
            CrayonClient(tmp_path / "nowhere")

    def test_closed_port_is_a_value_error(self) -> None:
        """A server that does not answer is said in the original's words."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with pytest.raises(ValueError, match=f"The server at http://127.0.0.1:{port} does not"):
            CrayonClient("http://127.0.0.1", port)

    def test_forgotten_client_closes_its_connection(self, url: str) -> None:
        """Also one that goes with what it refers to in a circle.

        Seen to fail while the socket could go before who closes it.
        """
        host, _, port = url.rpartition(":")
        said: list[str] = []
        before, sys.unraisablehook = sys.unraisablehook, lambda *_: said.append("unclosed")
        try:
            circles: list[list[object]] = [[CrayonClient(host, port)] for _ in range(5)]
            for circle in circles:
                circle.append(circles)
            del circle, circles
            gc.collect()
        finally:
            sys.unraisablehook = before

        assert [] == said

    @pytest.mark.parametrize(
        ("status", "body", "said"),
        [(200, "0.4", "version 0.5, however found server running version 0.4"), (400, "x", "x")],
    )
    def test_another_server_is_a_runtime_error(self, status: int, body: str, said: str) -> None:
        """Something else that answers is no server of Crayon."""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None: ...

        with HTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.handle_request).start()
            with pytest.raises(RuntimeError, match=said):
                CrayonClient("http://127.0.0.1", server.server_port)

    def test_import_loads_no_server_and_no_http(self) -> None:
        """A script without a server loads neither the server nor a client for HTTP."""
        import subprocess

        script = (
            "import sys, vcs_track\n"
            "assert not [m for m in sys.modules if 'compat' in m]\n"
            "from vcs_track.compat.crayon import CrayonClient\n"
            "print([m for m in ('http.client', 'waitress', 'zipfile', 'PIL') if m in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

        assert "[]" == done.stdout.strip(), done.stderr


class TestExperiments:
    def test_names_are_listed(self, face: Face) -> None:
        """Every experiment is listed, also one without data."""
        client = face.client()
        client.create_experiment("foo")
        client.create_experiment("bar").add_scalar_value("x", 1.0)

        assert ["bar", "foo"] == sorted(client.get_experiment_names())
        assert ["bar", "foo"] == sorted(face.client().get_experiment_names())

    def test_without_experiments_the_list_is_empty(self, face: Face) -> None:
        """A new repository has no experiments."""
        assert [] == face.client().get_experiment_names()

    @pytest.mark.parametrize("name", [None, 5, b"foo", ["foo"]])
    @pytest.mark.parametrize("verb", ["create_experiment", "open_experiment", "remove_experiment"])
    def test_name_that_is_no_text_is_an_assertion_error(
        self, face: Face, verb: str, name: Any
    ) -> None:
        """Names are text; anything else is refused before a request."""
        with pytest.raises(AssertionError):
            getattr(face.client(), verb)(name)

    def test_name_is_checked_under_python_minus_o(self, tmp_path: Path) -> None:
        """The check is no assert statement, which `python -O` leaves out."""
        import subprocess

        script = (
            "from vcs_track.compat.crayon import CrayonClient\n"
            "try: CrayonClient('.').create_experiment(5)\n"
            "except AssertionError: print('refused')\n"
        )
        done = subprocess.run(
            [sys.executable, "-O", "-c", script], cwd=tmp_path, capture_output=True, text=True
        )

        assert "refused\n" == done.stdout, done.stderr

    def test_empty_name_is_a_value_error(self, face: Face) -> None:
        """No verb takes an empty name."""
        client = face.client()

        with pytest.raises(ValueError, match="Experiment name should be a non-empty string"):
            client.create_experiment("")
        with pytest.raises(ValueError, match="Experiment name should be a non-empty string"):
            client.remove_experiment("")

    def test_second_of_a_name_is_a_value_error(self, face: Face) -> None:
        """A name is given once; the first keeps its data."""
        face.experiment("foo").add_scalar_value("x", 1.0, wall_time=1)

        with pytest.raises(ValueError, match="'foo' experiment already exists"):
            face.experiment("foo")
        assert [[1.0, 0, 1.0]] == face.client().open_experiment("foo").get_scalar_values("x")

    def test_unknown_one_is_a_value_error(self, face: Face) -> None:
        """Opening and removing want one that is there."""
        client = face.client()

        with pytest.raises(ValueError, match="Unknown experiment name 'nope'"):
            client.open_experiment("nope")
        with pytest.raises(ValueError, match="'nope' experiment does not already exist"):
            client.remove_experiment("nope")

    def test_removal_is_at_once(self, face: Face) -> None:
        """What was removed is not listed, and every call of its objects fails."""
        client, foo = face.client(), face.experiment()
        foo.add_scalar_value("x", 1.0)

        assert None is client.remove_experiment("foo")
        assert [] == client.get_experiment_names()
        for call in (
            lambda: foo.add_scalar_value("x", 1.0),
            lambda: foo.add_histogram_value("x", [1.0], tobuild=True),
            lambda: foo.get_scalar_values("x"),
            foo.get_scalar_names,
            foo.get_histogram_names,
            foo.to_zip,
        ):
            with pytest.raises(ValueError, match="Something went wrong"):
                call()

    def test_removed_name_is_free_at_once(self, face: Face) -> None:
        """A new experiment of an old name has nothing of the old one."""
        face.experiment().add_scalar_value("x", 1.0)
        face.client().remove_experiment("foo")
        foo = face.experiment()

        assert [] == foo.get_scalar_names()
        foo.add_scalar_value("y", 2.0, wall_time=1)
        assert [[1.0, 0, 2.0]] == foo.get_scalar_values("y")

    def test_remove_all(self, face: Face) -> None:
        """All are removed, also those without data."""
        client = face.client()
        for name in ("a", "b", "c"):
            client.create_experiment(name)
        client.remove_all_experiments()

        assert [] == face.client().get_experiment_names()

    @pytest.mark.parametrize(
        "name",
        [
            "a b",
            "a/b",
            "../x",
            "..",
            "/etc/passwd",
            "a=b?c",
            "ä€😀",
            "'; rm -rf .;'",
            "%2e%00",
            "-x",
        ],
    )
    def test_names_are_data(self, face: Face, name: str, tmp_path: Path) -> None:
        """Any text names an experiment, and none is a path or a word of a shell."""
        if "%" in name and face.name == "real":
            pytest.skip("the real client sends a percent sign as it is")
        client = face.client()
        foo = client.create_experiment(name)
        foo.add_scalar_value("x", 1.0, wall_time=1)

        assert [name] == client.get_experiment_names()
        assert [[1.0, 0, 1.0]] == client.open_experiment(name).get_scalar_values("x")
        assert [".runs"] == [path.name for path in tmp_path.iterdir()]

    @pytest.mark.parametrize("name", ["a+b", "a&b=c", "#1", "100%", "\0\n\x1b", " ", "x" * 1000])
    def test_names_that_the_original_breaks(self, documented: Face, name: str) -> None:
        """Ours sends every name as it is; the original cuts or turns some."""
        client = documented.client()
        client.create_experiment(name).add_scalar_value(name[:200], 1.0, wall_time=1)
        foo = client.open_experiment(name)

        assert ([name], [name[:200]]) == (client.get_experiment_names(), foo.get_scalar_names())
        assert [[1.0, 0, 1.0]] == foo.get_scalar_values(name[:200])

    def test_name_that_is_too_long_is_a_value_error(self, face: Face) -> None:
        """A name has a limit, and nothing is made of a longer one."""
        with pytest.raises(ValueError, match="a name has at most 1000 characters"):
            face.experiment("x" * 1001)
        assert [] == face.client().get_experiment_names()

    def test_opening_counts_on(self, face: Face) -> None:
        """An opened experiment goes on behind the last step of each series."""
        foo = face.experiment()
        foo.add_scalar_value("x", 1.0, step=7)
        foo.add_scalar_value("y", 1.0, step=3)
        foo.add_scalar_value("y", 1.0, step=1)
        again = face.client().open_experiment("foo")

        assert {"x": 8, "y": 2} == dict(again.scalar_steps)

"""Crayon's interface: in process beside our own method, and its server beside a minimal one.

    python benchmarks/crayon.py

What is measured, and how to read it: ``docs/benchmarks.md``. The ways take turns, the best of
each counts. The real client is measured where `pycrayon` is installed.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import vcs_track
from vcs_track.compat.crayon import CrayonClient
from vcs_track.formats import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

POINTS = 100_000
CALLS = 1000
TURNS = 5

MINIMAL = """\
import json
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(b"0.5")
    def do_POST(self):
        json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(b"ok")
    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass

server = HTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
"""


class Server(NamedTuple):
    port: int
    pid: int

    @property
    def busy(self) -> float:
        """Seconds of processor time so far, on Linux."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(*command: str) -> Iterator[Server]:
    process = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        yield Server(int(process.stdout.readline().strip().rpartition(":")[2]), process.pid)
    finally:
        process.terminate()
        process.wait()


# ---- in process --------------------------------------------------------------------------


def native() -> float:
    run = vcs_track.init(Path.cwd()).start_run(capture_code=False)
    add = run.add_scalar
    begin = time.perf_counter()
    for step in range(POINTS):
        add("loss", 0.5, step)
    took = time.perf_counter() - begin
    run.finish()
    return took


def in_process(*, explicit: bool) -> float:
    client = CrayonClient(Path.cwd())
    add = client.create_experiment("bench").add_scalar_value
    begin = time.perf_counter()
    if explicit:
        for step in range(POINTS):
            add("loss", 0.5, step=step)
    else:
        for _ in range(POINTS):
            add("loss", 0.5)
    took = time.perf_counter() - begin
    client.remove_experiment("bench")
    return took


def compare_in_process() -> None:
    ways = {
        "our own method": native,
        "in process": lambda: in_process(explicit=False),
        "in process, explicit steps": lambda: in_process(explicit=True),
    }
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(TURNS):
        for name, way in ways.items():
            best[name] = min(best[name], way())
    for name, took in best.items():
        print(f"{name:32}{POINTS / took:12,.0f} points/s {took / best['our own method']:6.2f}x")


# ---- over HTTP ---------------------------------------------------------------------------


def with_requests(port: int) -> tuple[float, float]:
    """Return seconds a call, and seconds of the client's own processor time."""
    import requests

    url = f"http://127.0.0.1:{port}/data/scalars?xp=bench&name=loss"
    begin, busy = time.perf_counter(), time.process_time()
    for step in range(CALLS):
        assert requests.post(url, json=[time.time(), step, 0.5], timeout=60).text == "ok"
    return (time.perf_counter() - begin) / CALLS, (time.process_time() - busy) / CALLS


def with_real_client(port: int) -> tuple[float, float]:
    from pycrayon import CrayonClient as Real

    client = Real("127.0.0.1", port)
    found = client.open_experiment("bench") if "bench" in _names(client) else None
    add = (found or client.create_experiment("bench")).add_scalar_value
    begin, busy = time.perf_counter(), time.process_time()
    for step in range(CALLS):
        add("loss", 0.5, step=step)
    return (time.perf_counter() - begin) / CALLS, (time.process_time() - busy) / CALLS


def _names(client: Any) -> list[str]:
    try:
        found: list[str] = client.get_experiment_names()
    except (TypeError, ValueError):
        return []
    return found if isinstance(found, list) else []


def kept_alive(port: int) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    begin = time.perf_counter()
    for step in range(CALLS):
        body = b"[%.6f,%d,0.5]" % (time.time(), step)
        path = "/data/scalars?xp=bench&name=loss"
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert answer.read() == b"ok"
        if answer.will_close:
            connection.close()
    connection.close()
    return (time.perf_counter() - begin) / CALLS


def compare_servers() -> None:
    Path("minimal.py").write_text(MINIMAL)
    # The current folder is that of the repository.
    with (
        served("minimal.py") as minimal,
        served("-m", "vcs_track", "serve", "crayon", "--port", "0") as ours,
    ):
        CrayonClient("http://127.0.0.1", ours.port).create_experiment("bench")
        servers = {"minimal http.server": minimal, "vcs-track serve": ours}
        calls: dict[str, list[tuple[float, float, float]]] = {name: [] for name in servers}
        kept: dict[str, float] = dict.fromkeys(servers, float("inf"))
        for _ in range(TURNS):
            for name, server in servers.items():
                before = server.busy
                took, busy = _one_turn(server.port)
                calls[name].append((took, busy, (server.busy - before) / CALLS))
                kept[name] = min(kept[name], kept_alive(server.port))
        for name, found in calls.items():
            took, client, server_time = (min(column) for column in zip(*found, strict=True))
            print(
                f"{name:32}{1 / took:12,.0f} points/s; processor time of a call: client "
                f"{client * 1e3:.2f} ms, server {server_time * 1e3:.2f} ms; "
                f"kept alive {1 / kept[name]:,.0f} points/s"
            )
        beside(ours.port)
        read_back(ours.port)


def _one_turn(port: int) -> tuple[float, float]:
    try:
        return with_real_client(port)
    except ImportError:
        return with_requests(port)


def beside(port: int) -> None:
    """Print how a reader in a loop slows the writer down."""
    alone = min(kept_alive(port) for _ in range(3))
    script = (
        "import sys\nfrom vcs_track.compat.crayon import CrayonClient\n"
        "foo = CrayonClient('http://127.0.0.1', int(sys.argv[1])).open_experiment('bench')\n"
        "print('at work', flush=True)\n"
        "while True: foo.get_scalar_values('loss')\n"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", script, str(port)], stdout=subprocess.PIPE, text=True
    )
    assert reader.stdout is not None
    reader.stdout.readline()
    slowed = min(kept_alive(port) for _ in range(3))
    real = min(_one_turn(port) for _ in range(3))[0]
    reader.kill()
    reader.wait()
    reader.stdout.close()
    alone_real = min(_one_turn(port) for _ in range(3))[0]
    print(f"writer beside a reader in a loop: {slowed / alone:.2f}x as long kept alive, ", end="")
    print(f"{real / alone_real:.2f}x with the client that connects each time")


def read_back(port: int) -> None:
    """Print what reading 100,000 points costs, and what their JSON alone does."""
    writer = CrayonClient("http://127.0.0.1", port).create_experiment("long")
    rows = [[1e9 + step / 7, step, step / 3] for step in range(POINTS)]

    def write(part: range) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for step in part:
            connection.request(
                "POST", "/data/scalars?xp=long&name=loss", json.dumps(rows[step]).encode(),
                {"Content-Type": "application/json"},
            )  # fmt: skip
            connection.getresponse().read()
        connection.close()

    threads = [threading.Thread(target=write, args=(range(n, POINTS, 4),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    def get() -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/data/scalars?xp=long&name=loss")
        body = connection.getresponse().read()
        connection.close()
        return body

    begin = time.perf_counter()
    body = get()
    first = time.perf_counter() - begin
    assert len(json.loads(body)) == POINTS
    again = min(_timed(get) for _ in range(TURNS))
    columns = list(map(list, zip(*rows, strict=True)))
    ours = min(_timed(lambda: canonical.dumps_rows(columns)) for _ in range(TURNS))
    plain = min(_timed(lambda: json.dumps(rows)) for _ in range(TURNS))
    print(
        f"read {POINTS:,} points: first {first * 1e3:.0f} ms, again {again * 1e3:.0f} ms; ", end=""
    )
    print(f"their JSON alone {ours * 1e3:.0f} ms, with the standard library {plain * 1e3:.0f} ms")
    begin = time.perf_counter()
    assert len(writer.get_scalar_values("loss")) == POINTS
    print(f"the same through our own client: {(time.perf_counter() - begin) * 1e3:.0f} ms")


def _timed(what: Any) -> float:
    begin = time.perf_counter()
    what()
    return time.perf_counter() - begin


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        print(f"load {os.getloadavg()[0]:.2f}")
        compare_in_process()
        compare_servers()

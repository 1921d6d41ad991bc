"""The pages in a real browser: nothing is asked for, nothing runs."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from pages.browser import look, needs_browser
from pages.pair import HOSTILE
from PIL import Image

from vcs_track.pages.page import POLICY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pages.conftest import Shown

__all__: list[str] = []

pytestmark = needs_browser

# All but the fragment that is hostile: a browser tells of each thing that it forbids there.
HARMLESS = ["--tag", "[!t]*", "--tag", "train/*"]
TITLE = "<title>base → better</title>"


@contextmanager
def serving() -> Iterator[tuple[str, list[str]]]:
    """Give the address of a server and the list of what it is asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>pwned</title>")

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def saved(folder: Path, text: str) -> Path:
    path = folder / "page.html"
    path.write_text(text, encoding="utf-8")
    return path


class TestQuiet:
    @pytest.mark.parametrize(
        "words",
        [
            ["base", "better", *HARMLESS],
            ["base", "third"],
            ["base", "better", "third"],
            ["--group", "base, third", "sweep"],
        ],
        ids=["pair", "fragment", "matrix", "groups"],
    )
    def test_nothing_is_said_or_asked(
        self, words: list[str], shown: Shown, tmp_path: Path
    ) -> None:
        """The console stays empty and the network unused, with charts, images and a frame."""
        seen = look(saved(tmp_path, shown("diff", *words, "--html", "-")))

        assert "</footer>" in seen.dom
        assert ([], []) == (seen.console, seen.asked)


class TestHostile:
    def test_the_probe_works(self, tmp_path: Path) -> None:
        """Without what guards it the fragment does reach the server: the tests below can fail."""
        with serving() as (server, asked):
            seen = look(saved(tmp_path, f"<title>safe</title>{HOSTILE}"), server=server)

        assert {"/script", "/image.png"} & {*asked}
        assert "<title>safe</title>" not in seen.dom

    def test_nothing_runs_or_leaves(self, shown: Shown, tmp_path: Path) -> None:
        """Scripts, handlers, refreshes and frames of a fragment do nothing, to nobody.

        Seen to fail when the fragment was put into the page itself.
        """
        with serving() as (server, asked):
            seen = look(
                saved(tmp_path, shown("diff", "base", "better", "--html", "-")), server=server
            )

        assert TITLE in seen.dom
        assert "</footer>" in seen.dom
        assert ([], []) == (asked, seen.asked)

    @pytest.mark.parametrize("guard", ["policy", "sandbox"])
    def test_either_guard_is_enough(self, guard: str, shown: Shown, tmp_path: Path) -> None:
        """Where one of the two guards is missing the page still is not changed.

        Seen to fail for each when the other one allowed scripts.
        """
        whole = shown("diff", "base", "better", "--html", "-")
        bare = {
            "policy": lambda: whole.replace(POLICY.replace("'", "&#x27;"), "", 1),
            "sandbox": lambda: re.sub(r' sandbox=""', "", whole),
        }[guard]()
        with serving() as (server, _):
            seen = look(saved(tmp_path, bare), server=server)

        assert bare != whole
        assert TITLE in seen.dom
        assert "</footer>" in seen.dom


class TestLooks:
    def test_light_and_dark(self, shown: Shown, tmp_path: Path) -> None:
        """The page is as light or dark as its reader has it."""
        page = saved(tmp_path, shown("diff", "base", "better", "--html", "-"))
        colours = []
        for dark in (False, True):
            picture = tmp_path / f"{dark}.png"
            look(page, picture=picture, width=800, height=600, dark=dark)
            with Image.open(picture) as image:
                colours.append(image.convert("L").crop((2, 2, 3, 3)).tobytes()[0])

        assert colours[0] > 240
        assert colours[1] < 40

"""A real browser that looks at a page, and tells what the page asked the network for."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

__all__ = ["Seen", "look", "needs_browser"]

_CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")
_PATIENCE: Final = 60
_CONSOLE: Final = re.compile(r"CONSOLE(?::\d+)?\] (.*)")

needs_browser = pytest.mark.skipif(
    _CHROMIUM is None, reason="needs Chromium: no chromium or chromium-browser on the path"
)


@dataclass(frozen=True)
class Seen:
    """What a browser made of a page.

    Attributes:
        dom: The document after all was loaded.
        console: What was written to its console.
        asked: Addresses that the page wanted from anywhere but itself.
    """

    dom: str
    console: list[str]
    asked: list[str]


def look(
    page: Path, *, picture: Path | None = None, width: int = 1000, height: int = 1200,
    dark: bool = False, server: str | None = None,
) -> Seen:  # fmt: skip
    """Open *page* as a file, in a new profile.

    No name of a host leads anywhere, but ``probe.example`` to *server* where there is one.
    """
    assert _CHROMIUM is not None
    rules = "MAP * ~NOTFOUND" if server is None else f"MAP probe.example {server}"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        log = Path(home, "net.json")
        done = subprocess.run(
            [
                _CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--disable-default-apps",
                "--disable-extensions", f"--user-data-dir={home}/profile",
                "--enable-logging=stderr", "--v=0", "--virtual-time-budget=4000",
                f"--host-resolver-rules={rules}", f"--log-net-log={log}",
                f"--window-size={width},{height}", "--hide-scrollbars",
                f"--blink-settings=preferredColorScheme={0 if dark else 1}",
                *([f"--screenshot={picture}"] if picture else ["--dump-dom"]),
                page.as_uri(),
            ],
            capture_output=True, text=True, errors="replace", timeout=_PATIENCE, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        asked = list(_asked(_events(log.read_text(errors="replace"))))
    return Seen(done.stdout, _CONSOLE.findall(done.stderr), asked)


def _events(text: str) -> list[dict[str, Any]]:
    try:
        log = json.loads(text)
    except ValueError:  # the end is missing where the browser was quick to leave
        log = json.loads(text.rstrip().rstrip(",") + "]}")
    names = {number: name for name, number in log["constants"]["logEventTypes"].items()}
    return [{**event, "type": names[event["type"]]} for event in log["events"]]


def _asked(events: list[dict[str, Any]]) -> list[str]:
    """Return what the page asked for; what a browser asks for itself has no origin."""
    started = [e.get("params", {}) for e in events if e["type"] == "URL_REQUEST_START_JOB"]
    return [
        params["url"]
        for params in started
        if "url" in params
        and params.get("initiator") != "not an origin"
        and not params["url"].startswith(("data:", "file:"))
    ]

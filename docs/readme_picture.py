"""Draw ``docs/_static/terminal.svg``, the picture of the README, from a real demo.

Run it by hand after a change of what the commands print::

    python docs/readme_picture.py
"""  # noqa: INP001 -- a script beside the pages

from __future__ import annotations

import io
import os
import re
import subprocess
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from vcs_track.demo import story

__all__ = ["PICTURE", "draw"]

PICTURE = Path(__file__).parent / "_static" / "terminal.svg"
WIDTH = 80
SHOWN = ("python train.py", "vcs-track ls", "vcs-track diff '@{-1}' @")
EDIT = "# change how the features are scaled; no commit"
LINES_OF_DIFF = 16


def tell(folder: Path, console: Console) -> None:
    """Run the demo in *folder* and show a part of it."""
    for name, value in {"COLUMNS": str(WIDTH), "FORCE_COLOR": "1", "GIT_PAGER": "cat"}.items():
        os.putenv(name, value)
    seen: set[str] = set()
    for step in story.steps(folder):
        done = subprocess.run(
            step.program, cwd=step.folder, check=True, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        if step.typed not in SHOWN or (step.typed in seen and step.words[0] != "python"):
            continue
        if step.typed in seen:
            console.print(f"[bright_black]{EDIT}[/]")
        seen.add(step.typed)
        lines = done.stdout.rstrip().splitlines()
        console.print(f"[bold green]$[/] [bold]{step.typed}[/]")
        for line in lines[:LINES_OF_DIFF]:
            console.print(Text.from_ansi(line), overflow="crop", no_wrap=True)
        if len(lines) > LINES_OF_DIFF:
            console.print("[bright_black]...[/]")
        if len(seen) == len(SHOWN):
            return


def draw() -> str:
    """Return the picture."""
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, highlight=False,
        color_system="truecolor",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        tell(Path(folder), console)
    svg = console.export_svg(title="vcs-track", unique_id="vcs-track")
    # A picture fetches nothing: the reader's own monospaced font will do.
    return re.sub(r"\s*@font-face \{.*?\n    \}", "", svg, flags=re.DOTALL)


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(draw(), encoding="utf-8")

"""Two runs that differ in everything, the same on every machine and at any time."""

from __future__ import annotations

import math
import os
import struct
import subprocess
import zlib
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import vcs_track
from vcs_track.formats.manifest import RunManifest, encode_document
from vcs_track.plumbing.pack_writer import PackWriter
from vcs_track.porcelain import heads as head_rules

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository, Run

__all__ = ["HOSTILE", "forge", "make_pair", "png"]

# Whatever a page does with it, none of this may happen.
HOSTILE = """\
<h1>a fragment</h1>
<script>
  new Image().src = "http://probe.example/script"; parent.document.title = "pwned";
  top.location = "http://probe.example/top"; document.title = "pwned";
</script>
<img src="http://probe.example/image.png" onerror="parent.document.title = 'pwned'">
<meta http-equiv="refresh" content="0; url=http://probe.example/refresh">
<link rel="stylesheet" href="http://probe.example/style.css">
<iframe src="http://probe.example/frame"></iframe>
<iframe srcdoc="<script>top.document.title = 'pwned'</script>"></iframe>
<form action="http://probe.example/form"><button autofocus>send</button></form>
<object data="http://probe.example/object"></object>
<a href="http://probe.example/link" target="_top">out</a>
</iframe></body><script>document.title = "pwned"</script>"><script>document.title = "pwned"</script>
"""

_START = 1_767_225_600  # 2026-01-01, in seconds
_WHEN = {
    "GIT_AUTHOR_DATE": f"{_START} +0000", "GIT_COMMITTER_DATE": f"{_START} +0000",
    "GIT_AUTHOR_NAME": "A Tester", "GIT_AUTHOR_EMAIL": "tester@example.org",
    "GIT_COMMITTER_NAME": "A Tester", "GIT_COMMITTER_EMAIL": "tester@example.org",
}  # fmt: skip

_ENV: dict[str, Any] = {
    "python": {"executable": "python", "implementation": "cpython", "version": "3.11.4"},
    "platform": "Linux", "host": "node1", "user": "kim", "cpus": 8, "memory": 2**34,
    "gpus": ["A100"], "variables": {},
    "packages": {"numpy": "1.26.4", "torch": "2.3.1", "pillow": "10.3.0", "six": "1.16.0"},
}  # fmt: skip
_LATER: dict[str, Any] = {
    **_ENV, "python": {**_ENV["python"], "version": "3.12.1"}, "host": "node2",
    "gpus": ["H100", "H100"],
    "packages": {"numpy": "2.0.0", "torch": "2.2.0", "pillow": "10.3.0", "tqdm": "4.66.4"},
}  # fmt: skip

_TRAIN = "import model\n\nlr = 0.1\nfor step in range(40):\n    model.train(step, lr)\n"
_NOTES = ["setup", "trained on the small set", "looks fine", "ask Kim about the labels", "end"]


def png(pixels: list[list[int]], *, scale: int = 16) -> bytes:
    """Return grey pixels as a PNG, without a compressor whose version would show."""
    rows = [[value for value in row for _ in range(scale)] for row in pixels for _ in range(scale)]
    raw = b"".join(b"\0" + bytes(row) for row in rows)
    stored = b"\x78\x01\x01" + struct.pack("<HH", len(raw), len(raw) ^ 0xFFFF) + raw
    stored += struct.pack(">I", zlib.adler32(raw))
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    parts = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", head), (b"IDAT", stored), (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + parts


def git(folder: Path, *args: str) -> None:
    subprocess.run(
        ["git", *args], cwd=folder, check=True, capture_output=True, timeout=60,
        env={**os.environ, **_WHEN},
    )  # fmt: skip


def forge(repo: Repository, run: str, env: dict[str, Any], **facts: Any) -> None:
    """Give a run the environment, times and command of another machine."""
    store = repo.store
    store.home.packs.refresh()
    heads = store.home.head_folder.of(run)
    old: RunManifest = head_rules.current(heads, store.home.objects)
    writer = PackWriter(store.layout.tmp, store.format)
    state = replace(
        old, **facts, env=writer.add(encode_document("env/1", env)), parents=tuple(heads),
        git={**(old.git or {}), "remote": None},
    )  # fmt: skip
    oid = writer.add(state.encode())
    writer.install(store.home.packs.folder, "p", store.home.objects)
    store.home.sync_packs()
    store.home.head_folder.add(run, oid, heads)


def make_pair(folder: Path) -> Repository:
    """Make a repository with the runs ``base`` and ``better``, and ``third`` beside them."""
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "train.py").write_text(_TRAIN)
    (folder / "old.py").write_text("x = 1\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "start")
    repo = vcs_track.init(folder)
    data = folder / "data.csv"
    data.write_text("x,y\n1,2\n")
    _first(repo, folder)
    _third(repo, folder)
    data.write_text("x,y\n1,2\n3,4\n")
    (folder / "train.py").write_text(_TRAIN.replace("0.1", "0.03").replace("40", "60"))
    (folder / "old.py").unlink()
    (folder / "model.py").write_text("def train(step, lr):\n    return step * lr\n")
    _second(repo, folder)
    argv = ["python", "train.py", "--lr", "0.1"]
    _forge(repo, "base1111", _ENV, _START, 60, argv)
    _forge(repo, "thrd3333", _ENV, _START + 600, 66, argv)
    argv = ["python", "train.py", "--lr", "0.03", "--note", "x | `y`"]
    _forge(repo, "next2222", _LATER, _START + 3600, 95, argv, status="failed")
    return vcs_track.open(folder)


def _forge(
    repo: Repository, run: str, env: dict[str, Any], start: int, took: int, argv: list[str],
    **facts: Any,
) -> None:  # fmt: skip
    inputs = (repo.run(run).command or {}).get("inputs")
    forge(
        repo, run, env, created_us=start * 10**6, ended_us=(start + took) * 10**6,
        time_us=(start + took + 1) * 10**6, writers={},
        command={"argv": argv, "cwd": ".", "inputs": inputs}, **facts,
    )  # fmt: skip


def _numbers(run: Run, steps: int, fall: float) -> None:
    for step in range(steps):
        loss = 1 / (1 + step * fall)
        run.add_scalars(
            {"train/loss": loss, "val/acc": 1 - loss / 2, "lr": 0.125, "speed": 100.0},
            step=step, walltime=_START + step,
        )  # fmt: skip


def _first(repo: Repository, folder: Path) -> None:
    hparams = {
        "lr": 0.1, "batch": 32, "seed": 1, "layers": [64, 64], "warmup": None,
        "optimizer": {"name": "adam", "betas": [0.9, 0.999]},
        "prompt": "Answer the question in one short sentence and say when you do not know.",
    }  # fmt: skip
    (folder / "config.json").write_text('{"lr": 0.1}\n')
    with repo.start_run(
        "base", id="base1111", hparams=hparams, tags=["first", "kept"], notes="as agreed",
        project="digits", inputs=[folder / "data.csv"],
    ) as run:  # fmt: skip
        _numbers(run, 40, 0.125)
        for step in range(5):
            run.add_scalar("retired", step, step, walltime=_START)
        run.set_summary(params=1_000_000)
        run.add_image(png([[0, 64], [128, 255]]), tag="sample", step=3)
        run.add_histogram("weights", [1, 2, 1], [0.0, 1.0, 2.0, 3.0], step=0)
        run.add_text("\n".join(_NOTES), tag="diary", step=1)
        run.add_fragment("<h1>a fragment</h1>\n<p>plain</p>\n", tag="table", step=1)
        run.add_file(folder / "config.json")
        run.write_result(**{"test/acc": 0.875, "test/error": 0.125})


def _third(repo: Repository, folder: Path) -> None:
    """Make a run that is the first once more, with another seed and a little less luck."""
    hparams = {
        "lr": 0.1, "batch": 32, "seed": 2, "layers": [64, 64], "warmup": None,
        "optimizer": {"name": "adam", "betas": [0.9, 0.999]},
    }  # fmt: skip
    with repo.start_run(
        "third", id="thrd3333", hparams=hparams, tags=["kept"], project="digits",
        inputs=[folder / "data.csv"],
    ) as run:  # fmt: skip
        _numbers(run, 40, 0.09375)
        run.set_summary(params=1_000_000)
        run.write_result(**{"test/acc": 0.8125, "test/error": 0.1875})


def _second(repo: Repository, folder: Path) -> None:
    hparams = {
        "lr": 0.03, "batch": 64, "seed": 1.0, "layers": [64, 128], "dropout": 0.5,
        "optimizer": {"name": "adamw", "betas": [0.9, 0.999]},
        "prompt": "Answer the question in two sentences, and say so when you do not know. <b>@all #1",
        "a|b": "x` | **y**",
    }  # fmt: skip
    (folder / "config.json").write_text('{"lr": 0.03,\n "batch": 64}\n')
    with suppress(RuntimeError), repo.start_run(
        "better", id="next2222", hparams=hparams, tags=["kept", "second"],
        notes="lower rate | see #12 and @kim\nmore on line two", project="digits", group="sweep",
        inputs=[folder / "data.csv"],
    ) as run:  # fmt: skip
        _numbers(run, 60, 0.25)
        for step in range(30):
            value = math.nan if 9 < step < 14 else math.inf if step == 20 else step % 7 / 8
            run.add_scalar("grad/norm", value, step, walltime=_START)
        run.set_summary(params=1_250_000, **{"<script>alert(1)</script>": 1})
        run.set_color("ff8800")
        run.add_image(png([[0, 64], [192, 255]]), tag="sample", step=3)
        run.add_image(png([[255, 0], [0, 255]]), tag="sample", step=4)
        run.add_histogram("weights", [1, 3, 1], [0.0, 1.0, 2.0, 3.0], step=0)
        run.add_text(
            "\n".join([*_NOTES[:2], "looks odd @kim #3 `x` <b>", *_NOTES[3:]]), tag="diary", step=1
        )
        run.add_fragment(HOSTILE, tag="table", step=1)
        run.add_file(folder / "config.json")
        run.write_result(**{"test/acc": 0.9375, "test/error": 0.0625})
        raise RuntimeError("so that its status differs")

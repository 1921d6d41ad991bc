"""A store of many runs, written at once: 20 hyperparameters and 10 series each."""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING

import vcs_track
from vcs_track.formats import manifest, series
from vcs_track.plumbing.pack_writer import PackWriter

if TYPE_CHECKING:
    from vcs_track.plumbing.store import Store

RUNS = 100_000
A_PACK = 2_000  # runs
START = 1_700_000_000_000_000


def fill(store: Store, runs: int, each: int = A_PACK, seed: int = 1) -> None:
    """Put *runs* runs into the store, *each* to a pack."""
    chance = random.Random(seed)
    heads = []
    for first in range(0, runs, each):
        writer = PackWriter(store.layout.tmp, store.format)
        env = writer.add(manifest.encode_document("env/1", environment()))
        columns = {key: writer.add(series.encode_steps([0])) for key in ("step", "wall")}
        value = writer.add(series.encode_values([0.5], single=False))
        for number in range(first, min(first + each, runs)):
            run, data = one(writer, chance, number, env, {**columns, "value": value})
            heads.append((run, writer.add(data)))
        writer.install(store.home.packs.folder, "p")
    for run, oid in heads:
        path = store.home.head_folder.path(run, oid)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def environment() -> dict[str, object]:
    """Return what the runs ran on."""
    return {"host": "node1", "user": "ann", "python": {"version": "3.11.7"}, "cpus": 8}


def one(
    writer: PackWriter, chance: random.Random, number: int, env: str, columns: dict[str, str]
) -> tuple[str, bytes]:
    """Return the id and the manifest of one run."""
    hparams = {f"p{n}": chance.random() for n in range(15)}
    hparams |= {"model": chance.choice(["cnn", "mlp", "vit"]), "seed": number % 10}
    hparams |= {"lr": 10 ** chance.uniform(-5, -1), "layers": chance.randrange(2, 50)}
    hparams |= {"amp": chance.random() < 0.5}
    chunks, summary = {}, {}
    for n in range(10):
        last = chance.random()
        tag = f"val/m{n}"
        summary[tag] = last
        chunks[tag] = [{
            "n": 1, "lo": 0, "hi": 0, "min": last, "max": last, "first": last, "last": last,
            "sum": last, "nan": 0, **columns,
        }]  # fmt: skip
    created = START + number * 1_000_000
    run = f"{number:06d}" + "".join(chance.choices("abcdefghij", k=6))
    state = manifest.RunManifest(
        run=run, name=f"run-{number}", status="finished" if number % 20 else "failed",
        time_us=created + 500_000, created_us=created, ended_us=created + 400_000,
        tags=("paper",) if number % 50 == 0 else (), env=env,
        hparams=writer.add(manifest.encode_document("hparams/1", hparams)),
        scalars=writer.add(series.encode_scalars(chunks)), summary=summary,
        git={"commit": f"{number // 100:040x}", "branch": "main", "dirty": False},
    )  # fmt: skip
    return run, state.encode()


def main() -> None:
    """Make a corpus in the folder that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a new folder")
    parser.add_argument("runs", type=int, nargs="?", default=RUNS)
    parser.add_argument("each", type=int, nargs="?", default=A_PACK, help="runs to a pack")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True)
    repo = vcs_track.init(asked.folder)
    start = time.perf_counter()
    fill(repo.store, asked.runs, asked.each)
    print(f"{asked.runs:,} runs in {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()

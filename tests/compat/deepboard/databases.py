"""Databases as DeepBoard makes them, by plain SQL, so that the tests need no package."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["add", "make"]

# What version 0.3 keeps, and what the first versions kept.
NOW = {
    "Meta": "key PRIMARY KEY, value",
    "Experiments": "run_id INTEGER PRIMARY KEY AUTOINCREMENT, experiment, config, config_hash, cli,"
    " command, comment, note, tag, color, start, status, commit_hash, diff, hidden",
    "Results": "id_ INTEGER PRIMARY KEY, run_id, metric, value, is_hparam",
    "Logs": "id_ INTEGER PRIMARY KEY, run_id, epoch, step, split, label, value, wall_time, run_rep",
    "ConfigFile": "run_id PRIMARY KEY, file_content",
    "Images": "id_ INTEGER PRIMARY KEY, run_id, step, epoch, run_rep, img_type, tag, image",
    "Fragments": "id_ INTEGER PRIMARY KEY, run_id, step, epoch, run_rep, fragment_type, tag, fragment",
    "ResultDisplay": "Name PRIMARY KEY, display_order, alias, is_hparam",
}
OLD = {
    "Experiments": "run_id INTEGER PRIMARY KEY, experiment, config, config_hash, cli, comment,"
    " start, status, commit_hash, diff, hidden",
    "Results": "id_ INTEGER PRIMARY KEY, run_id, metric, value",
    "Logs": NOW["Logs"],
    "Images": NOW["Images"].replace("tag", "split"),
}


def add(path: Path, table: str, *rows: dict[str, Any]) -> None:
    """Add *rows* to *table*."""
    db = sqlite3.connect(path)
    with db:
        for row in rows:
            names = ", ".join(f'"{name}"' for name in row)
            marks = ", ".join("?" * len(row))
            db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))
    db.close()


def make(path: Path, *runs: dict[str, Any], old: bool = False) -> Path:
    """Make a database with *runs*, each with a point ``Train/loss`` of its number."""
    db = sqlite3.connect(path)
    with db:
        for name, columns in (OLD if old else NOW).items():
            db.execute(f"CREATE TABLE {name} ({columns})")
    db.close()
    add(path, "Experiments", *_filled(runs, old=old))
    for number in range(1, len(runs) + 1):
        point = {
            "run_id": number, "epoch": 0, "step": 0, "split": "Train", "label": "loss",
            "value": float(number), "wall_time": 0.5, "run_rep": 0,
        }  # fmt: skip
        add(path, "Logs", point)
    return path


def _filled(runs: Iterable[dict[str, Any]], *, old: bool) -> list[dict[str, Any]]:
    first = {
        "experiment": "exp", "cli": "lr=0.1", "comment": "", "start": "2025-03-01T12:00:00.250000",
        "status": "finished", "hidden": 0,
    }  # fmt: skip
    more = {} if old else {"command": "train.py", "note": "", "tag": ""}
    return [{**first, **more, **run} for run in runs]

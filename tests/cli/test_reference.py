"""The page of the command line is what ``--help`` says."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

__all__: list[str] = []

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_reference_is_up_to_date() -> None:
    """``docs/reference/cli.md`` is made from the help texts of today."""
    spec = spec_from_file_location("make_cli_reference", DOCS / "make_cli_reference.py")
    assert spec is not None
    assert spec.loader is not None
    script = module_from_spec(spec)
    spec.loader.exec_module(script)

    assert script.page() == (DOCS / "reference" / "cli.md").read_text(encoding="utf-8"), (
        "run 'python docs/make_cli_reference.py'"
    )

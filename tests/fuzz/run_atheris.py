"""The fuzz targets under atheris, which looks for new ways through the code.

``python -m fuzz.run_atheris TARGET [options of libFuzzer]``, run in ``tests`` with the package
on the path and atheris installed; ``docs/contributing.md`` tells how.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

__all__: list[str] = []


def main() -> None:
    """Fuzz one target until somebody stops it, or a fault is found."""
    atheris: Any = import_module("atheris")
    with atheris.instrument_imports(include=["vcs_track"]):
        targets = import_module("fuzz.targets")
        errors = import_module("vcs_track.errors")
    name, options = sys.argv[1], sys.argv[2:]
    target = targets.TARGETS[name]
    corpus = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    for number, content in enumerate(targets.seeds(name)):
        (corpus / f"{number}").write_bytes(content)

    def once(data: bytes) -> None:
        with suppress(errors.VcsTrackError):
            target(data)

    atheris.Setup([sys.argv[0], str(corpus), *options], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

"""What the tests of media draw with."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

__all__ = ["BOX", "array", "encoded", "record"]

BOX = {"minX": 0.1, "maxX": 0.2, "minY": 0.3, "maxY": 0.4}


def array(height: int = 4, width: int = 5, channels: int = 3) -> Any:
    """Return an image without equal pixels."""
    count = height * width * channels
    return np.arange(count, dtype=np.uint8).reshape(height, width, channels)


def encoded(kind: str = "PNG", value: int = 7) -> bytes:
    """Return an image as a file has it."""
    out = io.BytesIO()
    Image.new("L", (3, 2), value).save(out, kind)
    return out.getvalue()


def record(face: Any, key: str, value: Any, **config: Any) -> Any:
    """Log *value* in a run of its own; return what the row has under *key*."""
    run = face.init(**config)
    run.log({key: value})
    run.finish()
    return face.rows(run)[0][key]

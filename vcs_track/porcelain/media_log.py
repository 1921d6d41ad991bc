"""What a run logs besides numbers.

Images, figures, texts, fragments, histograms and files.
"""

from __future__ import annotations

import base64
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vcs_track.errors import InvalidTypeError, InvalidValueError, StorageError
from vcs_track.formats import canonical, media, typed_json
from vcs_track.formats.oid import pixel_key
from vcs_track.porcelain import values

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence

    from vcs_track.porcelain.defaults import Defaults
    from vcs_track.porcelain.writer import Writer

__all__ = ["MediaLog"]

_KINDS = ("image", "figure", "text", "fragment", "histogram", "file")
_OUTPUT = 64 << 10  # bytes of console output in one record


class MediaLog:
    """The media half of :class:`~vcs_track.porcelain.run.Run`."""

    repetition: int
    _defaults: Defaults
    _lock: threading.RLock
    _last_step: int | None
    _seen_figures: set[bytes]

    def _live(self) -> Writer:
        raise AssertionError  # Run has it

    def flush(self) -> None:
        """Wait until everything logged so far survives a power cut."""
        raise AssertionError  # Run has it

    def add_image(
        self,
        image: Any,
        step: int | None = None,
        tag: str | None = None,
        epoch: float | None = None,
        flush: bool = False,
    ) -> None:
        """Record an image.

        Args:
            image: PNG, JPEG, GIF, WebP or BMP bytes (kept byte for byte), the path of such a
                file, a PIL image, or an array of shape (H, W), (H, W, 1), (H, W, 3) or
                (H, W, 4): uint8, bool, or floats from 0 to 1.
            step: Step. Default: that of the point logged last.
            tag: Name of the series of images.
            epoch: Epoch.
            flush: Wait until it survives a power cut.

        Raises:
            InvalidTypeError: If it is none of these.
            InvalidValueError: If the bytes are no image, or an array has another shape or
                range.

        See Also:
            DeepBoard ``LogWriter.add_image``.
        """
        if isinstance(image, (str, Path)):
            image = _read_file(Path(image))
        encoded = media.encode_image(image)
        meta = {"width": encoded.width, "height": encoded.height} if encoded.width else {}
        content = self._content("image", tag, step, epoch, mime=encoded.mime, meta=meta)
        self._store_media(lambda writer: writer.blob(content, encoded.data), flush=flush)

    def add_text(
        self,
        text: str,
        step: int | None = None,
        tag: str | None = None,
        epoch: float | None = None,
        flush: bool = False,
    ) -> None:
        """Record a text, plain or Markdown; arguments as in :meth:`add_image`.

        Raises:
            InvalidTypeError: If *text* is not a string.
        """
        self._add_text("text", "text/plain", text, (tag, step, epoch), flush=flush)

    def add_fragment(
        self,
        content: str,
        step: int | None = None,
        tag: str | None = None,
        epoch: float | None = None,
        flush: bool = False,
    ) -> None:
        """Record an HTML fragment; arguments as in :meth:`add_image`.

        It is stored as it is and never shown outside a sandbox.

        Raises:
            InvalidTypeError: If *content* is not a string.
        """
        self._add_text("fragment", "text/html", content, (tag, step, epoch), flush=flush)

    def add_histogram(
        self,
        tag: str,
        counts: Sequence[float],
        edges: Sequence[float],
        step: int | None = None,
        epoch: float | None = None,
        flush: bool = False,
    ) -> None:
        """Record one histogram of the series *tag*.

        Args:
            tag: ``split/name`` or ``name``.
            counts: Samples in each bin, shape ``(n,)``, each >= 0.
            edges: Limits of the bins in the unit of the data, rising, shape ``(n + 1,)``.
            step: Step. Default: that of the point logged last.
            epoch: Epoch.
            flush: Wait until it survives a power cut.

        Raises:
            InvalidValueError: If the shapes disagree or *edges* do not rise.
        """
        tag = values.check_tag(tag)
        body = values.check_histogram(counts, edges)
        text = canonical.dumps(body).decode()
        mime = "application/json"
        self._add_text("histogram", mime, text, (tag, step, epoch), flush=flush)

    def add_file(self, path: str | Path, name: str | None = None) -> str:
        """Store a file by its content.

        Args:
            path: The file.
            name: Name in the run. Default: the last part of *path*.

        Returns:
            The id of its content.

        Raises:
            InvalidValueError: If there is no such file, or it is larger than 2 GiB.
        """
        if not isinstance(path, str | Path):
            raise values.wrong_type("path", path, "text or a Path")
        path = Path(path)
        if "\0" in str(path) or not path.is_file():
            raise InvalidValueError(f"'{path}' is not a file", hint="give the path of a file")
        label = values.check_name(name if name is not None else path.name)
        content = self._content("file", None, None, None, name=label, mime=media.guess_mime(label))
        oid = ""

        def store(writer: Writer) -> None:
            nonlocal oid
            oid = writer.file(content, path)

        self._store_media(store, flush=False)
        return oid

    def add_item(
        self,
        kind: str,
        data: bytes,
        *,
        mime: str = "application/octet-stream",
        step: int | None = None,
        tag: str | None = None,
        epoch: float | None = None,
        name: str | None = None,
        meta: Mapping[str, Any] | None = None,
        walltime: float | None = None,
        flush: bool = False,
    ) -> None:
        """Record bytes as they are, for compatible APIs and importers.

        Args:
            kind: ``image``, ``figure``, ``text``, ``fragment``, ``histogram`` or ``file``.
            data: The bytes; those of a histogram are JSON of its ``counts`` and ``edges``.
            mime: Media type.
            step: Step. Default: that of the point logged last.
            tag: Tag.
            epoch: Epoch.
            name: File name.
            meta: What describes it, plain data.
            walltime: Seconds since 1970 UTC. Default: now.
            flush: Wait until it survives a power cut.

        Raises:
            InvalidValueError: If *kind* is another one.
        """
        if kind not in _KINDS:
            raise InvalidValueError(
                f"there is no kind of media '{kind}'", hint=f"use one of {', '.join(_KINDS)}"
            )
        label = None if name is None else values.check_name(name)
        content = self._content(
            kind, tag, step, epoch, mime=mime, name=label, meta=dict(meta or {})
        )
        if walltime is not None:
            content["wall"] = values.check_walltime(walltime)
        text = _as_text(kind, data)
        self._store_media(
            lambda writer: (
                writer.blob(content, data) if text is None else writer.text(content, text)
            ),
            flush=flush,
        )

    def detect_and_log_figures(
        self,
        step: int | None = None,
        tag: str | None = None,
        epoch: float | None = None,
        flush: bool = False,
    ) -> int:
        """Record each open pyplot figure that looks unlike those recorded before.

        Figures stay open. Arguments as in :meth:`add_image`.

        Returns:
            How many figures were recorded; 0 when matplotlib is not in use.

        See Also:
            DeepBoard ``LogWriter.detect_and_log_figures``.
        """
        with self._lock:
            self._live()
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is None:
            return 0
        taken = 0
        for number in pyplot.get_fignums():
            encoded = media.encode_image(pyplot.figure(number))
            key = pixel_key(encoded.data)
            if key in self._seen_figures:
                continue
            self._seen_figures.add(key)
            meta = {"width": encoded.width, "height": encoded.height} if encoded.width else {}
            content = self._content("figure", tag, step, epoch, mime=encoded.mime, meta=meta)
            self._store_media(lambda w, c=content, e=encoded: w.blob(c, e.data), flush=False)  # type: ignore[misc]
            taken += 1
        if flush:
            self.flush()
        return taken

    def add_output(self, stream: int, data: bytes) -> None:
        """Record console output of a program.

        Args:
            stream: 1 for its standard output, 2 for its standard error.
            data: The bytes as they came; text need not end with a whole character.
        """
        if stream not in (1, 2):
            raise InvalidValueError(f"stream is {stream!r}", hint="use 1 or 2")
        if not isinstance(data, bytes):
            raise values.wrong_type("console output", data, "bytes")
        for at in range(0, len(data), _OUTPUT):
            part = data[at : at + _OUTPUT]
            content: dict[str, Any] = {"k": "out", "s": stream}
            try:
                content["d"] = part.decode()
            except UnicodeDecodeError:
                content["b64"] = base64.b64encode(part).decode("ascii")
            with self._lock:
                self._live().journal.frame(content)

    # ---- shared ------------------------------------------------------------------------

    def _add_text(
        self,
        kind: str,
        mime: str,
        text: str,
        where: tuple[str | None, int | None, float | None],
        *,
        flush: bool,
    ) -> None:
        if not isinstance(text, str):
            raise InvalidTypeError(
                f"a {kind} must be text, not {type(text).__name__}", hint="convert it with str()"
            )
        # Lone surrogates have no UTF-8; anything else is kept as it is.
        text = text.encode("utf-8", "replace").decode()
        content = self._content(kind, *where, mime=mime)
        self._store_media(lambda writer: writer.text(content, text), flush=flush)

    def _content(
        self, kind: str, tag: str | None, step: int | None, epoch: float | None, *,
        mime: str, name: str | None = None, meta: dict[str, Any] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        if tag is not None:
            tag = values.check_tag(tag)
        at = self._last_step if step is None else values.check_step(step)
        if epoch is not None:
            epoch = values.check_epoch(epoch)
        content: dict[str, Any] = {
            "kind": kind, "tag": tag, "step": at, "epoch": typed_json.freeze(epoch),
            "rep": self.repetition, "wall": time.time_ns() // 1000, "name": name, "mime": mime,
        }  # fmt: skip
        if meta:
            content["meta"] = meta
        return content

    def _store_media(self, store: Callable[[Writer], None], *, flush: bool) -> None:
        try:
            with self._lock:
                store(self._live())
        except OSError as error:
            if self._defaults.strict:
                hint = getattr(error, "hint", "")
                raise StorageError(f"cannot store media: {error}", hint=hint) from error
            # A full disk must not end a training; the loss is said once for each call.
            warnings.warn(f"vcs-track lost a logged item: {error}", RuntimeWarning, stacklevel=3)
        if flush:
            self.flush()


def _as_text(kind: str, data: bytes) -> str | None:
    """Return *data* as a text where it is one, which the journal has room for."""
    if kind not in ("text", "fragment"):
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidValueError(
            f"cannot read image {str(path)!r}: {reason.lower()}",
            hint="give the path of a PNG, JPEG, GIF or WebP file",
        ) from None

"""What a run of a table gives back: points, images, texts, hyperparameters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, Final

from vcs_track.compat.deepboard import cells, names
from vcs_track.compat.deepboard.book import DEBUG
from vcs_track.compat.deepboard.scalar import Scalar
from vcs_track.errors import InvalidValueError

if TYPE_CHECKING:
    from vcs_track.compat.deepboard.book import Book
    from vcs_track.porcelain.points import Media
    from vcs_track.porcelain.run_view import RunView

__all__ = ["IMAGES", "TEXTS", "Reader", "content_of", "item_at", "items"]

IMAGES: Final = ("image", "figure")
TEXTS: Final = ("text", "fragment")
_ROOM: Final = 1 << 20  # ids of one run


def items(number: int, view: RunView, kinds: tuple[str, ...]) -> list[tuple[int, Media]]:
    """Return the media of a run of these kinds, each with its id in the table.

    Args:
        number: The number of the run.
        view: The run.
        kinds: :data:`IMAGES` or :data:`TEXTS`, which have a sequence each.
    """
    found = [item for item in view.media() if item.kind in kinds]
    sign, base = (-1, 0) if number == DEBUG else (1, (number - 1) * _ROOM)
    return [(sign * (base + place), item) for place, item in enumerate(found, 1)]


def item_at(book: Book, id_: Any, kinds: tuple[str, ...]) -> Media | None:
    """Return the item with this id, or None."""
    if not isinstance(id_, int):
        return None
    number = DEBUG if id_ < 0 else (id_ - 1) // _ROOM + 1
    view = book.view(number)
    return None if view is None else dict(items(number, view, kinds)).get(id_)


def content_of(item: Media) -> Any:
    """Return what was logged: an image, a text, or bytes."""
    if item.kind in IMAGES:
        try:
            return item.image
        except InvalidValueError:  # an import took it as it was
            return item.data
    return item.data if item.mime == "application/octet-stream" else item.text


class Reader:
    """The getters of :class:`LogWriter`.

    Attributes:
        run_id: Number of the run in its table.
        nan_as_none: Whether NaN reads as None, as DeepBoard gives it. Default: False. Set it on
            the class, for all writers, or on one.
    """

    nan_as_none: ClassVar[bool] = False
    run_id: int
    _book: Book

    def _view(self) -> RunView | None:
        """Return the run as it is now, or None where there is none."""
        return self._book.view(self.run_id)

    # ---- points ------------------------------------------------------------------------

    def get_scalar(self, tag: str) -> list[Scalar]:
        """Return the points of *tag* as logged, of all repetitions.

        What was logged a moment ago is among them. An unknown tag has no points.
        """
        view = self._view()
        if view is None:
            return []
        names_of = {self._shown(name): name for name in view.series_tags}
        name = names_of.get(self._normal(tag))
        if name is None:
            return []
        split, label = names.pair_of(self._shown(name))
        origins = self._origins(view)
        return [
            Scalar(
                self.run_id, 0 if point.epoch is None else point.epoch, point.step, split, label,
                self._number(point.value),
                round(point.walltime - _origin(origins, point.repetition), 6), point.repetition,
            )
            for point in view.series(name)
        ]  # fmt: skip

    def __getitem__(self, tag: str) -> list[Scalar]:
        return self.get_scalar(tag)

    read_scalar = get_scalar

    @staticmethod
    def _shown(name: str) -> str:
        return names.shown(name)

    @staticmethod
    def _normal(tag: Any) -> str:
        text = tag if isinstance(tag, str) else str(tag)
        return text[1:] if text[:1] == "/" and text.count("/") == 1 else text

    def _number(self, value: float) -> float | None:
        number = float(value)
        return None if self.nan_as_none and math.isnan(number) else number

    def _origins(self, view: RunView) -> list[float]:
        told = self._book.facts(view).get("origins")
        if isinstance(told, list) and told and all(type(us) is int for us in told):
            return [us / 1e6 for us in told]
        return [view.manifest.created_us / 1e6]

    @property
    def scalars(self) -> list[str]:
        """The tags that have points."""
        view = self._view()
        return [] if view is None else sorted(map(self._shown, view.series_tags))

    @property
    def formatted_scalars(self) -> list[tuple[str, str]]:
        """The same as pairs of split and label."""
        return [names.pair_of(tag) for tag in self.scalars]

    def get_repetitions(self) -> list[int]:
        """Return the numbers of the repetitions that have points."""
        view = self._view()
        return [] if view is None else view.get_repetitions()

    # ---- values ------------------------------------------------------------------------

    def get_hparams(self) -> dict[str, Any]:
        """Return the hyperparameters; of a name the value that was given last."""
        view = self._view()
        found = {} if view is None else cells.flat(view.hparams)
        return {k: cells.shown(v, nan_as_none=self.nan_as_none) for k, v in found.items()}

    # ---- media -------------------------------------------------------------------------

    def get_images(
        self,
        id: int | None = None,  # noqa: A002 -- DeepBoard's word
        step: int | None = None,
        tag: str | None = None,
        epoch: int | None = None,
        repetition: int | None = None,
    ) -> list[dict[str, Any]]:
        """Return the images that match what is given.

        Each is a dictionary of ``id step epoch run_rep tag image``; the image is one of PIL,
        and opened when it is used.
        """
        return self._media("image", "image", id, step, tag, epoch, repetition)

    def get_figures(
        self,
        id: int | None = None,  # noqa: A002 -- as above
        step: int | None = None,
        tag: str | None = None,
        epoch: int | None = None,
        repetition: int | None = None,
    ) -> list[dict[str, Any]]:
        """Return the figures; see :meth:`get_images`."""
        return self._media("figure", "image", id, step, tag, epoch, repetition)

    def get_text(
        self,
        id: int | None = None,  # noqa: A002 -- as above
        step: int | None = None,
        tag: str | None = None,
        epoch: int | None = None,
        repetition: int | None = None,
    ) -> list[dict[str, Any]]:
        """Return the texts, each as ``id step epoch run_rep tag fragment``."""
        return self._media("text", "fragment", id, step, tag, epoch, repetition)

    def get_fragment(
        self,
        id: int | None = None,  # noqa: A002 -- as above
        step: int | None = None,
        tag: str | None = None,
        epoch: int | None = None,
        repetition: int | None = None,
    ) -> list[dict[str, Any]]:
        """Return the HTML fragments; see :meth:`get_text`."""
        return self._media("fragment", "fragment", id, step, tag, epoch, repetition)

    def _media(
        self, kind: str, word: str, id_: int | None, step: int | None, tag: str | None,
        epoch: int | None, repetition: int | None,
    ) -> list[dict[str, Any]]:  # fmt: skip
        view = self._view()
        wanted = {"id": id_, "step": step, "tag": tag, "epoch": epoch, "run_rep": repetition}
        given = {name: value for name, value in wanted.items() if value is not None}
        found = []
        kinds = IMAGES if kind in IMAGES else TEXTS
        for number, item in [] if view is None else items(self.run_id, view, kinds):
            row = {
                "id": number, "step": item.step, "epoch": item.epoch, "run_rep": item.repetition,
                "tag": None if item.tag is None else names.shown(item.tag),
            }  # fmt: skip
            if item.kind == kind and all(row[name] == value for name, value in given.items()):
                found.append({**row, word: content_of(item)})
        return found


def _origin(origins: list[float], repetition: int) -> float:
    return origins[min(repetition, len(origins) - 1)]

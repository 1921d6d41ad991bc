"""The getters that a live run and a stored run share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vcs_track.porcelain.points import Media, Point
    from vcs_track.porcelain.run_view import RunView

__all__ = ["Reads"]


class Reads:
    """Getters with DeepBoard's names, over :meth:`view`."""

    def view(self) -> RunView:
        """Return the read side of the run as it is now."""
        raise AssertionError  # both users have it

    def get_scalar(self, tag: str) -> list[Point]:
        """Return the points of *tag* in the order logged, all repetitions.

        An unknown tag has no points.
        """
        view = self.view()
        return list(view.series(tag)) if tag in view.series_tags else []

    def get_hparams(self) -> dict[str, Any]:
        """Return the hyperparameters."""
        return self.view().hparams

    def get_images(self, **where: Any) -> list[Media]:
        """Return the images; *where* narrows by ``step tag epoch repetition``."""
        return self.view().media("image", **where)

    def get_figures(self, **where: Any) -> list[Media]:
        """Return the figures; *where* as in :meth:`get_images`."""
        return self.view().media("figure", **where)

    def get_text(self, **where: Any) -> list[Media]:
        """Return the texts; *where* as in :meth:`get_images`."""
        return self.view().media("text", **where)

    def get_fragment(self, **where: Any) -> list[Media]:
        """Return the HTML fragments; *where* as in :meth:`get_images`."""
        return self.view().media("fragment", **where)

    def get_histograms(self, **where: Any) -> list[Media]:
        """Return the histograms; *where* as in :meth:`get_images`."""
        return self.view().media("histogram", **where)

    def get_files(self) -> list[Media]:
        """Return the files."""
        return self.view().media("file")

    def get_repetitions(self) -> list[int]:
        """Return the numbers of the repetitions that have points."""
        view = self.view()
        return sorted({rep for tag in view.series_tags for rep in view.series(tag).repetitions})

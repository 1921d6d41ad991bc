"""Figures of plotly, and what is turned into them."""

from __future__ import annotations

from importlib import import_module
from typing import Any, ClassVar, Self

from vcs_track.compat.wandb.errors import BadTypeError
from vcs_track.compat.wandb.media.file import FileMedia
from vcs_track.compat.wandb.media.refusals import NotInstalledError

__all__ = ["Bokeh", "Plotly"]


class Plotly(FileMedia):
    """A figure of plotly, or one of matplotlib that plotly can draw.

    Args:
        val: The figure.

    Raises:
        BadTypeError: If it is another thing.
        NotInstalledError: If a figure of matplotlib is given and plotly is not installed.
    """

    _type: ClassVar[str] = "plotly-file"
    _folder: ClassVar[str] = "plotly"
    _extension = "plotly.json"

    def __init__(self, val: Any) -> None:
        home = type(val).__module__.partition(".")[0]
        if home == "matplotlib" or getattr(val, "__name__", "") == "matplotlib.pyplot":
            val = _converted(val)
        if not hasattr(val, "to_json"):
            raise BadTypeError(
                "Logged plots must be plotly figures, or matplotlib plots convertible to plotly "
                "via mpl_to_plotly"
            )
        self._data = str(val.to_json()).encode("utf-8", "replace")

    @classmethod
    def make_plot_media(cls, val: Any) -> Any:
        """Return a figure as a value of a row: of matplotlib an image."""
        from vcs_track.compat.wandb.media.image import Image

        home = type(val).__module__.partition(".")[0]
        return Image(val) if home == "matplotlib" else cls(val)


def _converted(figure: Any) -> Any:
    try:
        tools = import_module("plotly.tools")
    except ImportError:
        raise NotInstalledError(
            "a figure of matplotlib becomes one of plotly by that package",
            hint="pip install plotly, or log wandb.Image(figure)",
        ) from None
    figure = figure.gcf() if hasattr(figure, "gcf") else figure
    return tools.mpl_to_plotly(getattr(figure, "figure", None) or figure)


class Bokeh(FileMedia):
    """A document or a figure of bokeh.

    Args:
        data_or_path: The figure, or the path of its JSON.

    Raises:
        BadTypeError: If it is another thing.
        NotInstalledError: If bokeh is not installed.
    """

    _type: ClassVar[str] = "bokeh-file"
    _folder: ClassVar[str] = "bokeh"
    _extension = "bokeh.json"

    def __init__(self, data_or_path: Any) -> None:
        if isinstance(data_or_path, str):
            self._take_file(data_or_path, ("bokeh.json",), "Bokeh")
            return
        self._data = _json_of(data_or_path)

    @classmethod
    def of(cls, figure: Any) -> Self:
        """Return *figure* as a value of a row."""
        return cls(figure)


def _json_of(figure: Any) -> bytes:
    if type(figure).__module__.partition(".")[0] != "bokeh":
        raise BadTypeError(
            "Bokeh constructor accepts Bokeh document/model or path to Bokeh json file"
        )
    try:
        embed = import_module("bokeh.embed")
    except ImportError:
        raise NotInstalledError(
            "a figure of bokeh needs that package", hint="pip install bokeh"
        ) from None
    from vcs_track.formats import canonical, typed_json

    return canonical.dumps(typed_json.freeze(embed.json_item(figure)))

"""All data types under one name, as ``wandb.data_types`` has them."""

from __future__ import annotations

from vcs_track.compat.wandb.media.audio import Audio
from vcs_track.compat.wandb.media.boxes import BoundingBoxes2D
from vcs_track.compat.wandb.media.classes import Classes
from vcs_track.compat.wandb.media.graph import Edge, Graph, Node
from vcs_track.compat.wandb.media.histogram import Histogram
from vcs_track.compat.wandb.media.html import Html
from vcs_track.compat.wandb.media.image import Image
from vcs_track.compat.wandb.media.masks import ImageMask
from vcs_track.compat.wandb.media.molecule import Molecule
from vcs_track.compat.wandb.media.object3d import Object3D, box3d
from vcs_track.compat.wandb.media.plotly import Bokeh, Plotly
from vcs_track.compat.wandb.media.video import Video
from vcs_track.compat.wandb.plot.chart import CustomChart
from vcs_track.compat.wandb.tables.eval_table import EvalTable
from vcs_track.compat.wandb.tables.joined import JoinedTable, PartitionedTable
from vcs_track.compat.wandb.tables.table import Table
from vcs_track.compat.wandb.value import WBValue

__all__ = [
    "Audio",
    "Bokeh",
    "BoundingBoxes2D",
    "Classes",
    "CustomChart",
    "Edge",
    "EvalTable",
    "Graph",
    "Histogram",
    "Html",
    "Image",
    "ImageMask",
    "JoinedTable",
    "Molecule",
    "Node",
    "Object3D",
    "PartitionedTable",
    "Plotly",
    "Table",
    "Video",
    "WBValue",
    "box3d",
]

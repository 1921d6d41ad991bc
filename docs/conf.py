"""Sphinx's settings. Nothing here needs the network."""

from __future__ import annotations

import logging
from importlib.metadata import version as installed_version

project = "vcs-track"
author = "the vcs-track authors"
copyright = author
release = version = installed_version("vcs-track")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
# Headings get names, so that one page can link into another.
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_google_docstring = True
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = "vcs-track"

# Names that type hints use but no page of ours explains. The pages of Python and of other
# projects are not fetched while the docs are built, so their names cannot be resolved.
nitpick_ignore_regex = [
    # Python's own
    (r"py:.*", r"(bool|bytes|dict|float|int|list|object|set|str|tuple|type)"),
    (r"py:.*", r"[A-Z]\w*(Error|Exception|Exit|Interrupt)"),
    (r"py:.*", r"(collections|contextlib|datetime|os|pathlib|types|typing)\..+"),
    (r"py:.*", r"(Any|Callable|ClassVar|Iterable|Iterator|Literal|Mapping|Path|Self|Sequence)"),
    # other projects'
    (r"py:.*", r"(PIL|click|git|numpy|pandas|polars|sqlite3)(\..+)?"),
    # inner names that hints take from imports for the type checker only
    (
        r"py:.*",
        r"(Among|Better|Catalog|(vcs_track.compat.deepboard.book.)?Book|Chunk|Declared|Defaults|Finder|Join|MediaItem|ObjectFormat|ObjectId|Objects|Progress|Rows|RunManifest|Runs|Some|Steps|Store|Term|Trial|_Piece|_R)",
    ),
    (r"py:.*", r"(bundle\.Imported|fsck\.Report|(filters\.)?(Filter|SortKey))"),
    (r"py:.*", r"(Tol|Words)"),
    # inner modules that docstrings mention and the reference leaves out on purpose
    (r"py:.*", r"vcs_track\.(cli|formats|plumbing|porcelain)(\..+)?"),
]

# A section of the contents may be empty for a while. `suppress_warnings` cannot say so: this
# warning of Sphinx has a subtype and no type.
logging.getLogger("sphinx.sphinx.directives.other").addFilter(
    lambda record: getattr(record, "subtype", None) != "empty_glob"
)

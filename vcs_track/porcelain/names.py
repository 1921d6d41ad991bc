"""Readable names for runs that were given none."""

from __future__ import annotations

from typing import Final

from vcs_track.formats.oid import check64

__all__ = ["readable_name"]

_FIRST: Final = (
    "amber bold brave brisk calm clear clever copper coral crisp deep eager early fair fleet "
    "fond frosty gentle glad golden grand green happy hardy hazel honest humble ivory jolly keen "
    "kind lively loyal lucid lucky mellow merry mild misty modest neat nimble noble opal pale "
    "patient plain proud quick quiet rapid ready rosy ruby rustic sharp shy silent silver sleek "
    "slow smart snowy solid spry steady still stout strong sturdy sunny swift tidy tiny true "
    "vivid warm wild wise witty young zesty"
).split()
_SECOND: Final = (
    "acorn alder anchor ash aspen badger beacon bear beaver beech birch bison brook canyon cedar "
    "cliff cloud comet cove crane creek crow delta dune eagle elk elm ember falcon fern finch "
    "fjord forest fox gale glade grove gull harbor hare hawk heath heron hill holly ibis island "
    "jay lake lark linden lynx maple marsh meadow mesa moon moose moss newt oak orca osprey otter "
    "owl peak pebble pine plover pond quail rain raven reef ridge river robin sable sage salmon "
    "seal shore sky sparrow spruce star stoat stone stork stream swan tern thrush tide trout "
    "valley vole wave willow wolf wren yew"
).split()


def readable_name(run_id: str) -> str:
    """Return the name of the run *run_id*: the same for the same id, not unique.

    Example:
        >>> from vcs_track.porcelain.names import readable_name
        >>> readable_name("k3v9a0b1c2d3") == readable_name("k3v9a0b1c2d3")
        True
    """
    number = check64(run_id.encode())
    return f"{_FIRST[number % len(_FIRST)]}-{_SECOND[(number >> 20) % len(_SECOND)]}"

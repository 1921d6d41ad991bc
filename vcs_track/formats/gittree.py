"""The bytes of git's tree objects: folders, and what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vcs_track.formats.oid import git_object_id

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["FOLDER_MODE", "Member", "encode_tree", "parse_tree", "tree_id"]

FOLDER_MODE = b"40000"


class Member(NamedTuple):
    """One entry of a folder: mode as git writes it, name, and hex id."""

    mode: bytes
    name: bytes
    oid: str


def parse_tree(data: bytes, digits: int) -> list[Member]:
    """Return the entries of a tree object.

    Args:
        data: Its bytes, without git's header.
        digits: Hex digits of an id: 40 or 64.

    Raises:
        ValueError: If they are not those of a tree.

    Example:
        >>> from vcs_track.formats.gittree import encode_tree, parse_tree
        >>> data = b"100644 train.py" + bytes(21)
        >>> [(member.mode, member.name) for member in parse_tree(data, 40)]
        [(b'100644', b'train.py')]
        >>> encode_tree(parse_tree(data, 40)) == data
        True
    """
    members, at = [], 0
    while at < len(data):
        end = data.index(b"\0", at)
        mode, _, name = data[at:end].partition(b" ")
        at = end + 1 + digits // 2
        members.append(Member(mode, name, data[end + 1 : at].hex()))
    return members


def encode_tree(members: Iterable[Member]) -> bytes:
    """Return the bytes of the tree object with *members*, in their order."""
    return b"".join(b"%s %s\0" % (m.mode, m.name) + bytes.fromhex(m.oid) for m in members)


def tree_id(members: Iterable[Member], digits: int) -> str:
    """Return the id of the tree object with *members*."""
    return git_object_id("tree", encode_tree(members), digits)

"""Addresses of git remotes, free of secrets.

Pure: text in, text out. Knows the four shapes that git takes: ``scheme://``,
``user@host:path``, ``helper::address`` and a local path.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["clean_url"]

_HELPER: Final = re.compile(r"(\w[\w+.-]*::)(.*)", re.DOTALL)
_URL: Final = re.compile(r"(\w[\w+.-]*://)(.*)", re.DOTALL)
_SCP: Final = re.compile(r"[^/:@]{2,}:")
_SCP_USER: Final = re.compile(r"(?:[^/:@]+@)+(?=[^/@]*:)|[^/:@]+:[^/]*@(?=[^/@]*:)")
_PLAIN_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]*\]|[^:\[\]]*)(:[0-9]*)?")


def clean_url(url: str) -> str:
    """Return *url* without user, password, query and fragment.

    A local path stays as it is.

    Example:
        >>> from vcs_track.formats.remote_url import clean_url
        >>> clean_url("https://me:secret@example.org/a.git?token=1")
        'https://example.org/a.git'
        >>> clean_url("git@example.org:team/a.git")
        'example.org:team/a.git'
    """
    address = url.strip()
    if match := _HELPER.fullmatch(address):
        # What follows 'ext::' is a shell command, not an address.
        return match[1] if match[1] == "ext::" else match[1] + clean_url(match[2])
    if match := _URL.fullmatch(address):
        return match[1] + _before_query(_without_user(match[2]))
    bare = _SCP_USER.sub("", address, count=1) if _SCP_USER.match(address) else address
    return _before_query(bare) if _SCP.match(bare) else bare


def _before_query(text: str) -> str:
    return re.split(r"[?#]", text, maxsplit=1)[0].rstrip()


def _without_user(rest: str, *, cut: bool = False) -> str:
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in host:
        return _without_user(rest[host.index("@") + 1 :], cut=True)
    if "@" in rest and (not _PLAIN_HOST.fullmatch(host) or (cut and not host)):
        # A password with an unescaped '/', '?' or '#' in it.
        return rest.rpartition("@")[2]
    return rest

"""No secret of a remote's address gets past `clean_url`."""

from __future__ import annotations

import pytest
from hypothesis import example, given, strategies as st

from vcs_track.formats.remote_url import clean_url

CASES = {
    "https://example.org/a.git": "https://example.org/a.git",
    "https://me@example.org/a.git": "https://example.org/a.git",
    "https://me:pw@example.org:8443/a.git": "https://example.org:8443/a.git",
    "https://me:p@w@example.org/a": "https://example.org/a",
    "https://me:p/w?x#y@example.org/a": "https://example.org/a",
    "https://example.org/a?private_token=s#frag": "https://example.org/a",
    "https://example.org/@scope/a@2": "https://example.org/@scope/a@2",
    "https://[::1]:80/a@b": "https://[::1]:80/a@b",
    "https://me:pw@[::1]:80/a": "https://[::1]:80/a",
    "ssh://git@example.org:22/a.git": "ssh://example.org:22/a.git",
    "git@example.org:team/a.git": "example.org:team/a.git",
    "me:pw@example.org:team/a.git": "example.org:team/a.git",
    "example.org:team/a@b": "example.org:team/a@b",
    "example.org:team/a?token=s": "example.org:team/a",
    "file:///srv/a.git": "file:///srv/a.git",
    "file://me:pw@host/srv/a.git?x=s": "file://host/srv/a.git",
    "/srv/a?b@c:d.git": "/srv/a?b@c:d.git",
    "../a b/@c": "../a b/@c",
    "C:\\repos\\a": "C:\\repos\\a",
    "ext::sh -c 'TOKEN=s helper'": "ext::",
    "codecommit::us-east-1://profile@repo": "codecommit::us-east-1://repo",
    "hg::https://me:pw@example.org/a": "hg::https://example.org/a",
    "  https://example.org/a\n": "https://example.org/a",
    "": "",
}

words = st.text("abcXYZ019._-+%", min_size=1)


class TestCleanUrl:
    @pytest.mark.parametrize("url", CASES)
    def test_known_shapes(self, url: str) -> None:
        """Every shape of address that git takes loses its secrets and nothing else."""
        assert CASES[url] == clean_url(url)

    @example(user="0", password="@/", host="aaa")
    @given(
        user=words, password=st.text(min_size=1), host=st.from_regex(r"[a-z]{3,9}", fullmatch=True)
    )
    def test_any_password_is_gone(self, user: str, password: str, host: str) -> None:
        """Whatever a password is made of, the cleaned URL is that of the host.

        Not meant: digits and then a slash, which read as a port.
        """
        secret = "q" + password

        assert f"https://{host}/a" == clean_url(f"https://{user}:{secret}@{host}/a")

    @given(st.text())
    def test_cleaning_twice_changes_nothing_more(self, text: str) -> None:
        """A cleaned URL is clean."""
        once = clean_url("https://" + text)

        assert once == clean_url(once)

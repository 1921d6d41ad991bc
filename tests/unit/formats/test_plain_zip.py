"""Zips for other programs: any tool reads them, and no reader takes one for a pack."""

from __future__ import annotations

import io
import zipfile

from hypothesis import given, strategies as st

from vcs_track.formats.any_zip import ends_as_pack, read_entries
from vcs_track.formats.plain_zip import zip_of

NAMES = st.text("abc.-_", min_size=1, max_size=20)
MEMBERS = st.dictionaries(NAMES, st.binary(max_size=300), max_size=5)


class TestZipOf:
    @given(MEMBERS, MEMBERS)
    def test_other_tools_read_it(self, deflated: dict[str, bytes], more: dict[str, bytes]) -> None:
        """Python's own module finds every member, packed as it was asked for."""
        stored = {f"s/{name}": data for name, data in more.items()}
        made = zip_of(deflated, stored)
        with zipfile.ZipFile(io.BytesIO(made)) as found:
            assert found.testzip() is None
            read = {each: found.read(each) for each in found.namelist()}
            methods = {each.filename: each.compress_type for each in found.infolist()}

        assert {**deflated, **stored} == read
        expected = dict.fromkeys(deflated, zipfile.ZIP_DEFLATED)
        assert {**expected, **dict.fromkeys(stored, zipfile.ZIP_STORED)} == methods
        assert sorted(read) == sorted(entry.name for entry in read_entries(made))
        assert not ends_as_pack(made)

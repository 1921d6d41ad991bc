"""A server of Crayon's protocol on the store, for clients that cannot do without one.

``docs/reference/crayon-protocol.md`` is the specification.
"""

from __future__ import annotations

__all__: list[str] = []

"""Limits that both sides keep."""

from __future__ import annotations

MAX_ITEMS = 100
"""How many items one batch call carries at the most."""

MAX_ROSTER = 10_000
"""How many people a course's roster has at the most: with names of usual length they fit into one call."""

MAX_NOTEBOOK_PATHS = 64_000
"""Characters of all notebooks' paths of one archive: lists are kept in memory."""

MAX_MEMBERS = 50_000
"""Files and directories in one archive: what is packed must also unpack."""

DEFAULT_MAX_BUFFER_SIZE = 5_253_530_000
"""Bytes of one packed archive, the limit that nbexchange always had."""

UNPACKED_FACTOR = 4
"""`max_unpacked_size` defaults to this many times `max_buffer_size`."""

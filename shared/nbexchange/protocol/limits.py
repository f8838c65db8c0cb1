"""Limits that both sides keep."""

MAX_ITEMS = 100
"""How many items one batch call carries at the most."""

MAX_ROSTER = 10_000
"""How many people a course's roster has at the most: with names of usual length they fit into one call."""

MAX_NOTEBOOK_BYTES = 4000
"""Bytes of the names of all notebooks of one archive that are listed, each of which counts as 16 at least: they are in
every list that names it."""

MAX_MEMBERS = 50_000
"""Files and directories in one archive, whatever is configured: what is packed must also unpack."""

DEFAULT_MAX_MEMBERS = 20_000
"""`max_members`, where it is not configured: each takes a block and an inode of a disk, though it is empty."""

DEFAULT_MAX_UNPACKED_RATIO = 100
"""`max_unpacked_ratio`, where it is not configured: notebooks unpack to ten times their size, text to twenty."""

ALWAYS_UNPACKED = 20_000_000
"""Bytes to which any archive may unpack, however small it is: a table of zeros is no attack."""

DEFAULT_MAX_BUFFER_SIZE = 5_253_530_000
"""Bytes of one packed archive, the limit that nbexchange always had."""

UNPACKED_FACTOR = 4
"""`max_unpacked_size` defaults to this many times `max_buffer_size`."""


def unpacked_limit(size: int, ratio: int) -> int:
    """The bytes to which an archive of `size` bytes may unpack, where `ratio` is `max_unpacked_ratio`."""
    return max(ALWAYS_UNPACKED, ratio * size)

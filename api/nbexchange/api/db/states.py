"""The states of an upload: `pending` until one compare-and-set ends it; purged later than any other."""

PENDING, COMPLETED = "pending", "completed"
REJECTED, EXPIRED, ABORTED, PURGED = "rejected", "expired", "aborted", "purged"

ENDED = (COMPLETED, REJECTED, EXPIRED, ABORTED, PURGED)
"""Every state that an upload can leave `pending` for."""

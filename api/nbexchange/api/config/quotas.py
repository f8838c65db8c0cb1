"""The settings of what one person may submit and of what one course may store."""

from __future__ import annotations

from traitlets import Integer, default

from nbexchange import protocol
from nbexchange.protocol import DEFAULT_MAX_BUFFER_SIZE
from nbexchange.shared.section import Section, SettingsError

LARGEST_PER_DAY = 10
"""`submitted_bytes_per_day` defaults to this many of the largest submissions."""


class Quotas(Section):
    """How much one person may submit and one course may store. 0 is no limit. What is refused may be tried later."""

    variable_prefix = "NBEXCHANGE_QUOTA_"

    submissions_per_minute = Integer(
        30,
        min=0,
        help="How many submissions one person may begin within a minute, in all courses. An instructor's call for up "
        "to 100 students is one, and a repeated one is none.",
    ).tag(config=True)
    submissions_per_day = Integer(
        500, min=0, help="How many submissions one person may begin within 24 hours, counted in the same way."
    ).tag(config=True)
    pending_submissions = Integer(
        3,
        min=0,
        help="How many unfinished submissions one person may have for one student and assignment: with many ready "
        "before a deadline, one could choose among them after it.",
    ).tag(config=True)
    submitted_bytes_per_day = Integer(
        min=0,
        help="How many bytes one person may submit within 24 hours, also for uploads that failed. Default: ten times "
        "`max_buffer_size`.",
    ).tag(config=True)
    course_bytes = Integer(
        0,
        min=0,
        help="How many bytes the releases, submissions and feedback of one course may take in the store, including "
        "uploads that are not completed yet.",
    ).tag(config=True)

    @default("submitted_bytes_per_day")
    def _default_submitted_bytes_per_day(self) -> int:
        return LARGEST_PER_DAY * self._largest

    @property
    def _largest(self) -> int:
        """Bytes of the largest archive, which the settings of the service fix."""
        return getattr(self.parent, "max_buffer_size", DEFAULT_MAX_BUFFER_SIZE)

    def values(self) -> protocol.Quotas:
        """The settings as plain values, as requests work with them."""
        return protocol.Quotas(**{name: getattr(self, name) for name in protocol.Quotas.__struct_fields__})

    def check(self) -> None:
        for name in ("submitted_bytes_per_day", "course_bytes"):
            if 0 < getattr(self, name) < self._largest:
                raise SettingsError(
                    f"{name} is below max_buffer_size: an archive of the size that is allowed would never be taken"
                )

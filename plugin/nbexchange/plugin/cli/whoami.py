"""`jupyter nbexchange whoami`: who the exchange thinks I am."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from nbexchange.plugin.cli.base import Command
from nbexchange.plugin.cli.courses import course_lines
from nbexchange.plugin.cli.tables import columns
from nbexchange.plugin.sizes import humanize
from nbexchange.protocol import Course, Limits, Me, Quotas
from nbexchange.shared.redaction import redact
from nbexchange.shared.version import VERSION

CLOCKS_AGREE = timedelta(seconds=2)
"""A smaller difference is not reported."""


class Versions(Struct):
    service: str
    plugin: str


class WhoIAm(Struct):
    """`clock_ahead_seconds` is negative where this machine's clock is behind the service's."""

    name: str
    org_id: str
    full_name: str | None
    email: str | None
    courses: list[Course]
    limits: Limits
    quotas: Quotas | None
    server_time: datetime
    clock_ahead_seconds: float
    service: str
    versions: Versions


class WhoAmI(Command):
    """Who you are to the exchange, with your roles, its limits and its clock."""

    name = "jupyter-nbexchange whoami"
    description = __doc__ or ""

    def ask(self) -> WhoIAm:
        sent = datetime.now(UTC)
        me = self.exchange.client.me()
        ahead = clock_ahead(sent, me.server_time, datetime.now(UTC))
        return describe(me, ahead, redact(self.exchange.client.url_of("")))

    def lines(self, answer: WhoIAm) -> Iterator[str]:
        yield from columns(
            [
                ("name", answer.name),
                ("organisation", answer.org_id),
                ("full name", answer.full_name),
                ("e-mail", answer.email),
                ("largest archive", humanize(answer.limits.max_buffer_size)),
                ("largest unpacked", explain_unpacked(answer.limits)),
                ("may submit", explain_quotas(answer.quotas)),
                ("clock here", explain_clock(timedelta(seconds=answer.clock_ahead_seconds))),
                ("service", f"{answer.service} (nbexchange {answer.versions.service})"),
                ("plugin", f"nbexchange {answer.versions.plugin}"),
            ]
        )
        yield ""
        yield from course_lines(answer.courses)


def explain_unpacked(limits: Limits) -> str:
    parts = [humanize(limits.max_unpacked_size)]
    if limits.max_unpacked_ratio:
        parts.append(f"{limits.max_unpacked_ratio} times the archive")
    if limits.max_members:
        parts.append(f"{limits.max_members} files and directories")
    return ", ".join(parts)


def describe(me: Me, ahead: timedelta, service: str) -> WhoIAm:
    return WhoIAm(
        me.name,
        me.org_id,
        me.full_name,
        me.email,
        me.courses,
        me.limits,
        me.quotas,
        me.server_time,
        ahead.total_seconds(),
        service,
        Versions(me.version, VERSION),
    )


def clock_ahead(sent: datetime, server_time: datetime, received: datetime) -> timedelta:
    """How far this machine's clock is ahead, as far as one can tell: the answer was under way for a while."""
    if sent <= server_time <= received:
        return timedelta(0)
    return received - server_time if server_time > received else sent - server_time


def explain_clock(ahead: timedelta) -> str:
    if abs(ahead) < CLOCKS_AGREE:
        return "agrees with the service's"
    way = "ahead of" if ahead > timedelta(0) else "behind"
    return f"{abs(ahead).total_seconds():.0f} seconds {way} the service's, which alone counts"


def explain_quotas(quotas: Quotas | None) -> str | None:
    """What one person may submit; older services do not say."""
    if quotas is None:
        return None
    told = (
        (quotas.submissions_per_minute, f"{quotas.submissions_per_minute} times a minute"),
        (quotas.submissions_per_day, f"{quotas.submissions_per_day} times a day"),
        (quotas.submitted_bytes_per_day, f"{humanize(quotas.submitted_bytes_per_day)} a day"),
    )
    return ", ".join(text for quota, text in told if quota) or "without a limit"

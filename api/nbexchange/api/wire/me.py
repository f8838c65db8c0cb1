"""The answer to a caller who asks how the service knows them."""

from __future__ import annotations

from datetime import datetime

from nbexchange import protocol
from nbexchange.api.runtime import Context
from nbexchange.shared.version import VERSION


def me(context: Context, now: datetime) -> protocol.Me:
    caller, runtime = context.caller, context.runtime
    return protocol.Me(
        name=caller.name,
        org_id=caller.org_id,
        courses=[
            protocol.Course(course_id, entry.role, entry.title)
            for course_id, entry in sorted(caller.courses.items())
        ],
        limits=runtime.limits,
        server_time=now,
        full_name=caller.full_name,
        email=caller.email,
        version=VERSION,
        storage_url=runtime.store.public_url,
        quotas=runtime.quotas,
    )

"""The ways in which a request can fail.

    ExchangeProblem
    ├── InvalidRequest 400          ├── AlreadyReleased 409
    ├── Unauthenticated 401         ├── Superseded 409
    ├── IdentityRefused 403         ├── ObjectMissing 409
    │   └── AccessScopeMissing 403  ├── UploadEnded 409
    ├── BrowserRefused 403          ├── TooManyPending 429
    ├── RoleRequired 403            ├── TooManySubmissions 429
    ├── AdministratorRequired 403   ├── TooManyBytes 429
    ├── NotFound 404                ├── CourseFull 429
    │   ├── NoRoster 404            ├── DependencyUnavailable 503
    │   └── Withdrawn 404           ├── ServiceBusy 503
    ├── RequestIncomplete 408       ├── ClientTooOld 426
    ├── TooLarge 413                ├── ObjectRefused, as the store says
    ├── Mismatch 422                └── TooMuchFeedback 409
    └── IdReused 422

Each class sets a status and a stable type; `wire.problems` turns them into `application/problem+json`.
"""

from __future__ import annotations

from datetime import datetime

from nbexchange.api.db.states import ENDED


class ExchangeProblem(Exception):
    status = 500
    type = "internal"
    title = "The service failed"
    retry_after: int | None = None
    """Seconds to wait, where the problem itself states none."""

    def __init__(self, detail: str, *, limit: int | None = None, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.limit = limit
        if retry_after is not None:
            self.retry_after = retry_after

    @classmethod
    def types(cls) -> list[str]:
        """Every type that a problem of this class can have."""
        return [cls.type]


class InvalidRequest(ExchangeProblem):
    status, type, title = 400, "invalid-request", "The request is not valid"


class Unauthenticated(ExchangeProblem):
    status, type, title = 401, "unauthenticated", "Who is calling is not known"


class RoleRequired(ExchangeProblem):
    status, type, title = 403, "role-required", "This needs another role in the course"


class AdministratorRequired(ExchangeProblem):
    status, type, title = 403, "administrator-required", "This is for the administrator of the exchange"


class IdentityRefused(ExchangeProblem):
    """The caller is known, and the rules of the installation keep them out."""

    status, type, title = 403, "identity-refused", "You cannot be let in as you are"


class AccessScopeMissing(IdentityRefused):
    type, title = "access-scope-missing", "Your token is not meant for the exchange"


class BrowserRefused(ExchangeProblem):
    """A browser sends the credentials of its user, also for a page that is somebody else's."""

    status, type, title = 403, "browser-refused", "This is for programs, not for pages in a browser"


class NotFound(ExchangeProblem):
    """Also for what the caller may not know of."""

    status, type, title = 404, "not-found", "There is no such thing"


class NoRoster(NotFound):
    """The installation knows from elsewhere who is in which course."""

    type, title = "no-roster", "The exchange keeps no rosters"


class Withdrawn(NotFound):
    """The caller may know of it: they are in the course, and it was released there."""

    type, title = "assignment-withdrawn", "The assignment was withdrawn"

    def __init__(self, course_id: str, assignment_id: str, at: datetime) -> None:
        super().__init__(f"{assignment_id} of {course_id} was withdrawn on {at:%Y-%m-%d at %H:%M} UTC.")


class AlreadyReleased(ExchangeProblem):
    status, type, title = 409, "already-released", "The assignment is released already"


class Superseded(ExchangeProblem):
    status, type, title = 409, "superseded", "A newer one is in place"


class TooMuchFeedback(ExchangeProblem):
    status, type, title = 409, "too-much-feedback", "A student has too much feedback on one assignment"


class ObjectMissing(ExchangeProblem):
    status, type, title = 409, "object-missing", "The bytes have not arrived"


class UploadEnded(ExchangeProblem):
    status, title = 409, "The upload has ended"

    def __init__(self, state: str) -> None:
        super().__init__(f"This upload is {state}.")
        self.type = f"upload-{state}"
        self.state = state

    @classmethod
    def types(cls) -> list[str]:
        return [f"upload-{state}" for state in ENDED]


class TooLarge(ExchangeProblem):
    status, type, title = 413, "too-large", "More bytes than this service takes"


class ObjectRefused(ExchangeProblem):
    """A signed request that the store does not carry out, with its own status and type."""

    title = "The store refuses this"

    def __init__(self, detail: str, status: int, code: str) -> None:
        super().__init__(detail)
        self.status = status
        self.type = code

    @classmethod
    def types(cls) -> list[str]:
        return []  # a store has types of its own


class RequestIncomplete(ExchangeProblem):
    status, type, title = 408, "request-incomplete", "The request did not come as a whole"


class Mismatch(ExchangeProblem):
    status, type, title = 422, "upload-mismatch", "What was stored is not what was declared"


class IdReused(ExchangeProblem):
    status, type, title = 422, "id-reused", "The id stands for something else"


class TooManyPending(ExchangeProblem):
    status, type, title = 429, "too-many-pending", "Too many unfinished uploads"
    retry_after = 60


class TooManySubmissions(ExchangeProblem):
    status, type, title = 429, "too-many-submissions", "Too many submissions in a short time"
    retry_after = 60


class TooManyBytes(ExchangeProblem):
    status, type, title = 429, "too-many-bytes", "Too many bytes within a day"
    retry_after = 3600


class CourseFull(ExchangeProblem):
    """There is room after an instructor has purged something and the next garbage collection has run."""

    status, type, title = 429, "course-full", "The course has used up its room"
    retry_after = 3600


class DependencyUnavailable(ExchangeProblem):
    status, title = 503, "Something that the service needs is unavailable"
    retry_after = 5

    def __init__(self, what: str, detail: str) -> None:
        super().__init__(detail)
        self.type = f"{what}-unavailable"

    @classmethod
    def types(cls) -> list[str]:
        return [f"{what}-unavailable" for what in ("authentication", "database", "storage")]


class ServiceBusy(ExchangeProblem):
    status, type, title = 503, "service-busy", "The service has too much to do"
    retry_after = 5


class ClientTooOld(ExchangeProblem):
    status, type, title = 426, "client-too-old", "The client is too old for this service"

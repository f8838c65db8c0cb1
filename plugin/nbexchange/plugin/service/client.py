"""The service, as the plugin talks to it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self, TypeVar
from uuid import UUID

import msgspec
import requests
from urllib3.exceptions import LocationValueError, MaxRetryError, ProtocolError, ReadTimeoutError
from urllib3.util import Retry

from nbexchange import protocol
from nbexchange.plugin.failures import ServiceOlder
from nbexchange.plugin.service.answers import Unreadable
from nbexchange.plugin.service.calls import Call, stated_revision
from nbexchange.plugin.service.patience import IMPATIENT, Patience
from nbexchange.plugin.sessions import Session

log = logging.getLogger(__name__)

T = TypeVar("T")
Prepare = Callable[[str], tuple[str, Mapping[str, str], Mapping[str, str]]]
"""From a path below the service to the URL, cookies and headers of a request: an installation's own credentials."""


class Tries(Retry):
    """Retries that report a broken connection where any of them had one: then the request may have been done."""

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """A service that says when to come again has itself waited for what is away, for seconds."""
        return not has_retry_after and super().is_retry(method, status_code, has_retry_after)

    def increment(self, *arguments: Any, **options: Any) -> Self:
        try:
            return super().increment(*arguments, **options)
        except MaxRetryError as failure:
            earlier = (entry.error for entry in self.history)
            broken = (error for error in earlier if isinstance(error, ProtocolError | ReadTimeoutError))
            failure.reason = next(broken, failure.reason)
            raise


# Every call may be repeated, so a lost answer costs a repetition and nothing else. These are for what passes at once,
# also where nobody may be kept waiting; `Patience` is for a restart.
RETRIES = Tries(
    total=3,
    read=1,
    status_forcelist=(502, 503, 504),
    allowed_methods=None,
    backoff_factor=0.3,
    backoff_jitter=0.3,
    backoff_max=3,
    respect_retry_after_header=False,
    raise_on_status=False,
    redirect=0,
)


COLLECTING_SINCE = 2
"""The revision of the services that want to know what was collected."""


class Client:
    """Calls to the service. Raises `ServiceRefused` or `ServiceUnreachable`, and nothing else.

    Requests have the fields of our revision until the service has stated an older one. What such a service refused of
    the first, since it did not know a field, is sent again as it knows it.
    """

    def __init__(self, prepare: Prepare, timeout: float, patience: Patience = IMPATIENT) -> None:
        self.prepare = prepare
        self.timeout = timeout
        self.patience = patience
        self.request_id: str | None = None  # of the last request
        self.headers: Mapping[str, str] = {}  # of the last answer
        self.revision = protocol.REVISION  # that the service stated last, or ours
        self.session = Session(RETRIES)

    def url_of(self, path: str) -> str:
        return self.prepare(path)[0]

    # --- calls ---------------------------------------------------------------------------------------------

    def check(self, path: str) -> None:
        """Raise unless `healthz` or `readyz` is answered well."""
        self._call("GET", path, protocol.Health)

    def me(self) -> protocol.Me:
        return self._call("GET", "v1/me", protocol.Me)

    def assignments(self, course_id: str | None) -> protocol.Assignments:
        """All pages as one answer, in the order of courses and names."""
        query = protocol.AssignmentsQuery(course_id=course_id)
        whole, *more = self._pages("v1/assignments", protocol.Assignments, query)
        entries = [*whole.assignments, *(entry for page in more for entry in page.assignments)]
        whole.assignments = sorted(entries, key=lambda entry: (entry.course_id, entry.assignment_id))
        return whole

    def submissions(self, query: protocol.SubmissionsQuery) -> Iterator[protocol.SubmissionRecord]:
        """All pages of them."""
        for page in self._pages("v1/submissions", protocol.Submissions, query):
            yield from page.submissions

    def remove_submissions(
        self, ids: Sequence[UUID], *, own: bool
    ) -> Iterator[protocol.RemovalAnswer | Unreadable]:
        """Hide attempts, one batch after the other; `own` means the caller's own list, also for an instructor."""
        for start in range(0, len(ids), protocol.MAX_ITEMS):
            body = protocol.RemoveSubmissions(list(ids[start : start + protocol.MAX_ITEMS]), own)
            yield from self._call("POST", "v1/submissions/remove", protocol.Removals, body=body).items

    def note_collected(self, ids: Sequence[UUID]) -> None:
        """Say that these attempts were downloaded and kept; services that keep no log of that are not told."""
        if self.revision < COLLECTING_SINCE:
            return
        for start in range(0, len(ids), protocol.MAX_ITEMS):
            body = protocol.ReportCollected(list(ids[start : start + protocol.MAX_ITEMS]))
            self._call("POST", "v1/submissions/collected", protocol.Collections, body=body)

    def unrelease(self, course_id: str, assignment_id: str) -> None:
        query = protocol.UnreleaseQuery(course_id, assignment_id)
        self._call("DELETE", "v1/assignments", protocol.Unreleased, query=query)

    def initiate(self, batch: protocol.InitiateUploads) -> Sequence[protocol.UploadAnswer | Unreadable]:
        return self._call("POST", "v1/uploads", protocol.UploadAnswers, body=batch).items

    def complete(self, ids: Sequence[UUID]) -> Sequence[protocol.CompletionAnswer | Unreadable]:
        body = protocol.CompleteUploads(list(ids))
        return self._call("POST", "v1/uploads/complete", protocol.CompletionAnswers, body=body).items

    def pending(self) -> Sequence[protocol.PendingUpload]:
        return self._call("GET", "v1/uploads", protocol.PendingUploads, query=protocol.PendingQuery()).items

    def abort(self, upload_id: UUID) -> None:
        self._call("DELETE", f"v1/uploads/{upload_id}", protocol.Aborted)

    def downloads(
        self, items: Sequence[protocol.DownloadItem]
    ) -> Sequence[protocol.DownloadAnswer | Unreadable]:
        body = protocol.RequestDownloads(list(items))
        return self._call("POST", "v1/downloads", protocol.DownloadAnswers, body=body).items

    def roster(self, course_id: str) -> protocol.Roster:
        """All pages as one answer, in the order of the names."""
        whole, *more = self._pages("v1/roster", protocol.Roster, protocol.RosterQuery(course_id))
        members = [*whole.members, *(member for page in more for member in page.members)]
        whole.members = sorted(members, key=lambda member: member.name)
        return whole

    def enrol(self, request: protocol.Enrol) -> protocol.RosterChange:
        return self._call("POST", "v1/roster", protocol.RosterChange, body=request)

    def unenrol(self, request: protocol.Unenrol) -> protocol.RosterChange:
        return self._call("POST", "v1/roster/remove", protocol.RosterChange, body=request)

    # --- how -----------------------------------------------------------------------------------------------

    def _pages(self, path: str, kind: type[T], query: Any) -> Iterator[T]:
        """A list's pages, each asked for when it is wanted."""
        while True:
            page: Any = self._call("GET", path, kind, query=query)
            yield page
            if page.cursor in {None, query.cursor}:
                return
            query = msgspec.structs.replace(query, cursor=page.cursor)

    def _call(self, method: str, path: str, kind: type[T], *, query: Any = None, body: Any = None) -> T:
        """The answer; asked for again while the service is away and the caller has patience."""
        return self.patience.repeat(lambda: self._try_as_known(method, path, kind, query, body))

    def _try_as_known(self, method: str, path: str, kind: type[T], query: Any, body: Any) -> T:
        assumed = self.revision
        try:
            return self._try(method, path, kind, query, body)
        except ServiceOlder:
            if self.revision >= assumed:
                raise
            return self._try(method, path, kind, query, body)

    def _try(self, method: str, path: str, kind: type[T], query: Any, body: Any) -> T:
        url, cookies, headers = self.prepare(path)
        call = Call(url, cookies or {}, headers or {})
        self.request_id = call.request_id
        started = time.monotonic()
        try:
            response = self.session.request(
                method,
                call.url,
                params=self._parameters(query),
                data=self._content(body),
                headers={**call.headers, **call.own_headers},
                cookies=dict(call.cookies),
                timeout=self.timeout,
                allow_redirects=False,
                stream=True,
            )
            with response:
                content = call.content(response)
        except UnicodeEncodeError as error:
            if error.encoding != "latin-1":  # that of headers
                raise
            raise call.unreachable(error, time.monotonic() - started) from None
        except (requests.RequestException, LocationValueError) as error:
            log.debug("%s %s failed: %s", method, path, type(error).__name__)
            raise call.unreachable(error, time.monotonic() - started) from None
        self._note(response)
        log.debug("%s %s: %s (request %s)", method, path, response.status_code, call.request_id)
        return call.read(response, content, kind)

    def _parameters(self, query: Any) -> Any:
        if query is None:
            return None
        return msgspec.to_builtins(protocol.for_revision(query, self.revision), str_keys=True)

    def _content(self, body: Any) -> bytes | None:
        return None if body is None else msgspec.json.encode(protocol.for_revision(body, self.revision))

    def _note(self, response: requests.Response) -> None:
        self.headers = response.headers
        stated = stated_revision(response)
        if stated is not None:
            self.revision = stated

"""The service, as the plugin talks to it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import msgspec
import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import MaxRetryError, ReadTimeoutError
from urllib3.util import Retry

from nbexchange import protocol
from nbexchange.plugin.failures import ServiceRefused, ServiceUnreachable

log = logging.getLogger(__name__)

T = TypeVar("T")
Prepare = Callable[[str], tuple[str, Mapping[str, str], Mapping[str, str]]]
"""From a path below the service to the URL, cookies and headers of a request: an installation's own credentials."""

MAX_ANSWER = 64 << 20
"""Bytes of an answer that the plugin reads into memory."""

# Every call may be repeated, so a lost answer costs a repetition and nothing else. Not for long: nbgrader calls
# from the Jupyter server's event loop, which stands still meanwhile.
RETRIES = Retry(
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


class Client:
    """Calls to the service. Raises `ServiceRefused` or `ServiceUnreachable`, and nothing else."""

    def __init__(self, prepare: Prepare, timeout: float) -> None:
        self.prepare = prepare
        self.timeout = timeout
        self.session = requests.Session()
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, HTTPAdapter(max_retries=RETRIES))

    def url_of(self, path: str) -> str:
        return self.prepare(path)[0]

    # --- calls ---------------------------------------------------------------------------------------------

    def me(self) -> protocol.Me:
        return self._call("GET", "v1/me", protocol.Me)

    def assignments(self, course_id: str | None) -> protocol.Assignments:
        query = protocol.AssignmentsQuery(course_id=course_id)
        answer = self._call("GET", "v1/assignments", protocol.Assignments, query=query)
        for entry in answer.assignments:
            _check_names(entry.course_id, entry.assignment_id)
            _check_submissions(entry.submissions)
            _check_names(*(feedback.notebook_id for feedback in entry.feedback))
        return answer

    def submissions(self, query: protocol.SubmissionsQuery) -> Iterator[protocol.SubmissionRecord]:
        """All pages of them."""
        while True:
            page = self._call("GET", "v1/submissions", protocol.Submissions, query=query)
            _check_submissions(page.submissions)
            yield from page.submissions
            if page.cursor in {None, query.cursor}:
                return
            query = msgspec.structs.replace(query, cursor=page.cursor)

    def unrelease(self, course_id: str, assignment_id: str) -> None:
        query = protocol.UnreleaseQuery(course_id, assignment_id)
        self._call("DELETE", "v1/assignments", protocol.Unreleased, query=query)

    def remove_submissions(self, ids: Sequence[UUID], *, own: bool) -> Sequence[protocol.RemovalAnswer]:
        """Hide up to a hundred attempts; `own` means the caller's own list, also for an instructor."""
        body = protocol.RemoveSubmissions(list(ids), own)
        return self._call("POST", "v1/submissions/remove", protocol.Removals, body=body).items

    def initiate(self, batch: protocol.InitiateUploads) -> Sequence[protocol.UploadAnswer]:
        return self._call("POST", "v1/uploads", protocol.UploadAnswers, body=batch).items

    def complete(self, ids: Sequence[UUID]) -> Sequence[protocol.CompletionAnswer]:
        body = protocol.CompleteUploads(list(ids))
        return self._call("POST", "v1/uploads/complete", protocol.CompletionAnswers, body=body).items

    def pending(self) -> Sequence[protocol.PendingUpload]:
        return self._call("GET", "v1/uploads", protocol.PendingUploads, query=protocol.PendingQuery()).items

    def abort(self, upload_id: UUID) -> None:
        self._call("DELETE", f"v1/uploads/{upload_id}", protocol.Aborted)

    def downloads(self, items: Sequence[protocol.DownloadItem]) -> Sequence[protocol.DownloadAnswer]:
        body = protocol.RequestDownloads(list(items))
        return self._call("POST", "v1/downloads", protocol.DownloadAnswers, body=body).items

    # --- how -----------------------------------------------------------------------------------------------

    def _call(self, method: str, path: str, kind: type[T], *, query: Any = None, body: Any = None) -> T:
        url, cookies, headers = self.prepare(path)
        request_id = str(uuid4())
        try:
            response = self.session.request(
                method,
                url,
                params=msgspec.to_builtins(query, str_keys=True) if query is not None else None,
                data=msgspec.json.encode(body) if body is not None else None,
                headers={**headers, "Content-Type": "application/json", "X-Request-ID": request_id},
                cookies=dict(cookies),
                timeout=self.timeout,
                allow_redirects=False,
                stream=True,
            )
            with response:
                content = _content(response)
        except requests.RequestException as error:
            log.debug("%s %s failed: %s", method, path, type(error).__name__)
            raise unreachable(error, url, self.timeout) from None
        log.debug("%s %s: %s (request %s)", method, path, response.status_code, request_id)
        return _with_reference(_read(response, content, kind), request_id)


def _check_submissions(records: Sequence[protocol.SubmissionRecord]) -> None:
    for record in records:
        _check_names(record.course_id, record.assignment_id, record.student_id)
        _check_names(*(feedback.notebook_id for feedback in record.feedback))


def _check_names(*names: str) -> None:
    """Names become local paths: one that cannot be a single file name is believed from nobody."""
    if not all(protocol.is_path_component(name) for name in names):
        raise ServiceUnreachable("The exchange service named something in a way that no path can have.")


def _with_reference(answer: T, request_id: str) -> T:
    """The same answer; the problem of an item gets the id of the request, for people who report it."""
    batched = (
        protocol.UploadAnswers,
        protocol.CompletionAnswers,
        protocol.DownloadAnswers,
        protocol.Removals,
    )
    for item in answer.items if isinstance(answer, batched) else ():
        if isinstance(item, protocol.ItemFailed):
            item.problem.request_id = request_id
    return answer


def _content(response: requests.Response) -> bytes:
    content = b""
    for chunk in response.iter_content(1 << 20):
        content += chunk
        if len(content) > MAX_ANSWER:
            raise ServiceUnreachable("The exchange service answered without end.")
    return content


def _read(response: requests.Response, content: bytes, kind: type[T]) -> T:
    """The answer, if the exchange gave it: a proxy's page is none."""
    content_type = response.headers.get("Content-Type", "").partition(";")[0]
    try:
        if response.status_code == 200 and content_type == "application/json":
            return msgspec.json.decode(content, type=kind)
        if content_type == "application/problem+json":
            raise ServiceRefused(msgspec.json.decode(content, type=protocol.Problem))
    except msgspec.MsgspecError:
        raise ServiceUnreachable(
            "The exchange service answered in a way that this plugin does not understand: "
            "the two may be of different versions. Please tell your instructor."
        ) from None
    raise ServiceUnreachable(
        f"Something other than the exchange service answered (HTTP {response.status_code}, "
        f"{content_type or 'no type'}): it may be restarting. Try again in a minute."
    )


def timed_out(error: requests.RequestException) -> bool:
    """Also when it was the last of several tries, which requests calls a connection error."""
    cause = error.args[0] if error.args else None
    last = cause.reason if isinstance(cause, MaxRetryError) else None
    return isinstance(error, requests.Timeout) or isinstance(last, ReadTimeoutError)


def unreachable(error: requests.RequestException, url: str, timeout: float) -> ServiceUnreachable:
    host = urlsplit(url).netloc.rpartition("@")[2]
    if timed_out(error):
        text = f"The exchange service at {host} did not answer within {timeout:g} seconds"
    elif isinstance(error, requests.exceptions.SSLError):
        text = f"The certificate of the exchange service at {host} was not accepted"
    else:
        text = f"The exchange service at {host} cannot be reached"
    return ServiceUnreachable(f"{text}. Your files are unchanged: try again in a minute.")

"""One request to the service, and what its answer means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

import msgspec
import requests
import urllib3.exceptions
from urllib3.exceptions import MaxRetryError, ProtocolError, ReadTimeoutError

from nbexchange import protocol
from nbexchange.plugin.failures import (
    GATEWAY_STATUSES,
    ServiceOlder,
    ServiceRefused,
    ServiceUnreachable,
    TransferFailed,
)
from nbexchange.plugin.messages import say
from nbexchange.plugin.service.answers import BATCHES, ImpossibleName, read_answer
from nbexchange.shared.redaction import host_of
from nbexchange.shared.version import VERSION

T = TypeVar("T")

MAX_TARGET = 200
MAX_ANSWER = 64 << 20
"""Bytes of an answer that the plugin reads into memory."""

PASSING = {"host-unknown", "service-away", "service-down", "service-lost"}
"""The failures that a restart of the service makes."""


class Call(msgspec.Struct, frozen=True):
    """Where a request goes, with what; its id stands in every text about it."""

    url: str
    cookies: Mapping[str, str]
    headers: Mapping[str, str]
    request_id: str = msgspec.field(default_factory=lambda: str(uuid4()))

    @property
    def own_headers(self) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "X-Request-ID": self.request_id,
            protocol.PROTOCOL_HEADER: str(protocol.REVISION),
            protocol.VERSION_HEADER: VERSION,
        }

    def content(self, response: requests.Response) -> bytes:
        content = b""
        for chunk in response.iter_content(1 << 20):
            content += chunk
            if len(content) > MAX_ANSWER:
                raise self._failed("service-endless")
        return content

    def read(self, response: requests.Response, content: bytes, kind: type[T]) -> T:
        """The answer; raises where it is a problem, or where another program answered, such as a proxy."""
        content_type = response.headers.get("Content-Type", "").partition(";")[0]
        try:
            if response.status_code == 200 and content_type == "application/json":
                return self._with_reference(read_answer(content, kind, self._not_understood(response)))
            if content_type == "application/problem+json":
                raise self._refused(response, msgspec.json.decode(content, type=protocol.Problem))
        except (msgspec.MsgspecError, RecursionError, ImpossibleName):
            raise self._not_understood(response) from None
        raise self._answered_by_another(response, content_type)

    def _answered_by_another(self, response: requests.Response, content_type: str) -> TransferFailed:
        """A gateway that cannot reach the service, or another program: the service itself answers in JSON."""
        status = response.status_code
        if response.is_redirect:
            where = target_of(self.url, response.headers["Location"])
            return self._failed("service-redirects", status=status, elsewhere=where)
        if status in GATEWAY_STATUSES:
            return self._failed("service-away", status=status)
        return self._failed("service-elsewhere", status=status, content_type=content_type or "no type")

    def _refused(self, response: requests.Response, problem: protocol.Problem) -> TransferFailed:
        if problem.type in UNKNOWN_REQUEST and revision_of(response) < protocol.REVISION:
            text = say("service-older", host=host_of(self.url), **_versions(response))
            return ServiceOlder(text, self.request_id)
        problem.request_id = problem.request_id or self.request_id
        return ServiceRefused(problem)

    def _not_understood(self, response: requests.Response) -> ServiceUnreachable:
        if revision_of(response) > protocol.REVISION:
            return self._failed("service-newer", **_versions(response))
        return self._failed("service-unclear")

    def unreachable(self, error: Exception, seconds: float) -> ServiceUnreachable:
        """What to say after so many seconds, in which the call may have been tried several times."""
        if timed_out(error):
            return self._failed("service-slow", seconds=round(seconds, 1 if seconds < 1 else None))
        if isinstance(error, requests.exceptions.SSLError):
            return self._failed("service-certificate")
        if isinstance(error, requests.exceptions.InvalidHeader | UnicodeEncodeError):
            return ServiceUnreachable(say("service-token", source="c.Exchange.api_plugin_class"))
        if isinstance(error, ValueError):  # what requests and urllib3 say of an address
            return ServiceUnreachable(say("service-address"))
        if broke_off(error):
            return self._failed("service-lost")
        return self._failed(trouble_on_the_way(error) or "service-down")

    def _failed(self, code: str, **values: object) -> ServiceUnreachable:
        text = say(code, host=host_of(self.url), **values)
        return ServiceUnreachable(text, self.request_id, passes_soon=code in PASSING)

    def _with_reference(self, answer: T) -> T:
        """The same answer; the problem of an item gets the id of the request, for people who report it."""
        for item in answer.items if isinstance(answer, BATCHES) else ():
            if isinstance(item, protocol.ItemFailed):
                item.problem.request_id = self.request_id
        return answer


UNKNOWN_REQUEST = {"invalid-request", "unknown-route", "method-not-allowed"}
"""The types of problems with which an older service answers a request that it does not know."""


def target_of(url: str, location: str) -> str:
    """Where a redirect of `url` leads, without what could be a secret in it."""
    try:
        target = urlsplit(urljoin(url, location))
    except ValueError:
        return "no web address"
    return f"{target.scheme}://{host_of(target.geturl())}{target.path}"[:MAX_TARGET]


def revision_of(response: requests.Response) -> int:
    """The revision of the protocol that the service speaks; ours, where it does not say."""
    stated = stated_revision(response)
    return protocol.REVISION if stated is None else stated


def stated_revision(response: requests.Response) -> int | None:
    stated = response.headers.get(protocol.PROTOCOL_HEADER, "")
    return int(stated) if protocol.REVISION_PATTERN.fullmatch(stated) else None


def _versions(response: requests.Response) -> dict[str, str]:
    return {
        "theirs": response.headers.get(protocol.VERSION_HEADER, "of another version"),
        "ours": VERSION,
    }


def timed_out(error: Exception) -> bool:
    return isinstance(error, requests.Timeout) or isinstance(_reason(error), ReadTimeoutError)


def broke_off(error: Exception) -> bool:
    """Whether there was a connection, so that the service may have done what it was asked."""
    return isinstance(error, requests.exceptions.ChunkedEncodingError) or isinstance(
        _reason(error), ProtocolError
    )


def trouble_on_the_way(error: Exception) -> str | None:
    """The message, where a connection failed before it came to the other side's machine."""
    if isinstance(error, requests.exceptions.ProxyError):
        return "proxy-failed"
    # Before its version 2, which many an image has, urllib3 does not tell it from other failures.
    unknown: type[Exception] | tuple[()] = getattr(urllib3.exceptions, "NameResolutionError", ())
    return "host-unknown" if isinstance(_reason(error), unknown) else None


def _reason(error: Exception) -> object:
    """Why the last of several tries failed: requests calls each of them a connection error."""
    cause = error.args[0] if error.args else None
    return cause.reason if isinstance(cause, MaxRetryError) else cause

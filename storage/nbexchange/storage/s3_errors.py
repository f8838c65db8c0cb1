"""What S3 refuses, in our words: the mistakes of an installation are told apart, each in one sentence.

The vendor's texts stay behind, since they can quote a signed URL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.parsers import create_parser
from urllib3 import BaseHTTPResponse
from urllib3 import exceptions as urllib3_errors

from nbexchange.storage.contract import StoreMisconfigured, StoreUnavailable

ABSENT = {"404", "NoSuchKey", "NotFound"}
WITHOUT_A_REASON = {"301", "400", "403"}
"""Codes of answers to HEAD, which have no body that says more."""

OTHER_REGION = {
    "AuthorizationHeaderMalformed",
    "AuthorizationQueryParametersError",
    "IllegalLocationConstraintException",
    "PermanentRedirect",
    "TemporaryRedirect",
}
SKEWED = {"RequestTimeTooSkewed", "RequestExpired"}
OFTEN_SKEWED = {"AccessDenied", "403"}
"""Codes of refusals that servers also give a request which is expired, or not yet good, by their clock."""
REASONS = {
    "SignatureDoesNotMatch": "the secret access key is not the one that belongs to the access key",
    "InvalidAccessKeyId": "the object store does not know the access key",
    "AccessDenied": "the access key may not use the bucket",
    "AllAccessDisabled": "the access key may not use the bucket",
    "ExpiredToken": "the temporary credentials for the object store have ended",
    "InvalidBucketName": "the bucket's name in base_storage_location is not a valid name for a bucket",
    "NoSuchBucket": "there is no such bucket: look at base_storage_location and at c.S3Store.endpoint_url",
    "InvalidToken": "the session token is not one that the object store has given",
}
NO_ANSWER: Mapping[str, tuple[type[Exception], ...]] = {
    "the object store{at} has no certificate that is accepted here, or does not speak https": (
        SSLError,
        urllib3_errors.SSLError,
    ),
    "the object store{at} did not answer in time": (ReadTimeoutError, urllib3_errors.ReadTimeoutError),
    "the object store{at} broke the connection off": (ConnectionClosedError, urllib3_errors.ProtocolError),
    "the proxy on the way to the object store cannot be used": (
        ProxyConnectionError,
        urllib3_errors.ProxyError,
    ),
    "the object store{at} cannot be reached: look at c.S3Store.endpoint_url": (
        ConnectTimeoutError,
        EndpointConnectionError,
        urllib3_errors.ConnectTimeoutError,
    ),
}
"""With the exceptions of botocore and of our own connections."""
SKEW = "the clock of this machine is too far from that of the object store"
NO_CREDENTIALS = (
    "there are no credentials for the object store: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
)

MAX_CLOCK_DIFFERENCE = timedelta(minutes=5)
"""Between this machine and the store: beyond it, a signed URL is refused early, or lives on for too long."""


class ObjectAbsent(Exception):
    """The store answered that there is no such object or bucket."""


class Unexplained(StoreUnavailable):
    """The store refused, and did not say why."""


@contextmanager
def translated_errors(host: str = "") -> Iterator[None]:
    """Turn the vendor's exceptions into ours. The host is told where the exception does not know it."""
    try:
        yield
    except ClientError as error:
        if code_of(error) in ABSENT:
            raise ObjectAbsent from None
        raise explain(error) from None
    except RuntimeError:  # botocore says so of credentials that had ended already when they were renewed
        raise StoreUnavailable("the credentials for the object store have ended") from None
    except (NoCredentialsError, PartialCredentialsError):
        raise StoreMisconfigured(NO_CREDENTIALS) from None
    except (BotoCoreError, urllib3_errors.HTTPError, OSError) as error:
        # The last comes from where renewed credentials are read.
        raise StoreUnavailable(describe(error, host)) from None


def describe(error: Exception, host: str) -> str:
    """Why there was no answer. Of the address only the host is told: the rest can be a signed URL."""
    host = host or urlsplit(str(getattr(error, "kwargs", {}).get("endpoint_url", ""))).netloc
    for sentence, kinds in NO_ANSWER.items():
        if isinstance(error, kinds):
            return sentence.format(at=f" at {host}" if host else "")
    return f"the object store cannot be used: {type(error).__name__}"


def check_answer(answer: BaseHTTPResponse) -> None:
    """Raise what botocore raises for it where the answer is a refusal."""
    if answer.status >= 300:
        parts = {"status_code": answer.status, "headers": answer.headers, "body": answer.data}
        raise ClientError(create_parser("rest-xml").parse(parts, None), "request")


def explain(error: ClientError) -> StoreUnavailable:
    code, headers = code_of(error), headers_of(error.response)
    if code in OTHER_REGION:
        region = error.response.get("Error", {}).get("Region") or headers.get("x-amz-bucket-region")
        where = f": it is in {region}" if region else ""
        return StoreMisconfigured(f"the bucket is not in the region of the settings{where}")
    difference = clock_difference(headers)
    if code in SKEWED or (difference and code in OFTEN_SKEWED):
        return StoreMisconfigured(difference or SKEW)
    if code in REASONS:
        return StoreMisconfigured(REASONS[code])
    kind = Unexplained if code in WITHOUT_A_REASON else StoreUnavailable
    return kind(f"the object store answered {code}")


def check_clock(headers: Mapping[str, str]) -> None:
    """Raise where the store's clock, as its answer tells it, and ours are too far from each other."""
    if difference := clock_difference(headers):
        raise StoreMisconfigured(difference)


def clock_difference(headers: Mapping[str, str]) -> str | None:
    """In words, where it is too large to go on."""
    try:
        theirs = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError):
        return None
    ahead = datetime.now(UTC) - theirs
    if abs(ahead) <= MAX_CLOCK_DIFFERENCE:
        return None
    direction = "ahead of" if ahead > timedelta(0) else "behind"
    minutes = round(abs(ahead).total_seconds() / 60)
    return f"the clock of this machine is {minutes} minutes {direction} that of the object store"


def headers_of(answer: Mapping[str, Any]) -> Mapping[str, str]:
    headers: Mapping[str, str] = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return headers


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "without a code"))

"""Redaction, tried on what the libraries really say."""

from __future__ import annotations

import logging
import socket
import traceback

import boto3
import pytest
import requests
import urllib3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from nbexchange.demo.servers import free_port
from nbexchange.shared.redaction import RedactingFilter, RedactingFormatter, redact

SECRET = "deadbeefdeadbeefdeadbeef"
PATH = f"/bucket/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2Fs3&X-Amz-Signature={SECRET}"


@pytest.fixture
def origin():
    """Where nobody listens."""
    return f"127.0.0.1:{free_port()}"


def refused(origin):
    requests.get(f"http://{origin}{PATH}", timeout=1)


def refused_with_password(origin):
    requests.get(f"http://user:{SECRET}@{origin}{PATH}", timeout=1)


def not_in_time(origin):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        requests.get(f"http://127.0.0.1:{silent.getsockname()[1]}{PATH}", timeout=0.05)


def no_tls(origin):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        requests.get(f"https://127.0.0.1:{silent.getsockname()[1]}{PATH}", timeout=0.05)


def a_status(origin):
    response = requests.Response()
    response.status_code, response.url = 403, f"http://{origin}{PATH}"
    response.raise_for_status()


def without_scheme(origin):
    requests.get(f"{origin}{PATH}", timeout=1)


def not_an_url(origin):
    requests.get(f"http://:{PATH}", timeout=1)


def of_urllib3(origin):
    urllib3.PoolManager(retries=False).request("PUT", f"http://{origin}{PATH}")


def of_urllib3_after_retries(origin):
    urllib3.PoolManager(retries=urllib3.Retry(1, backoff_factor=0)).request("PUT", f"http://{origin}{PATH}")


def of_botocore(origin):
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=1)
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{origin}/?token={SECRET}",
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key=SECRET,
        config=config,
    )
    client.head_bucket(Bucket="b")


def of_an_s3_server(origin):
    answer = {"Error": {"Code": "SignatureDoesNotMatch", "Message": f"GET {PATH}"}}
    raise ClientError(answer, "GetObject")


EXCEPTIONS = (requests.RequestException, urllib3.exceptions.HTTPError, BotoCoreError, ClientError)
FAILURES = [
    refused,
    refused_with_password,
    not_in_time,
    no_tls,
    a_status,
    without_scheme,
    not_an_url,
    of_urllib3,
    of_urllib3_after_retries,
    of_botocore,
    of_an_s3_server,
]


@pytest.mark.parametrize("fail", FAILURES, ids=lambda fail: fail.__name__)
def test_no_text_of_a_library_keeps_a_signature(fail, origin):
    with pytest.raises(EXCEPTIONS) as failure:
        fail(origin)
    whole = "".join(traceback.format_exception(failure.value))
    for text in (str(failure.value), repr(failure.value), whole):
        assert SECRET not in redact(text)


def test_these_texts_hold_one_to_begin_with(origin):
    with pytest.raises(EXCEPTIONS) as failure:
        refused(origin)
    assert SECRET in str(failure.value)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Authorization: token abcdefgh12345678", "Authorization: token ..."),
        ("{'Authorization': 'Bearer abcdefgh.12345678'}", "{'Authorization': 'Bearer ...'}"),
        ("JUPYTERHUB_API_TOKEN=abcdefgh12345678", "JUPYTERHUB_API_TOKEN=..."),
        ('{"access_token": "abcdefgh12345678"}', '{"access_token": "..."}'),
        ("X-Amz-Security-Token=Fwo%2FYXdzE%3D&x=1", "X-Amz-Security-Token=...&x=1"),
        ("X-Amz-Date=20260101\nX-Amz-Signature=abcdef123456", "X-Amz-Date=20260101\nX-Amz-Signature=..."),
        ("Credential=AKIA/s3, Signature=abcdef123456", "Credential=AKIA/s3, Signature=..."),
        ("The signature verification failed", "The signature verification failed"),
        ("postgresql://me:sec@ret@db/nbexchange", "postgresql://...@db/nbexchange"),
        ("postgresql://me:secret@db/nbexchange", "postgresql://...@db/nbexchange"),
        ("see http://host/path?a=1&b=2, then go on", "see http://host/path?... then go on"),
        ("The token is missing. Why? Nobody knows.", "The token is missing. Why? Nobody knows."),
        ("submit ps1/part 2 (a=b)", "submit ps1/part 2 (a=b)"),
    ],
)
def test_what_is_left_can_still_be_read(text, left):
    assert redact(text) == left


def test_log_entries_are_redacted_with_their_tracebacks(origin):
    formatter = RedactingFormatter("%(message)s")
    try:
        refused(origin)
    except requests.ConnectionError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "failed: %s", (info[1],), info)
    text = formatter.format(record)
    assert "failed: " in text
    assert "Traceback" in text
    assert SECRET not in text


def test_a_librarys_logger_is_redacted_before_anybody_gets_the_entry():
    record = logging.LogRecord("urllib3", logging.DEBUG, "f", 1, '"%s %s"', ("PUT", PATH), None)
    assert RedactingFilter().filter(record)
    assert record.getMessage() == '"PUT /bucket/key?..."'

"""Mistakes of an installation with S3, told apart in one sentence each: at `storage init`, `serve` and `readyz`."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests
import time_machine
from support.people.commands import run_nbexchange_here, serving_here
from support.servers.serving import serving
from support.stores.object_clients import on

from nbexchange.storage import StoreMisconfigured, StoreUnavailable
from nbexchange.storage.s3 import S3Store
from nbexchange.storage.s3_errors import check_clock

HOUR = timedelta(hours=1)


class Mistake:
    def __init__(self, sentence, *, clock=timedelta(0), **environment):
        self.sentence, self.clock, self.environment = sentence, clock, environment

    def made(self):
        return time_machine.travel(datetime.now(UTC) + self.clock, tick=True) if self.clock else nullcontext()


MISTAKES = {
    "wrong secret": Mistake(
        "the secret access key is not the one that belongs to the access key", AWS_SECRET_ACCESS_KEY="wrong"
    ),
    "unknown key": Mistake("the object store does not know the access key", AWS_ACCESS_KEY_ID="nobody"),
    "no credentials": Mistake(
        "there are no credentials for the object store: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        AWS_SECRET_ACCESS_KEY="",
        AWS_ACCESS_KEY_ID="",
        AWS_EC2_METADATA_DISABLED="true",
    ),
    "clock slow": Mistake(
        "the clock of this machine is 60 minutes behind that of the object store", clock=-HOUR
    ),
    "clock fast": Mistake(
        "the clock of this machine is 60 minutes ahead of that of the object store", clock=HOUR
    ),
}


@pytest.fixture(params=MISTAKES.values(), ids=MISTAKES)
def mistake(request):
    with request.param.made():
        yield request.param


@pytest.fixture
def settings(client, mistake):
    return {
        **client.environment,
        "NBEXCHANGE_BASE_STORAGE_LOCATION": "s3://contract",
        "NBEXCHANGE_S3_ENDPOINT_URL": client.base_url,
        **mistake.environment,
    }


@on("seaweedfs")
def test_storage_init_says_which_it_is(tmp_path, settings, mistake):
    done = run_nbexchange_here(tmp_path, "storage", "init", **settings)
    assert (done.status, done.err) == (1, f"nbexchange: {mistake.sentence}\n")


@on("seaweedfs")
def test_the_service_says_so_in_its_log_and_at_readyz_and_runs(tmp_path, settings, mistake, caplog):
    with serving_here(tmp_path, **settings) as url:
        assert f"the object store cannot be used: {mistake.sentence}" in caplog.messages
        assert requests.get(f"{url}/healthz", timeout=10).status_code == 200
        answer = requests.get(f"{url}/readyz", timeout=10)
    assert answer.status_code == 503
    assert answer.json()["detail"] == f"The object store cannot be used: {mistake.sentence}."


class Refusing(BaseHTTPRequestHandler):
    """A server of S3 that refuses what `accepts` does not like, with `body`, and says in which region the bucket is."""

    body = b""

    def accepts(self):
        raise NotImplementedError

    def respond(self):
        body = b"" if self.accepts() else self.body
        self.send_response(400 if body else 200)
        self.send_header("x-amz-bucket-region", "eu-central-1")
        self.send_header("Content-Length", str(len(body)) if self.command != "HEAD" else "0")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = respond

    def log_message(self, *_):
        """Nobody reads it."""


class OtherRegion(Refusing):
    """As AWS answers requests that are signed for another region than the bucket's."""

    body = b"<Error><Code>AuthorizationQueryParametersError</Code><Region>eu-central-1</Region></Error>"

    def accepts(self):
        return "eu-central-1%2Fs3%2F" in self.path


class VerifyingUrlsAlone(Refusing):
    """As MiniStack takes whatever is signed in a header, also with a wrong secret."""

    body = b"<Error><Code>SignatureDoesNotMatch</Code></Error>"

    def accepts(self):
        return "Authorization" in self.headers


class WithoutBucket(Refusing):
    """As servers answer where a bucket cannot be, or is not."""

    body = b"<Error><Code>NoSuchBucket</Code></Error>"

    def accepts(self):
        return False


@pytest.mark.usefixtures("credentials")
def test_what_keeps_the_store_from_answering_is_said_in_a_sentence_with_the_host_alone():
    with (
        serving(HTTPServer(("127.0.0.1", 0), WithoutBucket)) as url,
        pytest.raises(StoreUnavailable, match=r"^there is no such bucket: look at base_storage_location and"),
    ):
        S3Store("bucket", endpoint_url=url).create()
    with (
        serving(HTTPServer(("127.0.0.1", 0), WithoutBucket)) as url,
        pytest.raises(
            StoreUnavailable,
            match=r"^the object store at [\d.:]+ has no certificate that is accepted here, or",
        ),
    ):
        S3Store("bucket", endpoint_url=url.replace("http:", "https:")).ready()
    with pytest.raises(
        StoreUnavailable, match=r"^the object store at [\d.:]+ cannot be reached: look at c\.S3"
    ):
        S3Store("bucket", endpoint_url="http://127.0.0.1:1").ready()


@pytest.mark.usefixtures("credentials")
def test_another_region_is_told_and_not_gone_to_in_silence():
    """botocore would go on where the bucket is, while every URL is signed for the region of the settings."""
    with serving(HTTPServer(("127.0.0.1", 0), OtherRegion)) as url:
        S3Store("bucket", region="eu-central-1", endpoint_url=url).ready()
        with pytest.raises(
            StoreMisconfigured, match=r"not in the region of the settings: it is in eu-central-1$"
        ):
            S3Store("bucket", region="us-east-1", endpoint_url=url).ready()


@pytest.mark.usefixtures("credentials")
def test_a_wrong_secret_is_found_out_where_signatures_in_urls_alone_are_verified():
    with (
        serving(HTTPServer(("127.0.0.1", 0), VerifyingUrlsAlone)) as url,
        pytest.raises(StoreMisconfigured, match="the secret access key is not the one"),
    ):
        S3Store("bucket", endpoint_url=url).ready()


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_server_that_takes_requests_of_another_time_is_found_out_by_its_answer(minutes):
    told = datetime.now(UTC) - timedelta(minutes=minutes)
    with pytest.raises(
        StoreMisconfigured, match=f"is 6 minutes {'ahead of' if minutes > 0 else 'behind'} that of"
    ):
        check_clock({"date": format_datetime(told, usegmt=True)})


def test_a_clock_that_is_right_or_not_told_is_no_mistake():
    for headers in ({}, {"date": "yesterday"}, {"date": format_datetime(datetime.now(UTC))}):
        check_clock(headers)

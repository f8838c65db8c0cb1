"""What a signed URL and a question cost the process that signs and asks: this one, the kernel's share included."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from unittest.mock import patch
from urllib.parse import parse_qsl, urlsplit

import urllib3

from benchmarks.filling import BODY
from benchmarks.report import Table, decimal
from benchmarks.scene import STORES
from benchmarks.sizes import Sizes
from nbexchange.demo import servers
from nbexchange.storage import URL_LIFETIME, ObjectStore, StreamsBytes, open_store
from nbexchange.storage.s3 import S3Store

KEY = "v1/1/2/submission/00000000-0000-4000-8000-000000000000.tar.gz"
DIGEST = hashlib.sha256(BODY).hexdigest()
ROUNDS = 9
HEAD = ("call", "calls", "CPU, µs/call")
NOTE = (
    f"One after the other; the median of {ROUNDS} rounds that take turns. A submission is one signature and one "
    "question (`stat`); a batch of a hundred is a hundred of either."
)


def run(folder: Path, sizes: Sizes) -> Iterator[Table]:
    for kind in sizes.stores:
        with _opened(kind, folder / kind) as store:
            _put_object(store)
            rows = list(_measure(_calls(store), max(1, sizes.identities // ROUNDS)))
        yield Table(f"Signing and asking, {STORES[kind]}", NOTE, HEAD, rows)


@contextmanager
def _opened(kind: str, folder: Path) -> Iterator[ObjectStore]:
    if kind == "local":
        yield open_store(str(folder))
        return
    with servers.s3_server(folder) as bucket, patch.dict(os.environ, bucket.environment):
        store = S3Store(bucket.name, region=bucket.region, endpoint_url=bucket.endpoint_url)
        store.create()
        yield store


def _calls(store: ObjectStore) -> Mapping[str, Callable[[], object]]:
    return {
        "`sign_put`": lambda: store.sign_put(KEY, size=len(BODY), sha256=DIGEST, lifetime=URL_LIFETIME),
        "`sign_get`": lambda: store.sign_get(KEY, filename="ps1.tar.gz", lifetime=URL_LIFETIME),
        "`stat`": lambda: store.stat(KEY),
    }


def _put_object(store: ObjectStore) -> None:
    request = store.sign_put(KEY, size=len(BODY), sha256=DIGEST, lifetime=URL_LIFETIME)
    if isinstance(store, StreamsBytes):
        draft = store.begin(KEY, dict(parse_qsl(urlsplit(request.url).query)), request.headers)
        draft.write(BODY)
        draft.finish()
        draft.close()
    else:
        urllib3.request(request.method, request.url, body=BODY, headers=request.headers)
    assert store.stat(KEY)


def _measure(calls: Mapping[str, Callable[[], object]], count: int) -> Iterator[Sequence[str]]:
    for call in calls.values():
        call()  # the first makes connections and keys
    rounds = [{name: _cpu_of(call, count) for name, call in calls.items()} for _ in range(ROUNDS)]
    for name in calls:
        yield name, str(ROUNDS * count), decimal(1e6 * median(seconds[name] for seconds in rounds) / count)


def _cpu_of(call: Callable[[], object], count: int) -> float:
    began = time.process_time()
    for _ in range(count):
        call()
    return time.process_time() - began

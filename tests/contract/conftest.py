"""The stores that keep the contract, one server of each kind per run."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from uuid import uuid4

import botocore.session
import pytest
from flask import Flask
from moto.server import ThreadedMotoServer
from support.servers.serving import serving
from support.stores.flat import FLAT
from support.stores.object_clients import ACCESS_KEY, LOCAL_PARAMETERS, S3_PARAMETERS, SECRET_KEY, StoreClient
from werkzeug.serving import make_server

from nbexchange.api.http import conventions as web
from nbexchange.api.http.routes import objects
from nbexchange.demo.servers import Bucket
from nbexchange.storage import ObjectStore, StreamsBytes, open_store, register_store, registry
from nbexchange.storage.s3 import S3Store


@pytest.fixture(scope="session", autouse=True)
def rules_of_aws() -> Iterator[None]:
    """What botocore reads for each session of its own, once for all the stores that are opened here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        yield


@pytest.fixture
def client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> StoreClient:
    """The store that the test names, shared with other tests: each uses keys of its own."""
    client: StoreClient = request.getfixturevalue(f"{request.param}_client")
    for name, value in client.environment.items():
        monkeypatch.setenv(name, value)
    return client


@pytest.fixture
def key() -> str:
    """A key as the service makes them."""
    return f"v1/1/2/submission/{uuid4()}.tar.gz"


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)


@pytest.fixture(scope="session")
def local_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreClient]:
    yield from served(open_store(str(tmp_path_factory.mktemp("local") / "store")))


@pytest.fixture(scope="session")
def flat_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreClient]:
    """A store that no code of ours knows, found by the scheme of its address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "_registered", {**registry._registered})
        register_store("flat", FLAT)
        store = open_store(tmp_path_factory.mktemp("flat").as_uri().replace("file:", "flat:"))
    yield from served(store)


def served(store: ObjectStore) -> Iterator[StoreClient]:
    """A store that streams bytes through this process, over HTTP as the service offers it."""
    assert isinstance(store, StreamsBytes)
    app = Flask(__name__, static_folder=None)
    web.install(app)
    app.register_blueprint(objects.routes(lambda: store), url_prefix="/services/nbexchange/objects")
    with serving(make_server("127.0.0.1", 0, app, threaded=True)) as url:
        yield StoreClient(store, LOCAL_PARAMETERS, f"{url}/services/nbexchange/")


@pytest.fixture(scope="session")
def seaweedfs_client(s3_server: Bucket) -> StoreClient:
    return s3_client(s3_server)


@pytest.fixture(scope="session")
def moto_client() -> Iterator[StoreClient]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield s3_client(Bucket(f"http://{host}:{port}", "anybody", "anything"))
    server.stop()


def s3_client(bucket: Bucket) -> StoreClient:
    environment = {name: value for name, value in bucket.environment.items() if name.startswith("AWS_")}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        store = S3Store("contract", prefix="exchange/", endpoint_url=bucket.endpoint_url)
    store.create()
    return StoreClient(store, S3_PARAMETERS, bucket.endpoint_url, environment)

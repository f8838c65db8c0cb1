"""OpenStack Swift with its S3 interface, on loopback: the S3 server that is strict where MiniStack is not."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from nbexchange.demo.servers import Bucket, answers, clean_environment, free_port, process

BACKENDS = ("account", "container", "object")

SWIFT = """
[swift-hash]
swift_hash_path_prefix = tests
swift_hash_path_suffix = tests

[storage-policy:0]
name = only
default = yes
"""

DEFAULT = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
user = {user}
swift_dir = {folder}
devices = {folder}
mount_check = false
workers = 0
"""

BACKEND = """
[pipeline:main]
pipeline = {kind}-server

[app:{kind}-server]
use = egg:swift#{kind}
"""

# Swift adds the other filters that it needs by itself.
PROXY = """
[pipeline:main]
pipeline = catch_errors s3api tempauth proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true

[filter:catch_errors]
use = egg:swift#catch_errors

[filter:s3api]
use = egg:swift#s3api
s3_acl = false
check_bucket_owner = false
location = us-east-1
allow_multipart_uploads = false

[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
"""

RINGS = """
import sys
from swift.common.ring import RingBuilder

folder, *rings = sys.argv[1:]
for ring in rings:
    kind, _, port = ring.partition(":")
    builder = RingBuilder(4, 1, 1)
    builder.add_dev(
        {"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port), "device": "disk", "weight": 1}
    )
    builder.rebalance()
    builder.get_ring().save(f"{folder}/{kind}.ring.gz")
"""


@contextmanager
def swift(folder: Path) -> Iterator[Bucket]:
    """A Swift of four processes that keeps its objects in `folder`, whose file system must have user xattrs."""
    ports = {kind: free_port() for kind in (*BACKENDS, "proxy")}
    (folder / "disk").mkdir(parents=True)
    (folder / "swift.conf").write_text(SWIFT)
    user = pwd.getpwuid(os.getuid()).pw_name
    for kind, port in ports.items():
        config = DEFAULT + (PROXY if kind == "proxy" else BACKEND)
        (folder / f"{kind}.conf").write_text(config.format(port=port, user=user, folder=folder, kind=kind))
    rings = [f"{kind}:{ports[kind]}" for kind in BACKENDS]
    subprocess.run([sys.executable, "-c", RINGS, str(folder), *rings], env=clean_environment(), check=True)

    def ready() -> bool:
        return all(answers(f"http://127.0.0.1:{port}") for port in ports.values())

    with ExitStack() as running:
        for kind in ports:  # the proxy last: they start side by side, and it is waited for them all
            program = Path(sys.executable).parent / f"swift-{kind}-server"
            command = [str(program), "--verbose", str(folder / f"{kind}.conf")]
            when = ready if kind == "proxy" else lambda: True
            running.enter_context(process(command, clean_environment(), folder / "swift.log", when))
        yield Bucket(f"http://127.0.0.1:{ports['proxy']}", "test:tester", "testing")

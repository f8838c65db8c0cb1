"""A process of the service is replaced by a new one after so many requests: nobody notices."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import requests

from nbexchange.demo import servers
from nbexchange.demo.servers.service import service_settings

REQUESTS, CALLERS, CALLS = 120, 8, 80
SERVE = f"""
import sys
from nbexchange.api.__main__ import main
from nbexchange.api.http import server

server.WORKER_REQUESTS = {REQUESTS}
sys.argv[1:] = ["serve"]
main()
"""


def test_no_call_fails_while_processes_are_replaced(tmp_path):
    port = servers.free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {**servers.clean_environment(), **service_settings(tmp_path), "NBEXCHANGE_PORT": str(port)}
    log = tmp_path / "service.log"
    command = [sys.executable, "-c", SERVE]
    with servers.process(command, environment, log, lambda: servers.answers(f"{url}/healthz")):

        def call(_):
            with requests.Session() as session:  # which keeps its connection, as the plugin does
                return {session.get(f"{url}/healthz", timeout=30).status_code for _ in range(CALLS)}

        with ThreadPoolExecutor(CALLERS) as pool:
            assert set().union(*pool.map(call, range(CALLERS))) == {200}
    assert log.read_text().count("Booting worker") > 2

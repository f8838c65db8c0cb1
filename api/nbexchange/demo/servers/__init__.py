"""The servers that the demo and the tests start: each ends with the process that started it, however that ends."""

from nbexchange.demo.servers.postgresql import postgresql
from nbexchange.demo.servers.processes import (
    STOP_TIMEOUT,
    ServerFailed,
    answers,
    clean_environment,
    free_port,
    free_ports,
    process,
)
from nbexchange.demo.servers.s3 import Bucket, find_program, s3_server
from nbexchange.demo.servers.service import Service, service, service_settings

__all__ = [
    "STOP_TIMEOUT",
    "Bucket",
    "ServerFailed",
    "Service",
    "answers",
    "clean_environment",
    "find_program",
    "free_port",
    "free_ports",
    "postgresql",
    "process",
    "s3_server",
    "service",
    "service_settings",
]

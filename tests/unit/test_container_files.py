"""The container files say what an engine accepts, and hold no surprise for the administrator."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from support.servers.containers import (
    COMPOSE,
    DOCKERFILE,
    ROOT,
    VARIABLE,
    NotSet,
    compose,
    copied,
    example_variables,
    final,
    healthcheck,
    parser,
    stages,
)

from nbexchange.api.config.settings import NbExchange
from nbexchange.api.config.sources import environment, sections

SECRETS = ("POSTGRES_PASSWORD", "MINIO_ROOT_PASSWORD")
VARIABLES = {**example_variables(), **dict.fromkeys(SECRETS, "of a test")}
SERVICES = compose(VARIABLES)["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service]


@pytest.mark.parametrize(
    "command",
    [
        ("check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE),
        ("yamllint", "--strict", "-d", "{extends: relaxed, rules: {line-length: disable}}", COMPOSE),
        ("hadolint", "--failure-threshold", "style", DOCKERFILE),
    ],
    ids=lambda command: command[0],
)
def test_linters_find_nothing(command):
    program = Path(sys.executable).parent / command[0]
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# --- docker-compose.yml ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*SECRETS, "MINIO_ROOT_USER", "S3_PUBLIC_URL"])
def test_nothing_starts_without_what_only_the_operator_can_know(name):
    with pytest.raises(NotSet, match=name):
        compose({**VARIABLES, name: ""})


def test_the_example_has_every_variable_and_no_secret():
    example = (ROOT / ".env.example").read_text()
    used = {match["name"] for match in VARIABLE.finditer(COMPOSE.read_text())}
    assert used == example_variables().keys() | {"S3_IMAGE"}
    assert "#S3_IMAGE=" in example
    assert [name for name, value in example_variables().items() if not value] == list(SECRETS)


def test_a_service_that_is_waited_for_can_reach_the_state_that_is_waited_for():
    for name, service in SERVICES.items():
        for awaited, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[awaited], (name, awaited)
            else:
                assert how["condition"] == "service_completed_successfully"
                assert SERVICES[awaited]["restart"] == "no", (name, awaited)


def test_the_service_starts_after_the_schema_and_the_bucket_are_there():
    assert SERVICES["migrate"]["command"] == ["db", "upgrade"]
    assert SERVICES["bucket"]["command"] == ["storage", "init"]
    assert SERVICES["api"]["depends_on"].keys() == {"migrate", "bucket"}


def test_only_this_machine_reaches_the_published_ports():
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {"api": ["127.0.0.1:9000:9000"], "minio": ["127.0.0.1:9010:9000"]}


def test_what_is_kept_is_in_named_volumes():
    mounted = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])]
    assert sorted(mounted) == sorted(compose(VARIABLES)["volumes"])


def test_clients_are_sent_to_another_address_than_the_service_dials():
    settings = SERVICES["api"]["environment"]
    assert settings["NBEXCHANGE_S3_ENDPOINT_URL"] == "http://minio:9000"
    assert settings["NBEXCHANGE_S3_PUBLIC_ENDPOINT_URL"] == "http://localhost:9010"


@pytest.mark.parametrize("name", OURS)
def test_our_containers_can_change_nothing_but_their_data(name):
    service = SERVICES[name]
    assert (service["read_only"], service["tmpfs"], service["cap_drop"]) == (True, ["/tmp"], ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", OURS)
def test_our_containers_are_given_settings_that_exist_and_go_together(name, monkeypatch):
    variables = {**parser().envs, **SERVICES[name]["environment"]}
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    config = environment()
    stated = {variable for variable in variables if variable.startswith("NBEXCHANGE_")}
    read = {
        f"{sections()[section].variable_prefix}{setting.upper()}"
        for section, settings in config.items()
        for setting in settings
    }
    assert read == stated
    if name == "api":
        NbExchange(config=config).check()


# --- infra/Dockerfile --------------------------------------------------------------------------------------


def test_the_image_is_built_from_all_that_the_context_holds():
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    let_in = [line[1:] for line in ignore if line.startswith("!")]
    assert [line for line in ignore if line and line[0] not in "#!"] == ["*", "**/__pycache__", "**/*.pyc"]
    sources = [name for names, _, from_stage in copied(stages()[0]) for name in names if not from_stage]
    assert sorted(sources) == sorted(let_in)
    assert all((ROOT / name).exists() for name in sources)


def test_only_the_installed_program_reaches_the_last_stage():
    assert list(copied(stages()[-1])) == [(["/opt/nbexchange"], "/opt/nbexchange", True)]
    assert [argument for name, argument in stages()[-1] if name == "RUN"] == [
        "install -d -m 0700 -o 10001 -g 10001 /var/lib/nbexchange"
    ]


def test_the_image_runs_as_a_numbered_user_who_is_not_root():
    uid, gid = map(int, final("USER").split(":"))
    assert uid > 0
    assert gid > 0


def test_the_image_runs_our_command_without_a_shell():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    (program,) = json.loads(final("ENTRYPOINT"))
    assert program in scripts
    assert json.loads(final("CMD")) == ["serve"]
    assert healthcheck()[0] == "python"

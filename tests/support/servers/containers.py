"""The container files as an engine reads them, and what they describe as folders and processes of this machine."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import venv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from dockerfile_parse import DockerfileParser
from packaging.requirements import Requirement

from nbexchange.demo.servers import clean_environment
from support.suite.linked import link_needed

ROOT = Path(__file__).parents[3]
DOCKERFILE = ROOT / "infra" / "Dockerfile"
COMPOSE = ROOT / "docker-compose.yml"

VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?:(?P<how>:[-?])(?P<other>[^}]*))?\})")


class NotSet(Exception):
    """A variable without which `docker compose` does nothing."""


# --- docker-compose.yml ------------------------------------------------------------------------------------


def compose(variables: Mapping[str, str]) -> dict[str, Any]:
    """The compose file with its variables filled in."""
    return _filled(yaml.safe_load(COMPOSE.read_text()), variables)


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, variables) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, variables) for inner in value]
    return VARIABLE.sub(lambda match: _value(match, variables), value) if isinstance(value, str) else value


def _value(match: re.Match[str], variables: Mapping[str, str]) -> str:
    if match["name"] is None:
        return "$"
    value = variables.get(match["name"], "")
    if not value and match["how"] == ":?":
        raise NotSet(match["name"])
    return value or match["other"] or ""


def example_variables() -> dict[str, str]:
    """What `.env.example` sets, of which what is empty is to be filled in."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


# --- the Dockerfile ----------------------------------------------------------------------------------------


def stages() -> list[list[tuple[str, str]]]:
    """The instructions of each stage, with their arguments."""
    result: list[list[tuple[str, str]]] = []
    for step in parser().structure:
        if step["instruction"] == "FROM":
            result.append([])
        if result and step["instruction"] != "COMMENT":
            result[-1].append((step["instruction"], step["value"]))
    return result


def parser(path: str = "") -> DockerfileParser:
    return DockerfileParser(str(DOCKERFILE), parent_env={"PATH": path})


def final(instruction: str) -> str:
    """The argument of an instruction that the last stage has once."""
    (argument,) = [argument for name, argument in stages()[-1] if name == instruction]
    return argument


def healthcheck() -> list[str]:
    command: list[str] = json.loads(final("HEALTHCHECK").partition("CMD ")[2])
    return command


def copied(stage: list[tuple[str, str]]) -> Iterator[tuple[list[str], str, bool]]:
    """What a stage copies, where, and whether out of an earlier stage."""
    for name, argument in stage:
        if name == "COPY":
            words = shlex.split(argument)
            *sources, target = [word for word in words if not word.startswith("--")]
            yield sources, target, words[0].startswith("--from")


@dataclass(frozen=True)
class Image:
    """What the Dockerfile makes, below a folder instead of below `/`."""

    root: Path

    def build(self) -> None:
        """Do what the stages say, with a new virtual environment as their base image."""
        venv.create(self.root / "base")
        link_needed([Requirement("pip")], self.root / "base")
        for stage in stages():
            workdir = self.root
            for name, argument in stage:
                if name == "WORKDIR":
                    workdir = Path(self.inside(argument))
                    workdir.mkdir(parents=True, exist_ok=True)
                elif name == "COPY":
                    self._copy(argument, workdir)
                elif name == "RUN":
                    self._run(argument, workdir)

    def inside(self, text: str) -> str:
        """The same text, with the image's own folders where they really are."""
        return re.sub(r"(?<![\w/.])/(?=(?:source|opt|var)\b)", f"{self.root}/", text)

    def _copy(self, argument: str, workdir: Path) -> None:
        ((sources, target, from_stage),) = copied([("COPY", argument)])
        if from_stage:  # all stages share one folder here
            return
        for source in sources:
            if (ROOT / source).is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
                shutil.copytree(ROOT / source, workdir / target, ignore=ignored)
            else:
                shutil.copy(ROOT / source, workdir / target)

    def _run(self, command: str, workdir: Path) -> None:
        if os.geteuid() != 0:  # only root may give a folder away
            command = command.replace("-o 10001 -g 10001", "")
        path = f"{self.root}/base/bin:{os.defpath}"
        done = subprocess.run(
            ["/bin/sh", "-ec", self.inside(command)],
            cwd=workdir,
            env={**clean_environment(), "PATH": path},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def files(self) -> set[str]:
        """All that is below the folder now."""
        return {path.relative_to(self.root).as_posix() for path in self.root.rglob("*")}

    @property
    def environment(self) -> dict[str, str]:
        """What the last stage sets, and nothing else."""
        return {name: self.inside(value) for name, value in parser(os.defpath).envs.items()}

    def command(self, *arguments: str) -> list[str]:
        """The entry point with these arguments, as the user that the image names where this process may."""
        return self.as_user([*json.loads(final("ENTRYPOINT")), *arguments])

    def as_user(self, command: list[str]) -> list[str]:
        program = shutil.which(command[0], path=self.environment["PATH"])
        assert program, command
        uid, gid = final("USER").split(":")
        user = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs"]
        return [*(user if os.geteuid() == 0 else []), program, *command[1:]]

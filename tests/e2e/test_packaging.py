"""What is shipped: the wheel, in environments with nothing else."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import zipfile
from importlib.metadata import distributions

import pytest
from support.suite.linked import applicable, link_needed

import nbexchange.plugin

pytestmark = pytest.mark.packaging

SERVER_ONLY = ["flask", "werkzeug", "boto3", "botocore", "psycopg", "gunicorn"]


def run(*command, cwd, **environment):
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "HOME": str(cwd), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_wheel_holds_every_portion_and_no_more(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    roots = {name.split("/")[0] for name in names}
    assert {name.rpartition(".")[2] for name in roots} == {"nbexchange", "dist-info", "data"}
    assert "nbexchange/__init__.py" not in names
    for path in (
        "nbexchange/api/db/migrations/versions/0001_the_first_schema.py",
        "nbexchange/api/db/migrations/script.py.mako",
        "nbexchange/plugin/py.typed",
        "nbexchange/protocol/__init__.py",
        "nbexchange/handlers/auth/user_handler.py",
    ):
        assert path in names
    assert [name.partition(".data/")[2] for name in names if ".data/" in name] == [
        "data/etc/jupyter/jupyter_server_config.d/nbexchange.json"
    ]


def test_the_student_image_gains_no_server(wheel, fresh_venv, tmp_path):
    """With nbgrader and the plugin: neither Flask nor boto3 nor a driver, and the eight lines resolve."""
    bin_folder = fresh_venv("--no-deps", str(wheel))
    (needs,) = distributions(
        name="nbexchange", path=[*map(str, bin_folder.parent.glob("lib/*/site-packages"))]
    )
    assert "nbgrader" in link_needed(applicable(needs.requires, ["plugin"]), bin_folder.parent)
    script = f"""
import importlib.util, json
from traitlets.config import Config
from nbgrader.exchange import ExchangeFactory
config = Config()
for slot, name in {dict(zip(SLOTS, nbexchange.plugin.__all__, strict=True))!r}.items():
    config.ExchangeFactory[slot] = "nbexchange.plugin." + name
factory = ExchangeFactory(config=config)
assert factory.List(coursedir=None, authenticator=None).assignment_dir == "."
assert factory.submit.__name__ == "ExchangeSubmit"
print(json.dumps([name for name in {SERVER_ONLY!r} if importlib.util.find_spec(name)]))
"""
    done = run(bin_folder / "python", "-W", "error::ImportWarning", "-c", script, cwd=tmp_path)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
    done = run(bin_folder / "jupyter", "server", "extension", "list", cwd=tmp_path, PATH=str(bin_folder))
    for extension in ("assignment_list", "formgrader"):
        assert re.search(rf"nbexchange\.plugin\.{extension}\S* \S*enabled", done.stdout), done.stdout
    path = f"{bin_folder}:/usr/bin:/bin"
    done = run(bin_folder / "jupyter", "nbexchange", "config", cwd=tmp_path, PATH=path)
    assert done.stdout.startswith("c = get_config()\n"), done.stderr


SLOTS = [
    "exchange",
    "collect",
    "fetch_assignment",
    "fetch_feedback",
    "list",
    "release_assignment",
    "release_feedback",
    "submit",
]


def test_without_their_extras_the_commands_say_so_in_one_sentence(wheel, fresh_venv, tmp_path):
    bin_folder = fresh_venv(str(wheel))
    done = run(bin_folder / "nbexchange", "serve", cwd=tmp_path)
    assert done.returncode != 0
    assert done.stderr == "nbexchange: the service is not installed here: pip install 'nbexchange[server]'\n"
    done = run(bin_folder / "jupyter-nbexchange", "status", cwd=tmp_path)
    assert done.returncode == 1
    assert (
        done.stderr
        == "jupyter-nbexchange: nbgrader is not installed here: pip install 'nbexchange[plugin]'\n"
    )


def test_the_namespace_has_no_init_file():
    assert importlib.util.find_spec("nbexchange").origin is None


def test_the_plugin_has_exactly_the_eight_classes():
    assert nbexchange.plugin.__all__ == [
        "Exchange",
        "ExchangeCollect",
        "ExchangeFetchAssignment",
        "ExchangeFetchFeedback",
        "ExchangeList",
        "ExchangeReleaseAssignment",
        "ExchangeReleaseFeedback",
        "ExchangeSubmit",
    ]

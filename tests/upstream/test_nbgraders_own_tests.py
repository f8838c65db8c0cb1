"""The exchange tests that nbgrader ships in its wheel, run as they are against this plugin and a live service.

What is left out is in `left_out.toml`, with the reason.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from nbgrader.utils import get_username
from support.suite.named_tests import missing

from nbexchange.demo import servers
from nbexchange.demo.course import FACTORY_LINES

HERE = Path(__file__).parent
LEFT_OUT = HERE / "left_out.toml"

MODULES = [
    "test_nbgrader_releaseassignment",
    "test_nbgrader_fetch_assignment",
    "test_nbgrader_submit",
    "test_nbgrader_collect",
    "test_nbgrader_list",
    "test_nbgrader_releasefeedback",
    "test_nbgrader_fetchfeedback",
    "test_api",
]


def environment(folder, service):
    """A home with the eight lines in its configuration, and nothing of this machine's."""
    config = folder / "jupyter"
    config.mkdir()
    (config / "nbgrader_config.py").write_text(FACTORY_LINES)
    return {
        **servers.clean_environment(),
        "HOME": str(folder),
        "USER": get_username(),
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "NBEXCHANGE_URL": service.url,
        "PYTHONPATH": str(HERE.parent),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # they use none, and ours take seconds to be imported
    }


def test_every_test_that_is_left_out_has_its_reason_and_what_is_named_instead_exists():
    for entry in tomllib.loads(LEFT_OUT.read_text())["left_out"]:
        assert entry["why"]
        assert missing(entry.get("instead", [])) == []


def test_nbgraders_own_exchange_tests_pass(tmp_path):
    with servers.service(tmp_path / "service", {}) as service:
        command = [sys.executable, "-m", "pytest", "-q", "--tb=short"]
        command += ["-c", os.devnull, "--rootdir", str(tmp_path)]
        command += ["-p", "no:cacheprovider", "-p", "upstream.in_our_exchange", "--pyargs"]
        command += [f"--token-file={tmp_path}/service/data/tokens.json", f"--left-out={LEFT_OUT}"]
        command += [f"nbgrader.tests.apps.{module}" for module in MODULES]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=environment(tmp_path, service),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr

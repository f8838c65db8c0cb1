"""The main job: the demo, in both forms, as the README runs it."""

import os
import re
import signal
import subprocess
import sys

import pytest
import requests

STEPS_THAT_TRAVEL = {
    "released": 1,
    "fetched": 3,
    "submitted": 4,
    "collected": 3,
    "feedback_released": 3,
    "feedback_fetched": 3,
}


def travelled(output):
    words = output.split()
    return {verb: words.count(verb) for verb in STEPS_THAT_TRAVEL}


def test_the_demo_on_postgresql_and_s3_runs_a_whole_cycle_and_tells_what_travelled():
    command = [sys.executable, "-m", "nbexchange.api", "demo", "--postgres", "--s3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert travelled(done.stdout) == STEPS_THAT_TRAVEL


def test_the_embedded_demo_runs_a_whole_cycle_and_is_kept_until_it_is_ended(tmp_path):
    command = [sys.executable, "-m", "nbexchange.api", "demo", "--keep"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as demo:
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
    assert travelled(output) == STEPS_THAT_TRAVEL
    assert output.count("c.ExchangeFactory.") == 8
    assert me["name"] == "alice"
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=10)

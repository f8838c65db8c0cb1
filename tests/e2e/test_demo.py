"""The main job: the demo, in both forms, as the README runs it."""

import subprocess
import sys

import pytest

STEPS_THAT_TRAVEL = {
    "released": 1,
    "fetched": 3,
    "submitted": 4,
    "collected": 3,
    "feedback_released": 3,
    "feedback_fetched": 3,
}


@pytest.mark.parametrize("options", [(), ("--postgres", "--s3")], ids=["embedded", "postgres-s3"])
def test_the_demo_runs_a_whole_cycle_and_tells_what_travelled(options):
    command = [sys.executable, "-m", "nbexchange.api", "demo", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    words = done.stdout.split()
    assert {verb: words.count(verb) for verb in STEPS_THAT_TRAVEL} == STEPS_THAT_TRAVEL

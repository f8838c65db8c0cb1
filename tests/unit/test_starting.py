"""What the plugin imports, and when: each command of nbgrader's and each of ours waits for it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from nbexchange import protocol

EIGHT = """
import sys
from nbgrader.apps.nbgraderapp import NbGraderApp
before = set(sys.modules)
from nbexchange import plugin
[getattr(plugin, name) for name in plugin.__all__]
print(*{name.partition(".")[0] for name in set(sys.modules) - before})
"""

COMMAND = """
import sys
from nbexchange.plugin.cli.__main__ import main
try:
    main()
finally:
    print(*{name.partition(".")[0] for name in sys.modules}, file=sys.stderr)
"""


def run(program: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *arguments]
    environment = {**os.environ, **variables}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_the_eight_classes_bring_one_library_that_nbgrader_does_not_have():
    done = run(EIGHT)
    brought = set(done.stdout.split()) - sys.stdlib_module_names
    assert brought == {"nbexchange", "msgspec"}, done.stderr


@pytest.mark.parametrize("command", ["config", "whoami"])
def test_a_command_of_ours_imports_neither_nbgrader_nor_an_event_loop(command, tmp_path):
    """And a connection's library where it connects: `whoami` does, and finds nobody."""
    nobody = {"NBEXCHANGE_URL": "http://127.0.0.1:9", "JUPYTER_CONFIG_DIR": str(tmp_path)}
    done = run(COMMAND, command, **nobody)
    *_, imported = done.stderr.splitlines()
    assert done.returncode == (0 if command == "config" else 1)
    unwanted = {"nbgrader", "asyncio", "tornado", "tqdm"} | ({"requests"} if command == "config" else set())
    assert unwanted & set(imported.split()) == set()


def test_no_wire_type_has_annotations_that_are_text():
    """msgspec compiles each when it learns the type, which adds half to what the package takes to import."""
    kinds = [*protocol.wire_types(protocol.Request), *protocol.wire_types(protocol.Answer)]
    texts = [
        kind
        for kind in kinds
        if kind.__module__.startswith("nbexchange.")
        for hint in vars(kind).get("__annotations__", {}).values()
        if isinstance(hint, str)
    ]
    assert texts == []

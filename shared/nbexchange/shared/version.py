"""The version of this distribution, which has the service and the plugin."""

from __future__ import annotations

from importlib.metadata import version

# Read once: to find the distribution and to parse its metadata takes as long as a small call to the service.
VERSION = version("nbexchange")

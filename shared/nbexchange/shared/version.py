"""The version of this distribution, which has the service and the plugin."""

from __future__ import annotations

# Stated here, for the build as well: to ask the installed distribution takes longer than a small call to the service.
VERSION = "3.0.0"

"""nbgrader's sections `Exchange` and `CourseDirectory` for the command."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from traitlets import Unicode
from traitlets.config import Configurable

from nbexchange.plugin.settings import ExchangeSettings


class Exchange(ExchangeSettings):
    """Stands for the plugin's `Exchange` and has its name, so that `c.Exchange` applies here as well."""

    # Declared by nbgrader, and here again since what is not declared is called misspelt.
    assignment_dir = Unicode(".", help="Where a student's assignments are.").tag(config=True)
    timezone = Unicode(
        "UTC", help="The time zone in which times are shown. Default: that of this machine."
    ).tag(config=True)
    timestamp_format = Unicode(
        "%Y-%m-%d %H:%M:%S.%f %Z", help="How times are shown. Default: to the minute."
    ).tag(config=True)

    @cached_property
    def coursedir(self) -> Any:
        """For an installation's own credentials, which may look for the course in it."""
        from nbgrader.coursedir import CourseDirectory

        return CourseDirectory(parent=self)


class CourseDirectory(Configurable):
    """What the commands read of nbgrader's section of this name: never instantiated, it declares the options."""

    course_id = Unicode("", help="The course. Default: all of yours.").tag(config=True)
    root = Unicode("", help="The course's directory, which may have a configuration too.").tag(config=True)

"""Whether JupyterLab may show Formgrader, which it does in a frame, and the page that stands there where it may not.

A JupyterHub from 4.1 on sends `frame-ancestors 'none'` with every page of its people's servers. Where all of them share
one host that has to stay, as a page of one person's server could otherwise show somebody else's Formgrader in a frame
and work with it in their name. Where the hub gives everybody a host of their own (`c.JupyterHub.subdomain_host`), the
only pages that `'self'` lets in are those of the same person.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from html import escape
from string import Template

FORBIDDEN = re.compile(r"(?<![\w-])frame-ancestors\s+'none'", re.IGNORECASE)
"""In a content security policy."""


def are_forbidden(policy: str) -> bool:
    return bool(FORBIDDEN.search(policy))


def within_one_host(policy: str) -> str:
    """The policy, with the frames of a server's own pages where the hub gives each server a host of its own."""
    return FORBIDDEN.sub("frame-ancestors 'self'", policy) if has_host_of_its_own() else policy


def has_host_of_its_own() -> bool:
    """Whether this is somebody's server in a hub with `subdomain_host`, which servers learn as the hub's host.

    A service, such as a Formgrader that the hub runs for a course, may share its host with other services.
    """
    return bool(os.environ.get("JUPYTERHUB_HOST") and os.environ.get("JUPYTERHUB_USER"))


# --- what stands in a frame that is forbidden ----------------------------------------------------------------

STYLE = "body { font: 16px/1.5 sans-serif; margin: 4em auto; max-width: 36em; padding: 0 1em }"

SCRIPT = """
const link = document.querySelector("a");
if (window === window.top) {
  location.replace(link.href);
}
link.addEventListener("click", (event) => {
  event.preventDefault();
  const tab = { url: link.href, text: "Formgrader", newBrowserTab: true };
  parent.postMessage(JSON.stringify({ command: "help:open", arguments: tab }), "*");
});
"""
"""The frame may open nothing itself: nbgrader's extension of JupyterLab, around it, carries out what it asks for."""

PAGE = Template(
    """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Formgrader</title>
<style>$style</style>
<p>This JupyterHub allows no page inside another, so Formgrader cannot be shown here.</p>
<p><a href="$address" target="_blank">Open Formgrader in a tab of its own</a></p>
<script>$script</script>
</html>
"""
)


def _source(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src {_source(STYLE)}",
        f"script-src {_source(SCRIPT)}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)
"""For `page`: in a frame it can do no harm, since it holds nothing and does nothing but to name an address."""


def page(address: str) -> str:
    """What a frame shows instead of Formgrader; outside of a frame, it goes on to that address by itself."""
    return PAGE.substitute(style=STYLE, script=SCRIPT, address=escape(address))

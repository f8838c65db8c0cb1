"""What people are told when the service cannot be used; `messages` has these among all others."""

from __future__ import annotations

from typing import NamedTuple

from nbexchange.plugin.advice import HARMLESS, NOT_NOW, REPORT, UPDATE_PLUGIN


class Message(NamedTuple):
    happened: str
    advice: str


SERVICE_MESSAGES = {
    "service-down": Message("The exchange service at {host} cannot be reached.", NOT_NOW),
    "host-unknown": Message(
        "There is no {host}, as far as this machine can find out.",
        "Nothing was changed: try again in a minute. If it lasts, its address or the network here is not right: tell "
        "the administrator of your notebook server.",
    ),
    "proxy-failed": Message(
        "The proxy on the way to {host} cannot be used.",
        "Nothing was changed: tell the administrator of your notebook server. The variables https_proxy, http_proxy "
        "and no_proxy say which one it is.",
    ),
    "waiting": Message(
        "The exchange service or its file store is away: trying again for up to {seconds:.0f} seconds.",
        "Nothing is done twice.",
    ),
    "service-slow": Message(
        "The exchange service at {host} did not answer within {seconds:g} seconds.", HARMLESS
    ),
    "service-lost": Message(
        "The connection to the exchange service at {host} broke off before it had answered.", HARMLESS
    ),
    "service-certificate": Message(
        "No secure connection to the exchange service at {host}: it has no certificate that is accepted here, or does "
        "not speak https.",
        "Nothing was changed: tell the administrator of your notebook server.",
    ),
    "service-address": Message(
        "The address of the exchange service (c.Exchange.base_service_url or NBEXCHANGE_URL), or of a proxy on the "
        "way, is not a web address.",
        "It has to be like https://hub.example.org: tell the administrator of your notebook server.",
    ),
    "service-token": Message(
        "The token for the exchange service (from {source}) has characters that no token has.",
        "Restart your notebook server, which usually gives you a new one; if that does not help, tell "
        "its administrator.",
    ),
    "token-file": Message(
        "The token for the exchange service cannot be read from {path}: {why}.",
        "Restart your notebook server, which usually gives you a new one; if that does not help, tell "
        "its administrator.",
    ),
    "token-file-open": Message(
        "The token for the exchange service was not used, since everybody on this machine may read its file, {path}.",
        "Take that permission away (chmod o-r), or tell the administrator of your notebook server.",
    ),
    "service-away": Message(
        "The exchange service is not running: a proxy answered in its place at {host} (HTTP {status}).",
        HARMLESS,
    ),
    "service-elsewhere": Message(
        "Something other than the exchange service answered at {host} (HTTP {status}, {content_type}).",
        "It may be restarting: try again in a minute. If it lasts, c.Exchange.base_service_url or base_path is wrong, "
        "or the service is an nbexchange of version 1 or 2.",
    ),
    "service-redirects": Message(
        "Something other than the exchange service answered at {host}, with a redirect (HTTP {status}) to {elsewhere}.",
        "No redirect is followed: c.Exchange.base_service_url (NBEXCHANGE_URL) has to be an address where the service "
        "itself answers. Tell the administrator of your notebook server.",
    ),
    "service-older": Message(
        "The exchange service at {host} (nbexchange {theirs}) is older than this plugin (nbexchange {ours}) and does "
        "not know what it was asked.",
        "Nothing was changed: ask the administrator of the exchange to update it.",
    ),
    "service-newer": Message(
        "The exchange service at {host} (nbexchange {theirs}) is newer than this plugin (nbexchange {ours}), which "
        "does not understand its answer.",
        "Ask the administrator of your notebook server to update nbexchange there.",
    ),
    "service-unclear": Message(
        "The exchange service at {host} gave an answer that this plugin does not understand.",
        "The two may be of different versions: tell the administrator of your notebook server.",
    ),
    "service-endless": Message("The exchange service at {host} sent an answer that is too long.", REPORT),
    "confirmation-lost": Message(
        "Your files have arrived and count from the time they were announced, but the confirmation did not come back.",
        "Look with `nbgrader list --cached` in a while, before you submit again.",
    ),
    "publication-unconfirmed": Message(
        "The files have arrived, but the exchange service did not confirm that they are released.",
        "Look with `nbgrader list` before you release an assignment again; feedback may be released again in any case.",
    ),
    "parts-wanted": Message(
        "The exchange service wants this upload in parts, which this plugin cannot do.", UPDATE_PLUGIN
    ),
}

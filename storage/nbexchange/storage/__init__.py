"""Where the bytes live: one contract, kept by S3, by a directory and by stores of other distributions."""

from nbexchange.storage.capabilities import (
    RISKS,
    Capabilities,
    IncomingBody,
    RequestRefused,
    SignedRequest,
    SignsRequests,
    StreamsBytes,
)
from nbexchange.storage.contract import (
    URL_LIFETIME,
    ObjectStore,
    StoredObject,
    StoreFactory,
    StoreMisconfigured,
    StoreUnavailable,
)
from nbexchange.storage.registry import open_store, register_store

__all__ = [
    "RISKS",
    "URL_LIFETIME",
    "Capabilities",
    "IncomingBody",
    "ObjectStore",
    "RequestRefused",
    "SignedRequest",
    "SignsRequests",
    "StoreFactory",
    "StoreMisconfigured",
    "StoreUnavailable",
    "StoredObject",
    "StreamsBytes",
    "open_store",
    "register_store",
]

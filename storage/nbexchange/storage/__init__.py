"""Where the bytes live: one contract, kept by S3 and by a directory."""

from nbexchange.storage.contract import (
    URL_LIFETIME,
    Capabilities,
    ObjectStore,
    SignedRequest,
    StoredObject,
    StoreUnavailable,
)

__all__ = [
    "URL_LIFETIME",
    "Capabilities",
    "ObjectStore",
    "SignedRequest",
    "StoreUnavailable",
    "StoredObject",
]

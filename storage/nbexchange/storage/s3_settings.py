"""The settings of S3, apart from the store itself: reading them needs no boto3."""

from __future__ import annotations

from urllib.parse import urlsplit

from traitlets import Bool, CaselessStrEnum, Unicode

from nbexchange.shared.seconds import Seconds
from nbexchange.shared.section import Section, SettingsError
from nbexchange.storage.contract import ObjectStore, StoreFactory, StoreMisconfigured

DIRECTORY_BUCKET = "--x-s3"
"""How the names of buckets end that are no usual ones."""


class S3Store(Section):
    """A bucket of S3, or of a server that speaks its protocol: `base_storage_location` is `s3://bucket/prefix`."""

    variable_prefix = "NBEXCHANGE_S3_"

    region = Unicode("us-east-1", help="The region of the bucket.").tag(config=True)
    endpoint_url = Unicode(help="The address at which the service reaches the store. Default: AWS.").tag(
        config=True
    )
    public_endpoint_url = Unicode(
        help="The address at which clients reach the store, which URLs are signed for. "
        "Default: `endpoint_url`."
    ).tag(config=True)
    addressing_style = CaselessStrEnum(
        ["path", "virtual"],
        "path",
        help="Whether URLs name the bucket in their path or in their host, as AWS wants it.",
    ).tag(config=True)
    timeout = Seconds(
        4.0,
        min=0.1,
        help="Seconds that the service waits for an answer of the store, which it asks twice if need be.",
    ).tag(config=True)

    content_md5 = Bool(
        False,
        help="Have clients announce an MD5 beside the SHA-256, and sign it: for servers that `nbexchange storage init` "
        "shows to refuse other MD5 and not other digests, as Ceph does.",
    ).tag(config=True)


def open_bucket(address: str, settings: S3Store) -> ObjectStore:
    """The bucket and prefix that `s3://bucket/prefix` names."""
    url = urlsplit(address)
    if not url.netloc or url.query or url.fragment:
        raise SettingsError(f"{address} is no address of a bucket: it is {S3.example}")
    if url.netloc.endswith(DIRECTORY_BUCKET):
        raise SettingsError(f"{address} is a directory bucket of S3 Express, which has signatures of its own")
    from botocore.exceptions import PartialCredentialsError

    from nbexchange.storage import s3, s3_errors

    prefix = url.path.strip("/")
    try:
        return s3.S3Store(
            bucket=url.netloc,
            prefix=f"{prefix}/" if prefix else "",
            region=settings.region,
            endpoint_url=settings.endpoint_url or None,
            public_endpoint_url=settings.public_endpoint_url or None,
            addressing_style=settings.addressing_style,
            timeout=settings.timeout,
            wants_md5=settings.content_md5,
        )
    except PartialCredentialsError:
        raise StoreMisconfigured(s3_errors.NO_CREDENTIALS) from None
    except ValueError as error:  # botocore's, of a region or an address
        raise SettingsError(f"c.S3Store has a setting that cannot be used: {error}") from None


S3 = StoreFactory(open_bucket, "s3://bucket/prefix", S3Store)

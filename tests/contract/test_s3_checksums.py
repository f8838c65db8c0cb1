"""Which checksum of an object S3 reports: that of the whole, that of its parts, or none that can be read."""

from __future__ import annotations

import pytest
from support.stores.object_clients import BODY, base64_of, on, sha256_of

from nbexchange.storage import StoredObject
from nbexchange.storage.s3 import read_head


@pytest.mark.parametrize(
    ("head", "stored"),
    [
        ({}, StoredObject(21)),
        ({"x-amz-checksum-sha256": ""}, StoredObject(21)),
        ({"x-amz-checksum-sha256": base64_of(BODY)}, StoredObject(21, sha256=sha256_of(BODY))),
        (
            {"x-amz-checksum-sha256": base64_of(BODY), "x-amz-checksum-type": "FULL_OBJECT"},
            StoredObject(21, sha256=sha256_of(BODY)),
        ),
        (
            {"x-amz-checksum-sha256": f"{base64_of(BODY)}-3", "x-amz-checksum-type": "COMPOSITE"},
            StoredObject(21, composite=f"{base64_of(BODY)}-3"),
        ),
        (
            {"x-amz-checksum-sha256": f"{base64_of(BODY)}-3"},
            StoredObject(21, composite=f"{base64_of(BODY)}-3"),
        ),
        (
            {"x-amz-checksum-sha256": base64_of(BODY), "x-amz-checksum-type": "COMPOSITE"},
            StoredObject(21, composite=base64_of(BODY)),
        ),
        ({"x-amz-checksum-type": "COMPOSITE"}, StoredObject(21)),
        ({"x-amz-checksum-sha256": "not base64!"}, StoredObject(21)),
        ({"x-amz-checksum-sha256": "c2hvcnQ="}, StoredObject(21)),
        (
            {"x-amz-checksum-crc64nvme": "AAAAAAAAAAA=", "x-amz-checksum-type": "FULL_OBJECT"},
            StoredObject(21),
        ),
    ],
    ids=str,
)
def test_a_checksum_is_read_as_what_it_is(head, stored):
    assert read_head({"content-length": "21", **head}) == stored


@on("seaweedfs")  # moto leaves the mark of a composite digest out
def test_an_object_that_came_in_parts_has_no_digest_of_the_whole(client, key):
    """Made with the service's own credentials: no client can send parts yet."""
    store = client.store
    s3, target = store._signing_client(), {"Bucket": store.bucket, "Key": store.prefix + key}
    upload = s3.create_multipart_upload(**target, ChecksumAlgorithm="SHA256")["UploadId"]
    part = s3.upload_part(**target, UploadId=upload, PartNumber=1, Body=BODY, ChecksumSHA256=base64_of(BODY))
    parts = [{"PartNumber": 1, "ETag": part["ETag"], "ChecksumSHA256": base64_of(BODY)}]
    s3.complete_multipart_upload(**target, UploadId=upload, MultipartUpload={"Parts": parts})
    stored = store.stat(key)
    assert stored.size == len(BODY)
    assert stored.sha256 is None
    assert stored.composite is None or stored.composite.endswith("-1")

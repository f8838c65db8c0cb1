"""Credentials that end, as the S3 server of the tests gives them to those who assume a role."""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path

import boto3

from nbexchange.demo.servers import Bucket

ROLE = "arn:aws:iam::role/service"


def role_options(folder: Path) -> tuple[str, ...]:
    """Options of the S3 server: with them its one identity may assume a role, which may do everything."""
    file = folder / "roles.json"
    file.write_text(json.dumps({**_token_service(), **_policies(), **_roles()}))
    return ("-s3.iam=true", f"-s3.iam.config={file}")


def _token_service() -> dict[str, object]:
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    return {
        "sts": {"tokenDuration": "1h", "maxSessionLength": "12h", "issuer": "tests", "signingKey": key},
        "policy": {"defaultEffect": "Deny", "storeType": "memory"},
    }


def _policies() -> dict[str, object]:
    statement = {"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}
    return {"policies": [{"name": "everything", "document": _document(statement)}]}


def _roles() -> dict[str, object]:
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole"]}
    role = {"roleName": "service", "roleArn": ROLE, "attachedPolicies": ["everything"]}
    return {"roles": [{**role, "trustPolicy": _document(trust)}]}


def _document(statement: dict[str, object]) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": [statement]}


def assume_role(bucket: Bucket) -> dict[str, str]:
    """The key, the secret and the session token of credentials that the server gives."""
    client = boto3.client(
        "sts",
        endpoint_url=bucket.endpoint_url,
        region_name=bucket.region,
        aws_access_key_id=bucket.access_key,
        aws_secret_access_key=bucket.secret_key,
    )
    credentials: dict[str, str] = client.assume_role(RoleArn=ROLE, RoleSessionName="tests")["Credentials"]
    return credentials

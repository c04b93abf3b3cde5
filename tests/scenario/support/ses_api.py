"""The API of the sandbox: real SDKs on it, and the handles that make it misbehave."""
import json
import os
import shutil
import ssl
import unittest
import urllib.request

from support import paths

REGION = "ap-northeast-1"
SDK = paths.ROOT / "build" / "sdk"


def boto(sandbox, **changes):
    """A boto3 client for SES v2. One attempt, unless `retries` says otherwise."""
    try:
        import boto3
        from botocore.config import Config
    except ImportError as problem:
        raise unittest.SkipTest(f"python3-boto3 is not installed: {problem}") from None
    retries = changes.pop("retries", 1)
    settings = {
        "region_name": REGION,
        "endpoint_url": sandbox.ready["api"],
        "verify": sandbox.ready["ca"],
        "aws_access_key_id": sandbox.ready["access_key_id"],
        "aws_secret_access_key": sandbox.ready["secret_access_key"],
        "config": Config(
            retries={"total_max_attempts": retries, "mode": "standard"}, connect_timeout=5, read_timeout=10
        ),
        **changes,
    }
    return boto3.session.Session().client("sesv2", **settings)


def node_environment(sandbox):
    """(path of node, environment) for a script that uses the SDK for JavaScript; else skips the test."""
    node = shutil.which("node")
    if node is None:
        raise unittest.SkipTest("node is not installed")
    modules = SDK / "node_modules"
    if not (modules / "@aws-sdk" / "client-sesv2").is_dir():
        raise unittest.SkipTest("@aws-sdk/client-sesv2 is not in build/sdk (scripts/test puts it there)")
    return node, {
        **os.environ,
        "NODE_PATH": str(modules),
        "NODE_EXTRA_CA_CERTS": sandbox.ready["ca"],
        "NODE_NO_WARNINGS": "1",
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": sandbox.ready["api"],
        "AWS_ACCESS_KEY_ID": sandbox.ready["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": sandbox.ready["secret_access_key"],
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
    }


def control(sandbox, method, name, body=None):
    """GET, POST or DELETE of /_sandbox/NAME; the JSON that it answers."""
    request = urllib.request.Request(
        f"{sandbox.ready['api']}/_sandbox/{name}",
        data=None if body is None else json.dumps(body).encode(),
        method=method,
    )
    context = ssl.create_default_context(cafile=sandbox.ready["ca"])
    with urllib.request.urlopen(request, timeout=10, context=context) as answer:
        return json.load(answer)


def fault(sandbox, kind, **more):
    """From now on the API misbehaves so: see `postern-sandbox --help`."""
    return control(sandbox, "POST", "fault", {"kind": kind, **more})

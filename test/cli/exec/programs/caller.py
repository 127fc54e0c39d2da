"""For each line of input, asks STS who it is, with the credentials that boto3 finds."""

import sys

import boto3

sts = boto3.client("sts")
for _ in sys.stdin:
    try:
        print(sts.get_caller_identity()["Arn"], flush=True)
    except Exception as error:
        print(f"{type(error).__name__}: {error}", flush=True)

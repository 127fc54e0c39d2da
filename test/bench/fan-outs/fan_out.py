"""DescribeInstances in each account and region with boto3 and a pool of threads."""

import json
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import boto3

settings = json.loads(sys.argv[1])
sts = boto3.client("sts")


def in_account(account):
    role_arn = f"arn:aws:iam::{account}:role/{settings['roleName']}"
    credentials = sts.assume_role(RoleArn=role_arn, RoleSessionName="benchmark")["Credentials"]
    session = boto3.Session(
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
    for region in settings["regions"]:
        session.client("ec2", region_name=region).describe_instances()
    return len(settings["regions"])


began = time.perf_counter()
with ThreadPoolExecutor(settings["atATime"]) as pool:
    done = sum(pool.map(in_account, settings["ids"]))
seconds = time.perf_counter() - began
usage = resource.getrusage(resource.RUSAGE_SELF)
result = {
    "done": done,
    "failed": 0,
    "seconds": seconds,
    "cpuSeconds": usage.ru_utime + usage.ru_stime,
    "bytes": usage.ru_maxrss * 1024,
}
print(json.dumps(result))

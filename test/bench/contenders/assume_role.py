"""AssumeRole for each command with boto3: for a role, a number of commands, and how many run at a time."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import boto3

role_arn, commands, at_a_time = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
sts = boto3.client("sts")


def credentials_for_command(_):
    session = sts.assume_role(RoleArn=role_arn, RoleSessionName="benchmark")["Credentials"]
    return {
        "accessKeyId": session["AccessKeyId"],
        "secretAccessKey": session["SecretAccessKey"],
        "sessionToken": session["SessionToken"],
    }


began = time.perf_counter()
with ThreadPoolExecutor(at_a_time) as pool:
    sessions = list(pool.map(credentials_for_command, range(commands)))
seconds = time.perf_counter() - began
print(json.dumps({"seconds": seconds, "sessions": sessions}))

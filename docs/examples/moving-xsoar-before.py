"""An integration's command in Python. Like AWSApiModule, it gets a new session from STS for each command."""

import json
import sys

import boto3
from botocore.config import Config


class AWSClient:
    def __init__(self, params):
        read, _, connect = (params.get("timeout") or "60,10").partition(",")
        self.params = params
        self.config = Config(
            read_timeout=int(read),
            connect_timeout=int(connect or 10),
            retries={"max_attempts": int(params.get("retries") or 5)},
        )

    def aws_session(self, service, args):
        region = args.get("region") or self.params["defaultRegion"]
        role = self.role_for(args)
        keys = {}
        if role:
            sts = boto3.client("sts", region_name=region, config=self.config)
            session = sts.assume_role(**role)["Credentials"]
            keys = {
                "aws_access_key_id": session["AccessKeyId"],
                "aws_secret_access_key": session["SecretAccessKey"],
                "aws_session_token": session["SessionToken"],
            }
        return boto3.client(service, region_name=region, config=self.config, **keys)

    def role_for(self, args):
        """The command's role, else the instance's. Either counts only with a session name."""
        for given in (args, self.params):
            if given.get("roleArn") and given.get("roleSessionName"):
                role = {"RoleArn": given["roleArn"], "RoleSessionName": given["roleSessionName"]}
                duration = args.get("roleSessionDuration") or self.params.get("sessionDuration")
                if duration:
                    role["DurationSeconds"] = int(duration)
                return role
        return None


def describe_instances(params, args):
    ec2 = AWSClient(params).aws_session("ec2", args)
    reservations = ec2.describe_instances()["Reservations"]
    return [instance["InstanceId"] for each in reservations for instance in each["Instances"]]


if __name__ == "__main__":
    # In place of demisto.params() and demisto.args(): the parameters, then the arguments of each command.
    params, *commands = (json.loads(text) for text in sys.argv[1:])
    print(json.dumps([describe_instances(params, args) for args in commands]))

import { expect, it } from "vitest";
import { readIdentityPolicy } from "../../src/testing/iam-policy.js";
import { findServiceDenial } from "../../src/testing/service-permissions.js";

type Verdict = "allowed" | "not allowed" | "denied";

const allow = (more: object) => ({ Effect: "Allow", Resource: "*", ...more });
const deny = (more: object) => ({ Effect: "Deny", Resource: "*", ...more });
const CONDITION = { StringEquals: { "aws:PrincipalTag/team": "red" } };

it.each<[string, string | undefined, Verdict, object[]]>([
  ["ec2", "DescribeInstances", "allowed", [allow({ Action: "ec2:describe*" })]],
  ["ec2", "DescribeInstances", "not allowed", [allow({ Action: "ec2:Run*" })]],
  ["ec2", "DescribeInstances", "allowed", [allow({ NotAction: "sts:*" })]],
  ["ec2", "DescribeInstances", "not allowed", [allow({ NotAction: "ec2:Describe*" })]],
  ["ec2", "DescribeInstances", "denied", [allow({ Action: "*" }), deny({ Action: "ec2:*" })]],
  ["ec2", "DescribeInstances", "denied", [allow({ Action: "*" }), deny({ NotAction: "sts:*" })]],
  // Resources and conditions are not evaluated.
  ["ec2", "RunInstances", "allowed", [allow({ Action: "ec2:*", Resource: "arn:aws:ec2:*:*:instance/i-1" })]],
  ["ec2", "RunInstances", "allowed", [allow({ Action: "ec2:*", Condition: CONDITION })]],
  ["ec2", "RunInstances", "allowed", [allow({ Action: "*" }), deny({ Action: "*", Condition: CONDITION })]],
  [
    "ec2",
    "RunInstances",
    "allowed",
    [allow({ Action: "*" }), deny({ Action: "*", Resource: undefined, NotResource: "arn:aws:ec2:*:*:instance/i-1" })],
  ],
  ["monitoring", "ListMetrics", "allowed", [allow({ Action: "cloudwatch:ListMetrics" })]],
  ["email", "SendEmail", "not allowed", [allow({ Action: "email:*" })]],
  ["sqs", "SendMessageBatch", "allowed", [allow({ Action: "sqs:SendMessage" })]],
  // Several actions, or an unknown one: any action of the service is enough.
  ["dynamodb", "TransactWriteItems", "allowed", [allow({ Action: "dynamodb:PutItem" })]],
  ["dynamodb", "TransactWriteItems", "not allowed", [allow({ Action: "s3:*" })]],
  ["s3", "GET /reports/", "allowed", [allow({ Action: "s3:ListBucket" })]],
  ["lambda", undefined, "allowed", [allow({ Action: "*" })]],
  ["lambda", undefined, "allowed", [allow({ NotAction: ["sts:*", "lambda:Get*"] })]],
  ["lambda", undefined, "not allowed", [allow({ NotAction: "lambda:*" })]],
  ["lambda", undefined, "not allowed", [allow({ Action: "lambda2:*" }), deny({ Action: "lambda:*" })]],
])("%s %s: %s", (service, operation, verdict, Statement) => {
  const statements = readIdentityPolicy("Policy", { Version: "2012-10-17", Statement });
  const reason = findServiceDenial({ statements, areIncomplete: false }, { service, operation });
  const found = reason?.includes("explicit deny") ? "denied" : "not allowed";
  expect(reason === undefined ? "allowed" : found).toBe(verdict);
});

it("a managed policy with an unknown document may allow the call, but a Deny still counts", () => {
  const statements = readIdentityPolicy("Policy", { Statement: deny({ Action: "ec2:RunInstances" }) });
  const ask = (operation: string) =>
    findServiceDenial({ statements, areIncomplete: true }, { service: "ec2", operation });
  expect(ask("DescribeInstances")).toBeUndefined();
  expect(ask("RunInstances")).toBe("ec2:RunInstances with an explicit deny in a session policy");
});

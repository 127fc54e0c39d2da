import { fromIni, fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import { defineInstance } from "aws-rolecall";

/** A person's session with MFA is the base identity. `askForCode` runs once for all roles behind it. */
export function instanceWithMfa(profile: string, askForCode: (serial: string) => Promise<string>) {
  return defineInstance({
    credentials: fromTemporaryCredentials({
      masterCredentials: fromIni({ profile }),
      params: {
        RoleArn: "arn:aws:iam::444455556666:role/operators",
        SerialNumber: "arn:aws:iam::444455556666:mfa/operator",
      },
      mfaCodeProvider: askForCode,
      clientConfig: { region: "eu-central-1" },
    }),
    region: "eu-central-1",
  });
}

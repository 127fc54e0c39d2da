import { createCredentialResolver } from "aws-rolecall";

void createCredentialResolver().resolve({ roleArn: process.env.ROLE_ARN }).then(globalThis.obtained);

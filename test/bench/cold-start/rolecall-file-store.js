import { createCredentialResolver } from "aws-rolecall";
import { fileStore } from "aws-rolecall/file-store";

const { ROLE_ARN, PLAIN_DIRECTORY } = process.env;
const store = fileStore({ directory: PLAIN_DIRECTORY });
void createCredentialResolver({ store }).resolve({ roleArn: ROLE_ARN }).then(globalThis.obtained);

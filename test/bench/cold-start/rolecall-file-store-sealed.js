import { createCredentialResolver } from "aws-rolecall";
import { fileStore } from "aws-rolecall/file-store";

const { ROLE_ARN, SEALED_DIRECTORY, ENCRYPTION_KEY } = process.env;
const store = fileStore({ directory: SEALED_DIRECTORY, encryptionKeys: [ENCRYPTION_KEY] });
void createCredentialResolver({ store }).resolve({ roleArn: ROLE_ARN }).then(globalThis.obtained);

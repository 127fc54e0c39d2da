import { createCredentialResolver } from "aws-rolecall";

// Nothing listens there, so the connection's error is the cause.
process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT = "http://127.0.0.1:1";
await createCredentialResolver().resolve({ region: "eu-west-1" });

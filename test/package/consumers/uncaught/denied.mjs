import { createCredentialResolver } from "aws-rolecall";
import { startLocalAws } from "aws-rolecall/testing";
import denied from "./denied.cjs";

await denied({ createCredentialResolver }, { startLocalAws });

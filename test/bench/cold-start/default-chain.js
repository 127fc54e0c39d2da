import { fromNodeProviderChain } from "@aws-sdk/credential-providers";

void fromNodeProviderChain({ profile: "command" })().then(globalThis.obtained);

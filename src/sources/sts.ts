/** All that asks STS, loaded together by the first session that has to be obtained. */
export { RoleAssumer } from "./assume-role.js";
export { readCallerIdentity } from "./caller-identity.js";
export { StsCalls } from "./sts-calls.js";
export { StsClients } from "./sts-clients.js";

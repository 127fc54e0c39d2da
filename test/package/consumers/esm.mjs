import { createCredentialResolver, isRolecallError } from "aws-rolecall";
import assumeARole from "./assume-a-role.cjs";

console.log(JSON.stringify(await assumeARole({ createCredentialResolver, isRolecallError })));

import { assumeRole, readInstanceProfile } from "../lib/raw-exchange.js";

void readInstanceProfile()
  .then((caller) => assumeRole(caller, process.env.ROLE_ARN))
  .then(globalThis.obtained);

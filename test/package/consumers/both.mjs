import { createRequire } from "node:module";
import * as imported from "aws-rolecall";
import * as importedTesting from "aws-rolecall/testing";

const require = createRequire(import.meta.url);
const required = require("aws-rolecall");
const cjsBuild = require("./node_modules/aws-rolecall/dist/index.cjs");
const foreign = new cjsBuild.RolecallError("ABORTED", "Stopped.", { step: "request", hint: "Nothing to do." });

console.log(
  JSON.stringify({
    sameClass: imported.RolecallError === required.RolecallError,
    sameEntry: imported.getClientForCommand === required.getClientForCommand,
    sameTesting: importedTesting.startLocalAws === require("aws-rolecall/testing").startLocalAws,
    otherBuild: {
      sameClass: imported.RolecallError === cjsBuild.RolecallError,
      recognised: imported.isRolecallError(foreign),
    },
  }),
);

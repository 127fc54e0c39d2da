import { RolecallError } from "aws-rolecall";
import { startLocalAws } from "aws-rolecall/testing";
import required from "./bundled-requires.cjs";

console.log(
  JSON.stringify({
    sameClass: RolecallError === required.RolecallError,
    sameTesting: startLocalAws === required.startLocalAws,
  }),
);

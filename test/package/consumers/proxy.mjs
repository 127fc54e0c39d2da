import * as rolecall from "aws-rolecall";
import * as testing from "aws-rolecall/testing";
import throughAProxy from "./through-a-proxy.cjs";

console.log(JSON.stringify(await throughAProxy(rolecall, testing)));

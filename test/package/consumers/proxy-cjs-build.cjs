const rolecall = require("./node_modules/aws-rolecall/dist/index.cjs");
const testing = require("./node_modules/aws-rolecall/dist/testing.cjs");
const throughAProxy = require("./through-a-proxy.cjs");

throughAProxy(rolecall, testing).then((outcome) => console.log(JSON.stringify(outcome)));

// The build for Jest and older bundlers; on Node 20.19 and later `require("aws-rolecall")` gets the ESM one.
const rolecall = require("./node_modules/aws-rolecall/dist/index.cjs");
const assumeARole = require("./assume-a-role.cjs");

assumeARole(rolecall).then((outcome) => console.log(JSON.stringify(outcome)));

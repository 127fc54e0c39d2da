const rolecall = require("aws-rolecall");
const assumeARole = require("./assume-a-role.cjs");

assumeARole(rolecall).then((outcome) => console.log(JSON.stringify(outcome)));

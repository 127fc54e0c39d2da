const { RolecallError } = require("aws-rolecall");
const { startLocalAws } = require("aws-rolecall/testing");

module.exports = { RolecallError, startLocalAws };

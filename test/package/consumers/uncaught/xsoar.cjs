const { instanceFromParams } = require("../node_modules/aws-rolecall/dist/xsoar.cjs");

instanceFromParams({ timeout: "never" });

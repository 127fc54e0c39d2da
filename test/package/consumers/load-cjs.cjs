require("./node_modules/aws-rolecall/dist/index.cjs");

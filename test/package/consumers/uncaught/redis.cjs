const { redisStore } = require("../node_modules/aws-rolecall/dist/redis-store.cjs");

redisStore({}, { scope: "fleet", encryptionKeys: ["0123456789abcdef0123456789abcdef"] });

import { redisStore } from "aws-rolecall/redis-store";

redisStore({}, { scope: "fleet", encryptionKeys: ["0123456789abcdef0123456789abcdef"] });

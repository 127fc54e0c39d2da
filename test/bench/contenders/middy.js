import middy from "@middy/core";
import sts from "@middy/sts";
import { byKey } from "../lib/by-key.js";

const FIFTEEN_MINUTES = 900_000;

export default {
  name: "middy",
  label: "middy's sts",
  description: "a handler with the sts middleware per role, its cache of 15 minutes, a new client for each command",
  async create() {
    const handlerOf = byKey((RoleArn) =>
      middy()
        .use(
          sts({
            fetchData: { session: { RoleArn, RoleSessionName: "benchmark" } },
            cacheKey: RoleArn,
            cacheExpiry: FIFTEEN_MINUTES,
            setToContext: true,
          }),
        )
        .handler(async ({ Client, region }, { session }) => new Client({ region, credentials: session })),
    );
    return {
      client: (Client, { roleArn, region }) => handlerOf(roleArn)({ Client, region }, {}),
      close() {},
    };
  },
};

import { assumeRole, readInstanceProfile } from "../lib/raw-exchange.js";

/** The least that a warm command can cost: a session from a Map, if it has not expired. Nobody refreshes it. */
export default {
  name: "map-get",
  label: "Map.get and an expiry check",
  async create({ roleArns }) {
    const caller = await readInstanceProfile();
    const sessions = new Map();
    for (const roleArn of roleArns) sessions.set(roleArn, await assumeRole(caller, roleArn));
    return {
      client: (_Client, { roleArn }) => ({ config: { credentials: () => heldSession(sessions, roleArn) } }),
      close() {},
    };
  },
};

async function heldSession(sessions, roleArn) {
  const session = sessions.get(roleArn);
  if (session.expiration.getTime() <= Date.now()) throw new Error("The session has expired");
  return session;
}

import { liveProvider } from "../clients/role-identity.js";
import { RolecallError } from "../errors.js";
import type { StsTarget } from "../request/chain.js";
import { ROLE_SESSION_DURATION, toMachineSessionName } from "../request/limits.js";
import type { WebIdentity } from "../request/web-identity.js";
import type { Runtime } from "../runtime.js";
import { AssumeRoleWithWebIdentityCommand } from "../sdk/sts.js";
import type { Flight } from "../session/flight.js";
import type { IssuedSession } from "../session/session-loader.js";
import { readAssumedSession } from "./assume-role-answer.js";
import { makeOfSts } from "./make-of-sts.js";
import type { ServerClocks } from "./server-clock.js";
import type { StsCaller } from "./sts-caller.js";
import type { StsCalls } from "./sts-calls.js";
import type { StsCall } from "./sts-errors.js";
import { WireView } from "./wire-view.js";

export interface WebIdentityOptions {
  readonly runtime: Runtime;
  readonly calls: StsCalls;
  readonly serverClocks: ServerClocks;
}

/**
 * Exchanges the token for a session of the role. The call is not signed; the token alone authenticates it.
 * @param key identifies the web identity
 * @throws RolecallError as {@link StsCalls.ask} does, or `BASE_IDENTITY_UNAVAILABLE` if the file has no valid token
 */
export async function assumeRoleWithWebIdentity(
  { tokenFile, tokenFileFrom, role, roleSessionName }: WebIdentity,
  key: string,
  sts: StsTarget,
  flight: Flight,
  { runtime, calls, serverClocks }: WebIdentityOptions,
): Promise<IssuedSession> {
  const wire = new WireView();
  const readToken = async () => {
    const { readTokenFile } = await import("./token-file.js");
    const token = await readTokenFile(tokenFile, tokenFileFrom);
    for (const secret of [token, ...token.split(".")]) wire.hide(secret);
    return token;
  };
  let token = await readToken();
  const caller: StsCaller = {
    key: `${key} with a token`, // not the same STS client as for calls that the session signs
    credentials: liveProvider(async () => {
      throw unsigned(role.arn);
    }),
    step: "base-identity",
    roleArn: undefined,
    ready: async () => {},
    /** The platform may have replaced the rejected token since it was read. */
    async replace(_, doubtful) {
      if (doubtful) return false;
      const refused = token;
      token = await readToken();
      return token !== refused;
    },
  };
  const target = { ...sts, partition: role.partition };
  const call: StsCall = {
    action: "AssumeRoleWithWebIdentity",
    step: "base-identity",
    caller,
    roleArn: role.arn,
    region: target.region,
    lastSuccess: flight.lastSuccess,
    secrets: wire.secrets,
  };
  const durationSeconds = ROLE_SESSION_DURATION.default; // every role allows it
  const RoleSessionName = roleSessionName ?? toMachineSessionName(runtime.hostname());
  const command = () => {
    const input = { RoleArn: role.arn, RoleSessionName, DurationSeconds: durationSeconds, WebIdentityToken: token };
    const made = makeOfSts("AssumeRoleWithWebIdentityCommand", () => new AssumeRoleWithWebIdentityCommand(input));
    return wire.watch(made);
  };
  return calls.ask(
    {
      call,
      caller,
      target,
      command,
      read: (output, times) => {
        const asked = {
          call,
          role,
          roleSessionName: wire.answered ? RoleSessionName : undefined,
          durationSeconds,
          flight,
        };
        const session = readAssumedSession(output, asked, times, serverClocks.of(target), runtime);
        return { ...session, identity: role.arn };
      },
    },
    flight,
  );
}

function unsigned(roleArn: string): RolecallError {
  return new RolecallError(
    "BASE_IDENTITY_UNAVAILABLE",
    `The STS client tried to sign AssumeRoleWithWebIdentity of ${roleArn}; this call must be unsigned.`,
    {
      step: "base-identity",
      roleArn,
      hint: "Make the client in options.stsClient send this call unsigned, as the SDK's STSClient does.",
    },
  );
}

import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import fc from "fast-check";
import {
  type CredentialResolver,
  getClientForCommand,
  isRolecallError,
  setDefaultResolver,
} from "../../../src/index.js";
import { anyOf, callWith, garbage, mostly, type RecipeArbitrary, settings } from "../arbitraries.js";
import { judgeAssumptions, judgeRole } from "../expected-role.js";
import type { Lab } from "../lab.js";
import { judgeText, show } from "../oracles.js";
import { lab, object, odd, type Recipe } from "../recipe.js";
import { anyCommand, anyInstance, anySession } from "../settings.js";
import type { Target } from "../target.js";

type Loose<F> = F extends (...args: never) => infer R ? (...args: unknown[]) => R : never;
/** The library without its types, as JavaScript callers use it. */
type LooseResolver = { [K in keyof CredentialResolver]: Loose<CredentialResolver[K]> };
const loosen = (resolver: CredentialResolver) => resolver as unknown as LooseResolver;
const looseGetClient = getClientForCommand as unknown as Loose<typeof getClientForCommand>;

const clientClass = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(lab("EC2Client"), lab("DynamoDBClient")) },
  { weight: 1, arbitrary: garbage },
);
const session = mostly(anySession);
const clientConfig = settings({
  maxAttempts: anyOf(1, 2),
  credentials: fc.constant(lab("user keys")),
  region: anyOf("us-east-1"),
  signer: garbage,
});
const nothingElse = fc.constantFrom<Recipe>(odd("undefined"), object({}));
const options = (more: Record<string, RecipeArbitrary>) =>
  fc.oneof({ weight: 1, arbitrary: nothingElse }, { weight: 2, arbitrary: settings({ session, ...more }) });
const clientOptions = { clientConfig, fresh: anyOf(true, false) };

/** The settings of a call, after `skip` other arguments. */
function asked(args: unknown[], skip = 0) {
  const [instance, command, given] = args.slice(skip);
  let session: unknown;
  try {
    session = (given as { session?: unknown } | undefined)?.session;
  } catch {
    // Options that cannot be read have no session.
  }
  return { instance, command, session };
}

const judgeSts = ({ aws }: Lab, args: unknown[], skip = 0) => judgeAssumptions(aws.requests, asked(args, skip));

/** The identity of the client in a request to the service. */
async function act(client: unknown): Promise<string> {
  if (client instanceof EC2Client) await client.send(new DescribeInstancesCommand({}));
  return "a client";
}

function judgeClient(lab: Lab, args: unknown[]): string[] {
  const served = lab.aws.requests.filter(({ target, status }) => target === "service" && status === 200);
  const isBase = (roleArn: string | undefined) =>
    roleArn === undefined || roleArn.endsWith("/rolecall-instance-profile");
  const roles = served.map(({ session: signer }) => (isBase(signer?.roleArn) ? undefined : signer?.roleArn));
  return [...judgeSts(lab, args, 1), ...roles.flatMap((role) => judgeRole(role, asked(args, 1)))];
}

const judgeSession: Target["judge"] = (lab, args, value) => [
  ...judgeSts(lab, args),
  ...judgeText("the printed session", `${show(value)}${JSON.stringify(value)}`, lab.aws.secrets().slice(-30)),
];

/** A resolver's result without credentials, which differ from call to call. */
const whose = (session: { assumedRoleArn?: unknown }) => String(session.assumedRoleArn);

export const commands: readonly Target[] = [
  {
    name: "getClientForCommand",
    input: callWith(
      clientClass,
      anyInstance,
      anyCommand,
      options({
        ...clientOptions,
        resolver: fc.constantFrom(lab("resolver"), lab("resolver"), lab("closed resolver")),
      }),
    ),
    attempt(lab, args) {
      setDefaultResolver(lab.resolver());
      try {
        return act(looseGetClient(...args));
      } finally {
        setDefaultResolver(undefined);
      }
    },
    judge: judgeClient,
  },
  {
    name: "resolver.getClientForCommand",
    input: callWith(clientClass, anyInstance, anyCommand, options(clientOptions)),
    attempt: (lab, args) => act(loosen(lab.resolver()).getClientForCommand(...args)),
    judge: judgeClient,
  },
  {
    name: "resolver.resolve",
    input: callWith(
      anyInstance,
      anyCommand,
      options({
        signal: fc.constantFrom(odd("abort signal"), odd("aborted signal")),
        forceRefresh: anyOf(true, false),
        minRemaining: anyOf(0, 1000, 899_000),
      }),
    ),
    attempt: (lab, args) =>
      loosen(lab.resolver())
        .resolve(...args)
        .then(whose),
    judge: judgeSession,
  },
  {
    name: "resolver.provider",
    input: callWith(anyInstance, anyCommand, options({})),
    attempt: (lab, args) =>
      loosen(lab.resolver())
        .provider(...args)()
        .then(whose),
    judge: judgeSession,
  },
  {
    name: "resolver.verify",
    input: callWith(anyInstance, anyCommand, options({})),
    attempt: (lab, args) => loosen(lab.resolver()).verify(...args),
    judge: judgeSts,
  },
  {
    name: "resolver.invalidate",
    input: callWith(anyInstance, anyCommand, options({})),
    attempt: (lab, args) => loosen(lab.resolver()).invalidate(...args),
    judge: (lab, args) => judgeSts(lab, args),
  },
  {
    name: "resolver.close",
    input: callWith(fc.constantFrom(lab("resolver"), lab("closed resolver")), anyInstance, anyCommand, options({})),
    async attempt(_lab, [given, ...args]) {
      const resolver = loosen(given as CredentialResolver);
      const under = resolver.resolve(...args).then(whose);
      await Promise.all([resolver.close(), resolver.close(), under]);
      return Object.keys(resolver.stats()).length;
    },
  },
  {
    name: "setDefaultResolver",
    input: callWith(fc.oneof(garbage, fc.constantFrom(lab("resolver"), lab("closed resolver")))),
    attempt(_lab, [given]) {
      try {
        setDefaultResolver(given as CredentialResolver);
        return "set";
      } finally {
        setDefaultResolver(undefined);
      }
    },
  },
  {
    name: "isRolecallError",
    input: callWith(garbage),
    attempt: (_lab, [value]) => isRolecallError(value),
    judge: (_lab, _args, value) => (value === false ? [] : ["garbage counts as an error of this library"]),
  },
];

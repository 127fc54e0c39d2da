import { createCredentialResolver } from "../../credential-resolver.js";
import type { IntegrationInstance } from "../../request/integration-instance.js";
import { decideRequest } from "../../request/role-request.js";
import { readInstanceRegion } from "../../sources/instance-profile.js";
import { noteUnusedIdentities, noteUnusedProxy } from "../../sources/unused-environment.js";
import type { Tools } from "./examine-role.js";
import { examineRoles, withoutRole } from "./examine-roles.js";
import { lookAtMetadata } from "./look-at-machine.js";
import { isAccepted, type Metadata, type Observations, type StsSeen, toOutcome } from "./observations.js";
import { listenToSts } from "./sts-listener.js";

/** The configuration to examine, and the machine to examine it on. */
export interface Subject extends Omit<Tools, "resolver"> {
  readonly instance: IntegrationInstance;
  readonly roleArns: readonly string[] | "all-accounts";
}

/**
 * Runs the steps of a command with the library's own code. Creates nothing in AWS: it calls GetCallerIdentity and
 * requests sessions that nothing uses.
 */
export async function examine(subject: Subject): Promise<Observations> {
  const { roleArns, runtime, onProgress } = subject;
  const instance = withoutRole(subject.instance);
  const decide = (own: IntegrationInstance) => decideRequest(own, undefined, undefined, runtime.env);
  const { request, chosen } = decide({
    ...instance,
    credentials: "Ec2InstanceMetadata",
    credentialsName: undefined,
  });
  const notes = {
    identities: await noteUnusedIdentities(runtime.env),
    proxy: noteUnusedProxy(runtime.env, request.network),
  };
  const base = await toOutcome((async () => decide(instance).request.chain.base)());
  if (base.error) {
    const unseen = { metadata: undefined, keys: undefined, region: undefined, sts: undefined };
    return { base, notes, ...unseen, sourceRole: undefined, roles: [] };
  }
  const isInstanceProfile = base.value.kind === "instance-profile";
  const metadata = isInstanceProfile || !chosen.region ? await lookAtMetadata(runtime) : undefined;
  const listener = listenToSts(runtime.now);
  // A single attempt per call, so that the report shows transient failures. Throttled calls are still retried for up to
  // ten seconds.
  const resolver = createCredentialResolver({ runtime, assumeRole: { attempts: 1 } });
  try {
    const mayHaveKeys = !isInstanceProfile || !metadata?.problem;
    const keys = mayHaveKeys ? await toOutcome(resolver.resolve(instance).then(() => true as const)) : undefined;
    const region = chosen.region ? { value: chosen.region } : await readRegion(metadata, runtime);
    let sts: StsSeen | undefined;
    if (keys?.value && region?.value) {
      const caller = await toOutcome(resolver.verify(instance));
      const asked = caller.value?.region ?? instance.sts?.region ?? region.value.value;
      sts = { region: asked, caller, ...listener.lastAnswer() };
    }
    const mayAssume = sts !== undefined && isAccepted(sts);
    const roles = await examineRoles({ resolver, runtime, onProgress }, subject.instance, roleArns, mayAssume);
    return { base, notes, metadata, keys, region, sts, ...roles };
  } finally {
    await resolver.close();
    listener.close();
  }
}

async function readRegion(metadata: Metadata | undefined, runtime: Tools["runtime"]): Promise<Observations["region"]> {
  if (metadata?.problem) return undefined;
  return toOutcome(readInstanceRegion(runtime).then((value) => ({ value, from: "the metadata service" })));
}

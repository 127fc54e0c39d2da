import type { SessionCredentials, StsLike } from "../../src/index.js";

export function madeUpSts(): StsLike;
export function isMadeUp(roleArn: string, session: SessionCredentials): boolean;

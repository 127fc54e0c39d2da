/**
 * Preloaded into a process in which time runs faster. Our deadlines for STS are in that time, its answers are not: a
 * tenth of a second there is a minute here.
 */
import { createCredentialResolver, setDefaultResolver } from "aws-rolecall";

setDefaultResolver(createCredentialResolver({ assumeRole: { attemptTimeout: 600_000, timeout: 1_200_000 } }));

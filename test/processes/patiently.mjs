/**
 * The resolver's option `assumeRole`: many processes share few processors, so a call to STS can be slow, and the others
 * must wait for it.
 */
export const PATIENT_STS = { attemptTimeout: 60_000, timeout: 60_000 };

/** If too much runs at once on few processors, the metadata service can exceed its one-second timeout. */
export async function patiently(resolve) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await resolve();
    } catch (error) {
      if (error.code !== "IMDS_UNREACHABLE" || attempt === 10) throw error;
    }
  }
}

/** The format in AWS responses: `2026-01-01T00:00:00Z`. */
export function toIsoSeconds(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d{3}Z$/, "Z");
}

/** The format in signatures: `20260101T000000Z`. */
export function toAmzDate(epochMs: number): string {
  return toIsoSeconds(epochMs).replace(/[-:]/g, "");
}

/** Epoch milliseconds; `NaN` unless the text has the format used in signatures. */
export function parseAmzDate(amzDate: string): number {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(amzDate);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** The part of a list that a page contains, as positions in the list. */
export interface Page {
  readonly from: number;
  readonly to: number;
  /** Absent on the last page. */
  readonly nextToken?: string;
}

export interface PageSettings {
  /** The number of items in the list. */
  total: number;
  /** The maximum number of items in a page. */
  size: number;
  /** The number of empty pages before each other page. */
  emptyPages?: number;
}

/** The page that a token asks for, or the first one; `undefined` for a token that this function did not create. */
export function findPage(token: string | undefined, { total, size, emptyPages = 0 }: PageSettings): Page | undefined {
  const position = token === undefined ? { from: 0, empty: 0 } : readToken(token);
  if (position === undefined || position.from > total) return undefined;
  const { from, empty } = position;
  if (empty < emptyPages) return { from, to: from, nextToken: toToken(from, empty + 1) };
  const to = Math.min(from + size, total);
  return { from, to, ...(to < total && { nextToken: toToken(to, 0) }) };
}

function toToken(from: number, empty: number): string {
  return Buffer.from(`${from}/${empty}`).toString("base64url");
}

function readToken(token: string): { from: number; empty: number } | undefined {
  const match = /^(\d{1,9})\/(\d{1,9})$/.exec(Buffer.from(token, "base64url").toString());
  return match === null ? undefined : { from: Number(match[1]), empty: Number(match[2]) };
}

import { rename, writeFile } from "node:fs/promises";

/** Writes a new OIDC token of the job to a file. GitHub's tokens are valid for a few minutes. */
export async function writeGitHubToken(file: string, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const url = new URL(env.ACTIONS_ID_TOKEN_REQUEST_URL ?? "");
  url.searchParams.set("audience", "sts.amazonaws.com");
  const headers = { authorization: `bearer ${env.ACTIONS_ID_TOKEN_REQUEST_TOKEN}` };
  const response = await fetch(url, { headers });
  if (!response.ok) throw new Error(`GitHub issued no token: status ${response.status}`);
  const { value } = (await response.json()) as { value: string };
  await writeFile(`${file}.new`, value, { mode: 0o600 });
  await rename(`${file}.new`, file); // a reader never sees half a token
}

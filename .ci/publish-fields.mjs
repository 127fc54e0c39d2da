/**
 * The fields of package.json that only the publisher knows. `node .ci/publish-fields.mjs <repository URL> <author>` fills
 * them in; without arguments it fails if one of them is missing, which keeps `npm publish` from going on.
 */
import { readFileSync, writeFileSync } from "node:fs";

const [url, author] = process.argv.slice(2);
const path = new URL("../package.json", import.meta.url);
const manifest = JSON.parse(readFileSync(path, "utf8"));

if (url === undefined) {
  const { repository, homepage, bugs } = manifest;
  const fields = { author: manifest.author, homepage, "repository.url": repository?.url, "bugs.url": bugs?.url };
  const missing = Object.keys(fields).filter((name) => !fields[name]);
  if (missing.length > 0) {
    console.error(`package.json has no ${missing.join(", ")}.`);
    console.error("Run: node .ci/publish-fields.mjs https://github.com/<owner>/<name> <author>");
    process.exitCode = 1;
  }
} else {
  if (!/^https:\/\/[^/]+\/[^/]+\/[^/]+$/.test(url)) throw new Error(`"${url}" is no URL of a repository`);
  if (!author) throw new Error("The author is missing");
  Object.assign(manifest, {
    author,
    homepage: `${url}#readme`,
    repository: { type: "git", url: `git+${url}.git` },
    bugs: { url: `${url}/issues` },
  });
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
}

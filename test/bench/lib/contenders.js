import { readdir } from "node:fs/promises";

const FOLDER = new URL("../contenders/", import.meta.url);

/** Every contender, ours first. */
export async function loadContenders() {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith(".js")).sort();
  const contenders = await Promise.all(files.map(async (file) => (await import(new URL(file, FOLDER))).default));
  return contenders.sort((one, other) => (other.name === "rolecall") - (one.name === "rolecall"));
}

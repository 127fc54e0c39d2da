import { markdownTable } from "../support/generated-part.js";
import type { Difference } from "./on-purpose.js";
import { type Observation, type Result, specifiedFor, titleOf, type Vector } from "./vector-data.js";

const WORDS: Record<Result, string> = {
  cachedCredentials: "held set",
  newCredentials: "new set",
  noCredentialsError: "error",
  nonRecoverableError: "terminal error",
};

/** The vectors as a Markdown table. */
export function tableOf(vectors: Vector[], differences: Record<string, Difference>): string {
  const rows = vectors.map((vector, index) => {
    const title = titleOf(vector);
    const difference = differences[title];
    const ours = difference ? inWords(vector, difference.ours, difference.nextCaller) : "the same";
    return [index + 1, title, inWords(vector, specifiedFor(vector)), ours, difference?.why ?? ""];
  });
  return markdownTable(["", "vector", "specification", "ours", "why"], rows);
}

function inWords({ steps }: Vector, observations: Observation[], nextCaller?: Result): string {
  const told: string[] = [];
  const meanwhile: string[] = [];
  let next = 0;
  for (const step of steps) {
    if (step.type === "advanceTime") meanwhile.push(`${step.seconds} s later`);
    else if (step.type === "invalidate") meanwhile.push(`${step.rejectedAccessKeyId} rejected`);
    else {
      const when = meanwhile.length > 0 ? `${meanwhile.splice(0).join(", ")}: ` : "";
      told.push(when + observationInWords(observations[next++]));
    }
  }
  if (nextCaller) told.push(`next caller: ${WORDS[nextCaller]}`);
  return told.join("; ");
}

function observationInWords(observation: Observation | undefined): string {
  if (!observation) throw new Error("A difference lists fewer answers than its vector has.");
  const { result, source, advisoryWindowSeconds } = observation;
  const sourceWords = source === "held off" ? "held off" : `source ${source}`;
  const window = advisoryWindowSeconds === undefined ? "" : `, window ${advisoryWindowSeconds} s`;
  return `${WORDS[result]}, ${sourceWords}${window}`;
}

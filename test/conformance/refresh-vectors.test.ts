import { afterAll, describe, expect, it } from "vitest";
import { expectGenerated } from "../support/generated-part.js";
import { ON_PURPOSE } from "./on-purpose.js";
import { play } from "./play-vector.js";
import { DATA_PATH, readVectors, specifiedFor, titleOf, type Vector } from "./vector-data.js";
import { tableOf } from "./vector-table.js";

const TABLE = { page: "freshness.md", name: "refresh vectors" };
const vectors = readVectors();
const present = vectors.length > 0;
if (!present) console.log(`The refresh vectors are not run: ${DATA_PATH} is absent. Set ROLECALL_CONFORMANCE_DATA.`);

describe.runIf(present)("the AWS SDKs' refresh specification", () => {
  const verdicts = { exact: 0, onPurpose: 0 };
  afterAll(() => {
    const { exact, onPurpose } = verdicts;
    const unexplained = vectors.length - exact - onPurpose;
    console.log(`${vectors.length} vectors: ${exact} exact, ${onPurpose} on purpose, ${unexplained} unexplained`);
  });

  it.each(vectors.map((vector): [string, Vector] => [titleOf(vector), vector]))("%s", async (title, vector) => {
    const specified = specifiedFor(vector);
    const { observations, nextCaller } = await play(vector);
    const difference = ON_PURPOSE[title];
    if (!difference) {
      expect(observations).toEqual(specified);
      const last = observations.at(-1);
      if (last?.result === "cachedCredentials" && last.source === "asked") {
        expect(nextCaller, "a backoff follows").toEqual({ result: "cachedCredentials", source: "held off" });
      }
      verdicts.exact++;
      return;
    }
    expect(observations).toEqual(difference.ours);
    if (difference.nextCaller) expect(nextCaller).toEqual({ result: difference.nextCaller, source: "not asked" });
    expect(observations, "holds exactly: take it off the list of differences").not.toEqual(specified);
    verdicts.onPurpose++;
  });

  it("has a vector for each listed difference, and each vector has a unique title", () => {
    const titles = vectors.map(titleOf);
    expect(new Set(titles).size).toBe(titles.length);
    expect(titles).toEqual(expect.arrayContaining(Object.keys(ON_PURPOSE)));
  });

  it("matches the table in docs/freshness.md (ROLECALL_WRITE_DOCS=1 updates it)", () => {
    expectGenerated(TABLE, tableOf(vectors, ON_PURPOSE));
  });
});

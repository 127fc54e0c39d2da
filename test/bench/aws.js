/**
 * IMDS and STS in a process of their own, so that answering costs the measured process nothing. Spoken to over IPC, see
 * `lib/aws-process.js`.
 */
import { startLocalAws } from "aws-rolecall/testing";

let aws;

const operations = {
  async start({ roles }) {
    aws = await startLocalAws({ roles, region: "eu-central-1" });
    return aws.env;
  },
  setLatency({ ms, filter }) {
    aws.setLatency(ms, filter);
  },
  counts() {
    const { requests, sockets } = aws;
    const answered = requests.filter(({ status }) => status === 200);
    const inServices = answered.filter(({ target }) => target === "service");
    const imds = answered.filter(({ target }) => target === "imds").map(({ operation }) => operation);
    return {
      assumeRole: answered.filter(({ operation }) => operation === "AssumeRole").length,
      imds: Object.fromEntries([...new Set(imds)].map((name) => [name, imds.filter((other) => other === name).length])),
      places: new Set(inServices.map(({ roleArn, region }) => `${roleArn} ${region}`)).size,
      refused: requests.length - answered.length,
      sockets: { sts: sockets.aws.peak, imds: sockets.imds.peak },
    };
  },
  clear() {
    aws.clearRequests();
  },
  async close() {
    await aws?.close();
    setImmediate(() => process.disconnect());
  },
};

process.on("message", async ({ id, operation, parameters }) => {
  try {
    process.send({ id, result: await operations[operation](parameters) });
  } catch (error) {
    process.send({ id, error: error.stack });
  }
});
process.on("disconnect", () => process.exit());

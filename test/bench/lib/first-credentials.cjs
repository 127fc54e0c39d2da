/**
 * Preloaded with `--require` into every process of the cold start, including the empty one. Reports when each HTTP
 * request began and got its response, and ends the process as soon as it has credentials.
 */
const { subscribe } = require("node:diagnostics_channel");
const { writeSync } = require("node:fs");

const now = () => performance.timeOrigin + performance.now();
const began = now();
const requests = [];

subscribe("http.client.request.start", ({ request }) => {
  requests.push({ request, target: request.path.startsWith("/latest/") ? "imds" : "sts", began: now() });
});
subscribe("http.client.response.finish", ({ request }) => {
  const record = requests.find((other) => other.request === request);
  record.answered = now();
});

globalThis.obtained = ({ accessKeyId, secretAccessKey, sessionToken } = {}) => {
  const obtained = now();
  const credentials = { accessKeyId, secretAccessKey, sessionToken };
  const marks = requests.map(({ request, ...times }) => times);
  writeSync(1, JSON.stringify({ credentials, began, obtained, requests: marks }));
  process.exit();
};

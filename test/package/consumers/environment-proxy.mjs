/**
 * Prints the requests that Node itself and the library made to the proxy in HTTP_PROXY. Node reads the variables when it
 * starts, so the proxy's port must be known before: `PROXY_PORT` is free.
 */
import { once } from "node:events";
import { createServer, get, globalAgent } from "node:http";
import { createCredentialResolver } from "aws-rolecall";
import { startLocalAws } from "aws-rolecall/testing";

const asked = [];
const proxy = createServer(({ url }, response) => {
  asked.push(url);
  response.end();
});
await once(proxy.listen(process.env.PROXY_PORT, "127.0.0.1"), "listening");
const aws = await startLocalAws({ roles: [] });
Object.assign(process.env, aws.env);

const resolver = createCredentialResolver();
await resolver.resolve({ region: "eu-west-1" });
const byTheLibrary = asked.splice(0);
await new Promise((resolve) => get(`${aws.endpoint}/by-node`, (response) => response.resume().on("end", resolve)));
console.log(
  JSON.stringify({
    nodeUsesTheProxy: "proxyEnv" in globalAgent.options,
    byNode: asked.map((url) => new URL(url).pathname),
    byTheLibrary,
    read: aws.count({ target: "imds", status: 200 }),
  }),
);
await resolver.close();
await aws.close();
proxy.close();

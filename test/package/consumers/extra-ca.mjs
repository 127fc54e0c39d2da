import { once } from "node:events";
import { connect } from "node:net";
import { createServer } from "node:tls";
import { createCredentialResolver } from "aws-rolecall";
import { startLocalAws } from "aws-rolecall/testing";

// NODE_EXTRA_CA_CERTS names the endpoint's CA, and the instance names a different one.
const { cert, key, otherCa } = JSON.parse(process.env.CERTIFICATES);
const roleArn = "arn:aws:iam::123456789012:role/Auditor";
const aws = await startLocalAws({ roles: [{ roleArn }] });
const relay = createServer({ cert, key }, (socket) => {
  const onward = connect(new URL(aws.endpoint).port, "127.0.0.1");
  for (const end of [socket, onward]) end.on("error", () => {});
  socket.pipe(onward).pipe(socket);
});
await once(relay.listen(0, "127.0.0.1"), "listening");
Object.assign(process.env, aws.env, { AWS_ENDPOINT_URL: `https://localhost:${relay.address().port}` });

const resolver = createCredentialResolver();
const ask = (network) =>
  resolver.resolve({ roleArn, region: "eu-west-1", network }).then(
    ({ accountId }) => accountId,
    ({ cause }) => cause.code,
  );
console.log(JSON.stringify({ withoutNetwork: await ask(), withNetwork: await ask({ extraCa: otherCa }) }));
await resolver.close();
relay.close();
await aws.close();

const { once } = require("node:events");
const { createServer } = require("node:http");
const { connect } = require("node:net");

/** Sends one command through a proxy, with the agents that are bundled in the build. */
module.exports = async function throughAProxy({ createCredentialResolver }, { startLocalAws }) {
  const role = "arn:aws:iam::123456789012:role/Auditor";
  const aws = await startLocalAws({ roles: [{ roleArn: role }] });
  Object.assign(process.env, aws.env);
  const connected = [];
  const proxy = createServer().on("connect", ({ url }, socket) => {
    connected.push(url);
    const onward = connect(new URL(`http://${url}`).port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(onward).pipe(socket);
    });
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  const resolver = createCredentialResolver();
  const network = { proxy: `http://127.0.0.1:${proxy.address().port}`, connectionTimeout: 5000 };
  const { roleArn } = await resolver.verify({ roleArn: role, region: "eu-west-1", network });
  await resolver.close();
  proxy.close();
  proxy.closeAllConnections();
  await aws.close();
  return { roleArn, connected: connected.map((host) => host === new URL(aws.endpoint).host) };
};

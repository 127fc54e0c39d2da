/**
 * The least that can be asked of IMDS and STS: three requests and one, with nothing of the SDK. It checks nothing and
 * survives nothing; it is the floor that everything else stands on.
 */
import { createHash, createHmac } from "node:crypto";
import { Agent, request } from "node:http";

const ROLE_PATH = "/latest/meta-data/iam/security-credentials/";
const agent = new Agent({ keepAlive: true });

/** The instance profile's credentials, by IMDSv2. */
export async function readInstanceProfile() {
  const endpoint = process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT;
  const lifetime = { "x-aws-ec2-metadata-token-ttl-seconds": "21600" };
  const token = await exchange(endpoint, "/latest/api/token", { method: "PUT", headers: lifetime });
  const headers = { "x-aws-ec2-metadata-token": token };
  const role = await exchange(endpoint, ROLE_PATH, { headers });
  const set = JSON.parse(await exchange(endpoint, `${ROLE_PATH}${role}`, { headers }));
  return { accessKeyId: set.AccessKeyId, secretAccessKey: set.SecretAccessKey, sessionToken: set.Token };
}

/** One signed AssumeRole. */
export async function assumeRole(caller, roleArn) {
  const endpoint = process.env.AWS_ENDPOINT_URL;
  const parameters = { Action: "AssumeRole", Version: "2011-06-15", RoleArn: roleArn, RoleSessionName: "benchmark" };
  const body = new URLSearchParams(parameters).toString();
  const headers = sign(caller, new URL(endpoint).host, body);
  const answer = await exchange(endpoint, "/", { method: "POST", headers }, body);
  const field = (name) => answer.slice(answer.indexOf(`<${name}>`) + name.length + 2, answer.indexOf(`</${name}>`));
  return {
    accessKeyId: field("AccessKeyId"),
    secretAccessKey: field("SecretAccessKey"),
    sessionToken: field("SessionToken"),
    expiration: new Date(field("Expiration")),
  };
}

function exchange(endpoint, path, options, body) {
  return new Promise((resolve, reject) => {
    const asked = request(`${endpoint}${path}`, { agent, ...options }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk) => {
        text += chunk;
      });
      answer.on("end", () => {
        if (answer.statusCode === 200) resolve(text);
        else reject(new Error(`${path} was answered with ${answer.statusCode}: ${text}`));
      });
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

/** Signature Version 4 of a POST to `/` without a query. */
function sign({ accessKeyId, secretAccessKey, sessionToken }, host, body) {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    host,
    "x-amz-date": time,
    "x-amz-security-token": sessionToken,
  };
  const names = Object.keys(headers).join(";");
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = ["POST", "/", "", lines.join(""), names, sha256(body)].join("\n");
  const scope = [time.slice(0, 8), "eu-central-1", "sts", "aws4_request"];
  const text = ["AWS4-HMAC-SHA256", time, scope.join("/"), sha256(canonical)].join("\n");
  const key = scope.reduce(hmac, `AWS4${secretAccessKey}`);
  const credential = `${accessKeyId}/${scope.join("/")}`;
  const signature = hmac(key, text).toString("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...headers, authorization };
}

const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const hmac = (key, text) => createHmac("sha256", key).update(text).digest();

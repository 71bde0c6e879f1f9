import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const S3rver = require("@20minutes/s3rver");
const signature = require("@20minutes/s3rver/lib/signature/v4.js");
const { DUMMY_ACCOUNT } = require("@20minutes/s3rver/lib/models/account.js");

// What is signed is the path that was sent. s3rver forgets the slash that Amazon's client for .NET sends behind a bucket.
const { getStringToSign } = signature;
signature.getStringToSign = (canonical, request) =>
  getStringToSign({ ...canonical, uri: /^\/[^/]+$/.test(canonical.uri) ? `${canonical.uri}/` : canonical.uri }, request);

/** What requests have to be signed with. */
export const KEY = { id: "lockstep", secret: "what-nobody-may-log" };
export const BUCKET = "files";

DUMMY_ACCOUNT.createKeyPair(KEY.id, KEY.secret);

/** Starts an S3 server on a free port, with an empty bucket. */
export async function startS3() {
  const directory = await mkdtemp(join(tmpdir(), "lockstep-s3-"));
  const server = new S3rver({ address: "127.0.0.1", port: 0, silent: true, directory, vhostBuckets: false, configureBuckets: [{ name: BUCKET }] });
  const { port } = await server.run();
  return {
    endpoint: `http://127.0.0.1:${port}`,
    directory,
    async stop() {
      const closed = server.close();
      server.httpServer.closeAllConnections();
      await closed;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

// By itself it says where it listens, and ends with its input: with whoever started it.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const s3 = await startS3();
  console.log(s3.endpoint);
  process.stdin.on("close", async () => {
    await s3.stop();
    process.exit(0);
  }).resume();
}

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startServer } from "../Clients/server.mjs";
import { BUCKET, KEY, startS3 } from "./s3.mjs";

// Two whole pieces, and a bit.
const CONTENT = Buffer.from(Uint8Array.from({ length: 600_000 }, (_, i) => (i * 7919) >> 8));
const PIECE_BYTES = 256 * 1024;

const POSTGRES = fileURLToPath(new URL("../postgres", import.meta.url));
const HAS_BOTH_ENGINES = (process.env.LOCKSTEP_TEST_ENGINE || "sqlite") === "sqlite" && process.env.LOCKSTEP_TEST_POSTGRES !== undefined;

let s3;
let server;

before(async () => {
  s3 = await startS3();
  server = await startServer({ "kinto:attachments:max-bytes": CONTENT.length, ...settings("of/lockstep/") });
});

after(async () => {
  try {
    await server.stop();
  } finally {
    await s3.stop();
  }
});

const settings = (prefix) => ({
  "kinto:attachments:s3:endpoint": s3.endpoint,
  "kinto:attachments:s3:bucket": BUCKET,
  "kinto:attachments:s3:prefix": prefix,
  "kinto:attachments:s3:key-id": KEY.id,
  "kinto:attachments:s3:secret": KEY.secret,
});

/** Names of all objects that there are. */
async function objects() {
  const found = await readdir(s3.directory, { recursive: true });
  return found.filter((path) => path.endsWith("_object")).map((path) => path.replace(/\._S3rver_object$/, "")).sort();
}

/** A record of somebody who has nothing else: its path, and how its file is sent and taken away. */
async function newRecord(server) {
  const user = await server.register();
  const record = "/buckets/default/collections/pix/records/milk";
  for (const path of ["/buckets/default", "/buckets/default/collections/pix"]) {
    assert.ok((await server.request(user, "PUT", path, { body: {} })).status < 300);
  }
  const send = (method, body) => fetch(`${server.remote}${record}/attachment`, { method, headers: { Authorization: user.authorization }, body });
  return {
    async attach(content) {
      const form = new FormData();
      form.append("attachment", new Blob([content], { type: "application/pdf" }), "long.pdf");
      const answer = await send("POST", form);
      return { status: answer.status, ...(await answer.json()) };
    },
    detach: async () => (await send("DELETE")).status,
  };
}

test("file_uploaded_lies_in_the_bucket_and_is_read_whole_and_in_parts", async () => {
  const milk = await newRecord(server);

  const { status, location } = await milk.attach(CONTENT);

  assert.equal(status, 201);
  const names = await objects();
  assert.deepEqual(names.map((name) => name.replace(/[0-9a-f]{48}/, "ID")), ["files/of/lockstep/ID/0", "files/of/lockstep/ID/1", "files/of/lockstep/ID/2"]);
  const whole = await fetch(location);
  assert.equal(whole.status, 200);
  assert.ok(CONTENT.equals(Buffer.from(await whole.arrayBuffer())));
  const part = await fetch(location, { headers: { Range: `bytes=${PIECE_BYTES - 3}-${PIECE_BYTES + 4}` } });
  assert.equal(part.status, 206);
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), CONTENT.subarray(PIECE_BYTES - 3, PIECE_BYTES + 5));

  assert.equal(await milk.detach(), 204);
  assert.equal((await fetch(location)).status, 404);
});

test("file_too_large_leaves_nothing_in_the_bucket", async () => {
  const milk = await newRecord(server);
  const before = await objects();

  assert.equal((await milk.attach(Buffer.concat([CONTENT, Buffer.from("!")]))).status, 413);

  assert.deepEqual(await objects(), before);
});

test("secret_is_not_in_the_log", () => assert.ok(!server.log.includes(KEY.secret)));

test("files_in_the_database_are_copied_into_the_bucket", { skip: !HAS_BOTH_ENGINES && "Copies from SQLite into PostgreSQL, whose server LOCKSTEP_TEST_POSTGRES names." }, async () => {
  const name = `lockstep_${randomUUID().replaceAll("-", "")}`;
  const { stdout } = await promisify(execFile)(POSTGRES, ["createdb", name]);
  const moved = await startServer();
  try {
    const { location } = await (await newRecord(moved)).attach(CONTENT);
    await moved.end();
    moved.configure({ "postgres:connection": stdout.trim(), ...settings("moved/") });

    await moved.command("copy");

    assert.equal((await objects()).filter((path) => path.startsWith("files/moved/")).length, 3);
    await moved.start();
    assert.ok(CONTENT.equals(Buffer.from(await (await fetch(location)).arrayBuffer())));
  } finally {
    await moved.stop();
    await promisify(execFile)(POSTGRES, ["dropdb", name]);
  }
});

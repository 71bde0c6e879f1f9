import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assertConverged, assertSynced, newDevice } from "./devices.mjs";
import { startServer } from "./server.mjs";

const run = promisify(execFile);
const POSTGRES = fileURLToPath(new URL("../postgres", import.meta.url));
const SECRET = "some-secret";
const RECORDS = "/buckets/default/collections/tasks/records";

// bcrypt's, of the password that every account of these tests has.
const HASH = "$2b$04$abcdefghijklmnopqrstuu35fBIWlNgF8BcAW/t2cO158N8svSFHy";

const skip = process.env.LOCKSTEP_TEST_POSTGRES ? false : "Kinto's tables need PostgreSQL: name a server in LOCKSTEP_TEST_POSTGRES.";

test("devices_of_a_kinto_go_on_with_the_stamps_that_they_have", { skip }, async () => {
  // A server that stands for Kinto: what devices see of it is what they saw of that one.
  const old = await startServer();
  const user = await old.register();
  const [a, b] = [device(old, user, "a"), device(old, user, "b")];
  const [milk, bread] = await a.create("milk", "bread", "eggs");
  await assertConverged([a, b]);
  await a.rename(bread, "rye bread");
  await a.delete(milk);
  assertSynced(await a.sync());
  await b.create("butter");
  const state = await old.request(user, "GET", `${RECORDS}?_since=0`);
  await old.stop();

  const kinto = await oldKinto(user, state);
  const directory = await mkdtemp(join(tmpdir(), "lockstep-import-"));
  const server = await startServer();
  try {
    await writeFile(join(directory, "secret"), SECRET);
    await server.end();
    const told = await server.command("kinto", "import", "--from", kinto.connection, "--secret-file", join(directory, "secret"));
    assert.match(told, /^Records: 2 there; 2 imported, 0 here before, 0 left out, 0 of nobody\.$/m);
    assert.match(told, /^Tombstones: 1 there; 1 imported,/m);
    await server.start();

    // The device that had seen all gets nothing and sends nothing.
    const polls = [];
    const again = device(server, user, "a", polls);
    const quiet = assertSynced(await again.sync());
    assert.deepEqual([quiet.created, quiet.updated, quiet.deleted, quiet.published].map((list) => list.length), [0, 0, 0, 0]);
    assert.deepEqual(polls, [{ since: JSON.parse(state.headers.get("ETag")), records: [] }]);

    // The other one gets what it had missed, once, and sends what it had made.
    const other = device(server, user, "b");
    const late = assertSynced(await other.sync());
    assert.deepEqual(late.updated.map((change) => change.new.title), ["rye bread"]);
    assert.deepEqual(late.deleted.map((record) => record.id), [milk.id]);
    assert.deepEqual([late.created.length, late.published.length], [0, 1]);
    assert.deepEqual(await assertConverged([again, other]), ["butter", "eggs", "rye bread"]);
  } finally {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
    await kinto.remove();
  }
});

function device(server, user, name, polls) {
  const fetch = globalThis.fetch;
  return newDevice(server, user, {
    adapterOptions: { dbName: `import-${name}` },
    fetch: polls && (async (url, options) => {
      const response = await fetch(url, options);
      const since = new URL(url).searchParams.get("_since");
      if (since !== null) {
        polls.push({ since, records: (await response.clone().json()).data });
      }

      return response;
    }),
  });
}

/** A database as Kinto makes it, with a user whose default bucket has what a list of records says. */
async function oldKinto(user, { headers, body }) {
  const name = `kinto_${randomUUID().replaceAll("-", "")}`;
  const { stdout } = await run(POSTGRES, ["createdb", name]);
  const connection = stdout.trim();
  const principal = `account:${user.name}`;
  const digest = createHmac("sha256", SECRET).update(principal).digest("hex");
  const bucket = [digest.slice(0, 8), digest.slice(8, 12), digest.slice(12, 16), digest.slice(16, 20), digest.slice(20, 32)].join("-");
  const path = `/buckets/${bucket}/collections/tasks`;
  const stamp = (milliseconds) => `timestamp 'epoch' + ${milliseconds} * interval '1 millisecond'`;
  const object = (id, parent, kind, modified, data, deleted) =>
    `INSERT INTO objects VALUES ($t$${id}$t$, $t$${parent}$t$, '${kind}', ${stamp(modified)}, $t$${JSON.stringify(data)}$t$, ${deleted});`;
  const allowed = (id) => `INSERT INTO access_control_entries VALUES ($t$${id}$t$, 'write', $t$${principal}$t$);`;
  const earlier = Number(JSON.parse(headers.get("ETag"))) - 60_000;
  await sql(connection, [
    `CREATE TABLE objects (id text COLLATE "C" NOT NULL, parent_id text COLLATE "C" NOT NULL, resource_name text COLLATE "C" NOT NULL, last_modified timestamp NOT NULL,
       data jsonb NOT NULL DEFAULT '{}', deleted boolean NOT NULL, PRIMARY KEY (id, parent_id, resource_name));`,
    `CREATE TABLE timestamps (parent_id text COLLATE "C" NOT NULL, resource_name text COLLATE "C" NOT NULL, last_modified timestamp NOT NULL, PRIMARY KEY (parent_id, resource_name));`,
    `CREATE TABLE metadata (name varchar(128) NOT NULL, value varchar(512) NOT NULL); INSERT INTO metadata VALUES ('storage_schema_version', '26');`,
    `CREATE TABLE access_control_entries (object_id text COLLATE "C", permission text, principal text, PRIMARY KEY (object_id, permission, principal));`,
    object(user.name, user.name, "account", earlier, { password: HASH }, false),
    object(bucket, "", "bucket", earlier, {}, false),
    allowed(`/buckets/${bucket}`),
    object("tasks", `/buckets/${bucket}`, "collection", earlier, {}, false),
    allowed(path),
    ...body.data.flatMap(({ id, last_modified, ...data }) => [
      object(id, path, "record", last_modified, data, data.deleted === true),
      ...(data.deleted ? [] : [allowed(`${path}/records/${id}`)]),
    ]),
  ].join("\n"));
  return { connection, remove: () => run(POSTGRES, ["dropdb", name]) };
}

/** Statements, by psql. */
async function sql(connection, statements) {
  const of = Object.fromEntries(connection.split(";").filter(Boolean).map((pair) => [pair.slice(0, pair.indexOf("=")).trim().toLowerCase(), pair.slice(pair.indexOf("=") + 1).trim()]));
  const { stdout: bin } = await run(POSTGRES, ["find"]);
  await run(join(bin.trim(), "psql"), ["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--command", statements], {
    env: { ...process.env, PGHOST: of.host, PGPORT: of.port, PGUSER: of.username, PGPASSWORD: of.password ?? "", PGDATABASE: of.database },
  });
}

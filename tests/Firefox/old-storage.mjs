import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const MARIADB = fileURLToPath(new URL("../mariadb", import.meta.url));
const CREATED = 1_700_000_000_000;
const NEVER_MS = 2_100_000_000_000;

/** The numbers that syncstorage-rs has given since its first version; others come after 100. */
const COLLECTIONS = ["clients", "crypto", "forms", "history", "keys", "meta", "bookmarks", "prefs", "tabs", "passwords", "addons", "addresses", "creditcards"];

/** Whether MariaDB is there to be started. */
export function hasMariaDb() {
  return run(MARIADB, ["find"]).then(() => true, () => false);
}

/**
 * A MariaDB with one user in the tables of syncstorage-rs and its tokenserver, in one database. It is there until `remove`.
 *
 * @param {string} node The public URL.
 * @param {{ uid: string, kid: string }} identity From `Device.identity`.
 * @param {Record<string, { modified: number, records: object[] }>} collections What the user has: stamps in seconds, records as the protocol has them.
 * @returns {Promise<{ uri: string, remove: () => Promise<void> }>}
 */
export async function startOldStorage(node, identity, collections) {
  const directory = await mkdtemp(join(tmpdir(), "lockstep-mariadb-"));
  const remove = async () => {
    await run(MARIADB, ["stop", directory]);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const socket = (await run(MARIADB, ["start", directory])).stdout.trim();
    await execute(socket, [...TABLES, ...rowsOf(node, identity, collections)].join(";\n"));
    const password = await readFile(join(directory, "password"), "utf8");
    return { uri: `mysql://sync:${password}@localhost:3306/sync?unix_socket=${socket}`, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

const TABLES = [
  "CREATE TABLE services (id int PRIMARY KEY, service varchar(30), pattern varchar(128))",
  `CREATE TABLE nodes (id bigint PRIMARY KEY, service int NOT NULL, node varchar(64) NOT NULL, available int NOT NULL, current_load int NOT NULL, capacity int NOT NULL,
     downed int NOT NULL, backoff int NOT NULL)`,
  `CREATE TABLE users (uid bigint PRIMARY KEY, service int NOT NULL, email varchar(255) NOT NULL, generation bigint NOT NULL, client_state varchar(32) NOT NULL,
     created_at bigint NOT NULL, replaced_at bigint, nodeid bigint NOT NULL, keys_changed_at bigint)`,
  "CREATE TABLE collections (id int PRIMARY KEY AUTO_INCREMENT, name varchar(32) NOT NULL UNIQUE)",
  "CREATE TABLE user_collections (userid bigint NOT NULL, collection int NOT NULL, last_modified bigint NOT NULL, total_bytes bigint, count int, PRIMARY KEY (userid, collection))",
  `CREATE TABLE bso (userid bigint NOT NULL, collection int NOT NULL, id varchar(64) NOT NULL, sortindex int, payload mediumtext NOT NULL, modified bigint NOT NULL,
     ttl bigint NOT NULL, payload_size int, PRIMARY KEY (userid, collection, id))`,
];

function* rowsOf(node, { uid, kid }, collections) {
  const user = 1;
  // "seconds-hash"; the hash may have hyphens of its own.
  const hyphen = kid.indexOf("-");
  const state = Buffer.from(kid.slice(hyphen + 1), "base64url").toString("hex");
  yield "INSERT INTO services VALUES (1, 'sync-1.5', '{node}/1.5/{uid}')";
  yield `INSERT INTO nodes VALUES (1, 1, ${text(node)}, 1, 1, 10, 0, 0)`;
  yield `INSERT INTO users VALUES (${user}, 1, ${text(`${uid}@api.accounts.example.org`)}, 0, ${text(state)}, ${CREATED}, NULL, 1, ${Number(kid.slice(0, hyphen))})`;
  let others = 100;
  for (const [name, { modified, records }] of Object.entries(collections)) {
    const number = COLLECTIONS.indexOf(name) + 1 || ++others;
    yield `INSERT INTO collections VALUES (${number}, ${text(name)})`;
    yield `INSERT INTO user_collections VALUES (${user}, ${number}, ${milliseconds(modified)}, NULL, NULL)`;
    for (const record of records) {
      yield `INSERT INTO bso VALUES (${user}, ${number}, ${text(record.id)}, ${record.sortindex ?? "NULL"}, ${text(record.payload)}, ${milliseconds(record.modified)},
        ${milliseconds(record.modified) + NEVER_MS}, ${record.payload.length})`;
    }
  }
}

/** Stamps have two decimals. */
const milliseconds = (seconds) => Math.round(seconds * 100) * 10;

const text = (value) => `'${value.replace(/[\\']/g, "\\$&")}'`;

/** Statements, by MariaDB's own client. */
function execute(socket, statements) {
  return new Promise((resolve, reject) => {
    const client = spawn("mariadb", ["--no-defaults", `--socket=${socket}`, "--user=root", "sync"], { stdio: ["pipe", "ignore", "pipe"] });
    let said = "";
    client.stderr.on("data", (data) => (said += data));
    client.once("error", reject);
    client.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`mariadb ended with ${code}: ${said}`))));
    client.stdin.end(`${statements};\n`);
  });
}

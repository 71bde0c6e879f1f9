import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startServer } from "../Clients/server.mjs";
import { startAccountServer } from "./account-server.mjs";
import { startDevice } from "./device.mjs";
import { hasMariaDb, startOldStorage } from "./old-storage.mjs";

// What two Firefoxes do when their server becomes another one: after an import, after the restore of an old backup, and with an account
// elsewhere. What they send does not depend on the engine, and only SQLite has backups of the server's own.
const engine = process.env.LOCKSTEP_TEST_ENGINE || "sqlite";
const skip = engine !== "sqlite" && "The same on every engine.";
const noMariaDb = skip || !(await hasMariaDb()) && "MariaDB is not here (Debian: mariadb-server).";

const USER = { email: "ann@example.org", password: "c0rrect horse battery" };
const SYNCED = { outcome: "sync:finish", errors: [], status: "success.status_ok,success.sync" };
const URL = "https://bookmark.example.org/operations";
const LOGIN = "https://login.example.org";
const FOLDER = 40;
const NAMES = ["kept", "renamed", "removed", "imported", "later on A", "later on B", "own"];

let accounts;
let server;
let own;
let directory;
const devices = [];

before(async () => {
  if (skip) {
    return;
  }

  directory = await mkdtemp(join(tmpdir(), "lockstep-operations-"));
  accounts = await startAccountServer();
  server = await startServer({
    "sync15:token-secrets": newSecret(),
    "sync15:issuer:name": accounts.address,
    "sync15:issuer:verify-url": accounts.verifyUrl,
    "sync15:registration": "Open",
  });
  accounts.tokenServer = server.address;
  devices.push(...(await Promise.all([startDevice(accounts), startDevice(accounts)])));
  const [a, b] = devices;
  assert.deepEqual(await a.signIn("create", USER), SYNCED);
  await a.addFolder("folder", `${URL}/folder/`, FOLDER);
  for (const name of ["kept", "renamed", "removed"]) {
    await a.addBookmark(`${URL}/${name}`, name);
  }

  await a.visit("https://history.example.org/", "visited");
  await a.addPassword(LOGIN, "ann", "s3cr3t");
  assert.deepEqual(await a.sync(), SYNCED);
  assert.deepEqual(await b.signIn("login", USER), SYNCED);
  await assertRest(a, b);
});
after(async () => {
  await Promise.all(devices.map((device) => device.end()));
  await server?.stop();
  await own?.stop();
  await accounts?.stop();
  directory && (await rm(directory, { recursive: true, force: true }));
});

function newSecret() {
  return randomBytes(32).toString("hex");
}

async function assertSyncs(...those) {
  for (const device of those) {
    assert.deepEqual(await device.sync(), SYNCED);
  }
}

/** Syncs until each has what the others have: what one gets may be something that it answers, like a client's record or a tab. */
async function assertRest(...those) {
  await assertSyncs(...those, ...those);
}

/**
 * What Firefox has read and written of the user's data since the last call. What it tells of itself, like its settings, its tabs and which
 * devices there are, is left out: that changes by itself.
 */
async function moved(device) {
  const storage = (await device.requests()).map(({ method, url }) => ({ method, name: /\/1\.5\/\d+\/storage\/(\w+)/.exec(url)?.[1] }));
  return storage.filter(({ name }) => ["bookmarks", "history", "passwords", "forms"].includes(name)).map(({ method, name }) => `${method} ${name}`);
}

/** What both have now, of all that these tests make. */
async function contents(device) {
  const bookmarks = {};
  for (const name of NAMES) {
    bookmarks[name] = await device.bookmark(`${URL}/${name}`);
  }

  return {
    folder: await device.folder("folder"),
    bookmarks,
    visited: await device.visited("https://history.example.org/"),
    passwords: await device.passwords(LOGIN),
  };
}

test("import_from_syncstorage_rs_has_firefox_download_and_upload_nothing_again", { skip: noMariaDb }, async () => {
  const [a, b] = devices;
  const collections = await a.stored();
  assert.ok(collections.bookmarks.records.length > FOLDER);
  const before = await a.identity();
  const old = await startOldStorage(server.address, before, collections);
  try {
    await server.end();
    await server.renew();
    // That of syncstorage-rs, `master_secret`, is not taken along.
    server.configure({ "sync15:token-secrets": newSecret() });
    assert.match(await server.command("syncstorage", "import", "--from", old.uri), /^Users: 1 there; 1 imported,/m);
    await server.start();
  } finally {
    await old.remove();
  }

  for (const device of devices) {
    await device.requests();
    // This one ends with the 401, and the next has a new token.
    await device.sync();
    await assertSyncs(device);
    assert.deepEqual(await moved(device), []);
  }

  assert.deepEqual(await a.identity(), before);
  await a.addBookmark(`${URL}/imported`, "imported");
  await assertSyncs(a, b);
  assert.equal(await b.bookmark(`${URL}/imported`), "imported");
});

test("old_backup_and_restored_have_both_firefoxes_start_over_and_nothing_is_lost", { skip }, async () => {
  const [a, b] = devices;
  assert.match(await server.command("backup", join(directory, "backup")), /^Done: /m);
  await a.addBookmark(`${URL}/later on A`, "later on A");
  await a.renameBookmark(`${URL}/renamed`, "another name");
  await a.removeBookmark(`${URL}/removed`);
  await a.addPassword(LOGIN, "ben", "s3cr3t");
  await assertSyncs(a, b);
  await b.addBookmark(`${URL}/later on B`, "later on B");
  await assertSyncs(b);

  await server.end();
  await server.restore(join(directory, "backup"));
  await server.command("restored");
  await server.start();
  await assertRest(a, b);

  // What was removed after the backup is back, since the backup has it.
  const both = await contents(a);
  assert.deepEqual(await contents(b), both);
  assert.equal(both.folder.length, FOLDER);
  assert.equal(both.bookmarks["later on A"], "later on A");
  assert.equal(both.bookmarks["later on B"], "later on B");
  assert.equal(both.bookmarks.renamed, "another name");
  assert.equal(both.bookmarks.removed, "removed");
  assert.deepEqual(both.passwords.map(({ username }) => username).sort(), ["ann", "ben"]);
  await b.renameBookmark(`${URL}/kept`, "after all");
  await assertSyncs(b, a);
  assert.equal(await a.bookmark(`${URL}/kept`), "after all");
});

// The steps of docs/operations/from-syncstorage-rs.md, by their numbers. Server and accounts of before stand for Mozilla's.
test("move_to_an_account_of_ones_own_in_the_order_of_the_page_brings_all_data_of_both_firefoxes_along", { skip }, async () => {
  const [a, b] = devices;
  own = await startServer({ "firefox-accounts:mode": "on", "firefox-accounts:key": newSecret() }); // 1
  await assertRest(a, b); // 2
  const before = await contents(a);
  for (const device of devices) {
    const signedOut = accounts.signedOut();
    await device.signOut(); // 4
    await signedOut;
  }

  await b.addBookmark(`${URL}/own`, "own");
  for (const device of devices) {
    await device.restart(own);
    assert.deepEqual(await device.mergeThroughPages(USER), SYNCED); // 5, and 6
    await assertSyncs(device);
  }

  await assertSyncs(a);
  const both = await contents(a);
  assert.deepEqual(await contents(b), both);
  assert.deepEqual(both, { ...before, bookmarks: { ...before.bookmarks, own: "own" } });
  const { store, ...key } = await a.identity();
  assert.ok(store.startsWith(own.address));
  assert.deepEqual(await b.identity(), { store, ...key });
});

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { exampleSettings, serveExample } from "../Clients/example.mjs";
import { startServer } from "../Clients/server.mjs";
import { startDevice } from "./device.mjs";

// What one Firefox has reaches the other, when both have signed in on the server's own pages, which nothing here helps but by typing.
const USER = { email: "ann@example.org", password: "correct horse battery" };
const SYNCED = { outcome: "sync:finish", errors: [], status: "success.status_ok,success.sync" };
const URL = "https://bookmark.example.org/pages";
const LONG = process.env.LOCKSTEP_FIREFOX_LONG === "1";

let server;
let example;
const devices = [];

before(async () => {
  example = await serveExample();
  server = await startServer({ "firefox-accounts:mode": "on", "firefox-accounts:key": newSecret(), ...exampleSettings(example.address) });
});
after(async () => {
  await Promise.all(devices.map((device) => device.end()));
  await server?.stop();
  await example?.close();
});

function newSecret() {
  return randomBytes(32).toString("hex");
}

async function assertArrives(from, to, path) {
  await from.addBookmark(`${URL}/${path}`, path);
  assert.deepEqual(await from.sync(), SYNCED);
  assert.deepEqual(await to.sync(), SYNCED);
  assert.equal(await to.bookmark(`${URL}/${path}`), path);
}

async function newDevice() {
  const device = await startDevice({ address: server.address });
  devices.push(device);
  return device;
}

test("signing in on the server's own pages gives both devices one key", async () => {
  const a = await newDevice();
  assert.deepEqual(await a.signInThroughPages(USER), SYNCED);
  await a.addBookmark(URL, "from A");
  assert.deepEqual(await a.sync(), SYNCED);

  const b = await newDevice();
  assert.deepEqual(await b.signInThroughPages(USER), SYNCED);

  assert.deepEqual(await b.identity(), await a.identity());
  assert.deepEqual(await b.sync(), SYNCED);
  assert.equal(await b.bookmark(URL), "from A");
});

test("a password that was changed on the pages keeps the key, on this device and the other", async () => {
  const [a, b] = devices;
  const { k, kid } = await a.identity();
  await a.changePasswordOnPages(server.address, USER.password, "another horse battery");
  await a.addBookmark(`${URL}/2`, "after");
  assert.deepEqual(await a.sync(), SYNCED);

  // B did nothing meanwhile. It finds out when it asks, and keeps what it has.
  assert.deepEqual([await a.hasGoodSession(), await b.hasGoodSession()], [true, false]);
  assert.equal(await b.bookmark(URL), "from A");
  assert.deepEqual(await b.signInThroughPages({ ...USER, password: "another horse battery" }), SYNCED);
  const again = await b.identity();
  assert.deepEqual({ k: again.k, kid: again.kid }, { k, kid });
  assert.deepEqual(await b.sync(), SYNCED);
  assert.equal(await b.bookmark(`${URL}/2`), "after");
});

test("a page of another origin reads a bookmark of Firefox and renames it, and Firefox gets that", async () => {
  const [a, b] = devices;
  await a.addBookmark(`${URL}/3`, "from Firefox");
  assert.deepEqual(await a.sync(), SYNCED);

  const shown = await a.openExample(example.address, server.address, { ...USER, password: "another horse battery" });
  assert.equal(shown.find(({ url }) => url === `${URL}/3`)?.title, "from Firefox");
  await a.renameInExample(`${URL}/3`, "from a page");

  for (const device of [a, b]) {
    assert.deepEqual(await device.sync(), SYNCED);
    assert.equal(await device.bookmark(`${URL}/3`), "from a page");
  }
});

if (LONG) {
  let password = "another horse battery";

  test("a server that was started again goes on, and what it takes no more in the middle is replaced by Firefox", async () => {
    const [a, b] = devices;
    await server.end();
    await server.start();
    await assertArrives(a, b, "restarted");

    server.configure({ "sync15:token-secrets": newSecret() });
    await server.end();
    await server.start();
    // These end with the 401, and the next have new tokens.
    await a.sync();
    await b.sync();
    await assertArrives(b, a, "replaced");
  });

  test("a third device that comes later gets everything", async () => {
    const c = await newDevice();
    assert.deepEqual(await c.signInThroughPages({ ...USER, password }), SYNCED);
    assert.deepEqual(await c.sync(), SYNCED);

    assert.deepEqual(await c.identity(), await devices[0].identity());
    assert.equal(await c.bookmark(URL), "from A");
    assert.equal(await c.bookmark(`${URL}/replaced`), "replaced");
  });

  test("a device that was ended on another one finds that out, and comes back by signing in", async () => {
    const [a, b, c] = devices;
    await a.endOthersOnPages(server.address);

    assert.deepEqual([await a.hasGoodSession(), await b.hasGoodSession(), await c.hasGoodSession()], [true, false, false]);
    assert.deepEqual(await b.signInThroughPages({ ...USER, password }), SYNCED);
    assert.equal(await b.hasGoodSession(), true);
    await assertArrives(a, b, "back");
  });

  test("a recovery key brings key and data back to a new device, whatever the password is", async () => {
    const [a, b] = devices;
    const { k, kid } = await a.identity();
    const key = await a.makeRecoveryKeyOnPages(server.address, password);
    password = "a battery that was recovered";
    const d = await newDevice();
    assert.deepEqual(await d.recoverThroughPages({ email: USER.email, key, password }), SYNCED);

    const found = await d.identity();
    assert.deepEqual({ k: found.k, kid: found.kid }, { k, kid });
    assert.deepEqual(await d.sync(), SYNCED);
    assert.equal(await d.bookmark(`${URL}/back`), "back");
    assert.deepEqual([await a.hasGoodSession(), await b.hasGoodSession()], [false, false]);
    assert.deepEqual(await a.signInThroughPages({ ...USER, password }), SYNCED);
    await assertArrives(d, a, "recovered");
  });

  test("a password that was reset without it has another key, and a device fills the empty store again", async () => {
    const [a, b] = devices;
    const { kid, store } = await a.identity();
    password = "a battery of a new begin";
    const link = await server.command("firefox-accounts", "reset-link", USER.email);
    assert.deepEqual(await a.resetThroughPages({ link, password }), SYNCED);
    assert.deepEqual(await a.sync(), SYNCED);

    const now = await a.identity();
    assert.notEqual(now.kid, kid);
    assert.notEqual(now.store, store);
    assert.deepEqual(await b.signInThroughPages({ ...USER, password }), SYNCED);
    assert.deepEqual(await b.sync(), SYNCED);
    assert.equal(await b.bookmark(`${URL}/recovered`), "recovered");
  });

  test("an account that is deleted is gone for all its devices", async () => {
    const [a, b] = devices;
    await a.deleteOnPages(server.address, password);

    assert.deepEqual([await a.hasGoodSession(), await b.hasGoodSession()], [false, false]);
  });
}

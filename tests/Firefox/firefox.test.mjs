import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { startServer } from "../Clients/server.mjs";
import { startAccountServer } from "./account-server.mjs";
import { startDevice } from "./device.mjs";

const LONG = process.env.LOCKSTEP_FIREFOX_LONG === "1";
const USER = { email: "ann@example.org", password: "c0rrect horse battery" };
const FIRST = "https://bookmark.example.org/first";
const BATCH = 250;
const LARGE_BATCH = 2_500;
const MAX_POST_RECORDS = 100;

let accounts;
let server;
let a;
let b;
const devices = [];

before(async () => {
  accounts = await startAccountServer();
  server = await startServer({
    "sync15:token-secrets": newSecret(),
    "sync15:issuer:name": accounts.address,
    "sync15:issuer:verify-url": accounts.verifyUrl,
    "sync15:registration": "Open",
  });
  accounts.tokenServer = server.address;
  a = await newDevice();
});
after(async () => {
  try {
    await Promise.all(devices.map((device) => device.end()));
    await server?.stop();
  } finally {
    await accounts?.stop();
  }
});

function newSecret() {
  return randomBytes(32).toString("hex");
}

async function newDevice() {
  const device = await startDevice(accounts);
  devices.push(device);
  return device;
}

async function assertSyncs(...those) {
  for (const device of those) {
    assertSynced(await device.sync());
  }
}

function assertSynced(result) {
  assert.deepEqual(result, { outcome: "sync:finish", errors: [], status: "success.status_ok,success.sync" });
}

/** Makes that many bookmarks in A; they come to B, and have gone up in one batch. */
async function assertBatchArrives(title, count) {
  await a.addFolder(title, `https://${title}.example.org/`, count);
  await a.requests();

  await assertSyncs(a, b);

  assert.deepEqual(await b.folder(title), Array.from({ length: count }, (_, i) => `${title} ${i}`));
  const posts = (await a.requests()).filter(({ method, url }) => method === "POST" && url.includes("/storage/bookmarks?"));
  const batches = new Set(posts.slice(1).map(({ url }) => new URL(url).searchParams.get("batch")));
  assert.ok(posts.length > count / MAX_POST_RECORDS, `${posts.length} requests`);
  assert.equal(batches.size, 1);
  assert.deepEqual(posts.map(({ url }) => new URL(url).searchParams.has("commit")), posts.map((_, i) => i === posts.length - 1));
  assert.deepEqual(posts.map(({ status }) => status), posts.map((_, i) => (i === posts.length - 1 ? 200 : 202)));
}

/** The requests to `server` that were answered by that status. */
async function answered(device, status) {
  return (await device.requests()).filter((request) => request.status === status && request.url.startsWith(server.address));
}

test("first_device_that_signs_in_gets_a_store_and_fills_it", async () => {
  assertSynced(await a.signIn("create", USER));

  await a.addBookmark(FIRST, "Första ☃");
  await a.visit("https://history.example.org/", "visited");
  await a.addPassword("https://login.example.org", "ann", "s3cr3t");
  await assertSyncs(a);

  const { store } = await a.identity();
  assert.match(store, new RegExp(`^${server.address}/1\\.5/\\d+/$`));
});

test("second_device_of_the_account_has_the_same_key_and_store_and_gets_what_is_there", async () => {
  b = await newDevice();
  assertSynced(await b.signIn("login", USER));
  await assertSyncs(b);

  assert.deepEqual(await b.identity(), await a.identity());
  assert.equal(await b.bookmark(FIRST), "Första ☃");
  assert.deepEqual(await b.visited("https://history.example.org/"), { title: "visited", visits: 1 });
  assert.deepEqual(await b.passwords("https://login.example.org"), [{ username: "ann", password: "s3cr3t" }]);
});

test("change_on_the_second_device_arrives_on_the_first", async () => {
  const url = "https://bookmark.example.org/changed";
  await a.addBookmark(url, "as it was");
  await assertSyncs(a, b);
  await b.renameBookmark(url, "as it is");

  await assertSyncs(b, a);

  assert.equal(await a.bookmark(url), "as it is");
});

test("deletion_on_one_device_arrives_on_the_other", async () => {
  const url = "https://bookmark.example.org/deleted";
  await b.addBookmark(url, "not for long");
  await assertSyncs(b, a);
  assert.equal(await a.bookmark(url), "not for long");
  await a.removeBookmark(url);

  await assertSyncs(a, b);

  assert.equal(await b.bookmark(url), null);
});

test("tab_that_is_open_is_seen_on_the_other_device", async () => {
  const url = `${accounts.address}/?tab`;
  await a.navigate(url);

  await assertSyncs(a, b);

  assert.ok((await b.tabsElsewhere()).includes(url));
});

test("records_of_one_batch_arrive_all_and_in_their_order", async () => {
  await assertBatchArrives("batch", BATCH);
});

test("server_that_was_started_again_goes_on_where_it_was", async () => {
  const url = "https://bookmark.example.org/restarted";
  await a.addBookmark(url, "before");
  await assertSyncs(a);
  await server.end();
  await server.start();

  await assertSyncs(b);
  assert.equal(await b.bookmark(url), "before");
  await b.renameBookmark(url, "after");
  await assertSyncs(b, a);

  assert.equal(await a.bookmark(url), "after");
});

test("token_that_is_taken_no_more_is_replaced_by_firefox_itself", async () => {
  const url = "https://bookmark.example.org/secret";
  await a.addBookmark(url, "kept");
  await a.requests();
  server.configure({ "sync15:token-secrets": newSecret() });
  await server.end();
  await server.start();

  // This one ends with the 401, and the next has a new token.
  await a.sync();
  assert.notDeepEqual(await answered(a, 401), []);
  await assertSyncs(a);
  await b.sync();
  await assertSyncs(b);

  assert.deepEqual(await answered(a, 401), []);
  assert.equal(await b.bookmark(url), "kept");
});

test("account_server_had_nothing_to_refuse", () => {
  assert.deepEqual(accounts.errors, []);
});

if (LONG) {
  test("thousands_of_records_go_in_one_batch_and_arrive", async () => {
    await assertBatchArrives("large", LARGE_BATCH);
  });

  test("third_device_that_comes_later_gets_everything", async () => {
    const c = await newDevice();
    assertSynced(await c.signIn("login", USER));
    await assertSyncs(c);

    assert.deepEqual(await c.identity(), await a.identity());
    assert.deepEqual(await c.folder("large"), await a.folder("large"));
    assert.deepEqual(await c.folder("batch"), await a.folder("batch"));
    assert.equal(await c.bookmark(FIRST), "Första ☃");
    assert.deepEqual(await c.visited("https://history.example.org/"), { title: "visited", visits: 1 });
    assert.deepEqual(await c.passwords("https://login.example.org"), [{ username: "ann", password: "s3cr3t" }]);
  });

  test("device_that_signed_out_and_in_again_gets_what_came_meanwhile", async () => {
    const url = "https://bookmark.example.org/meanwhile";
    const signedOut = accounts.signedOut();
    await b.signOut();
    await signedOut;
    assert.equal(accounts.deviceCount, 2);
    await a.addBookmark(url, "meanwhile");
    await assertSyncs(a);

    assertSynced(await b.signIn("login", USER));
    await assertSyncs(b);

    assert.equal(await b.bookmark(url), "meanwhile");
    assert.equal((await b.folder("large")).length, LARGE_BATCH);
    assert.deepEqual(await b.identity(), await a.identity());
  });
}

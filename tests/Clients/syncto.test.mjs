import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import kinto from "kinto/dist/kinto.js";
import { openFirefoxData } from "../../examples/syncto/firefox-data.mjs";
import { assertSynced, isFlushed } from "./devices.mjs";
import { startServer } from "./server.mjs";
import { startAccounts, SyncDevice } from "./sync15.mjs";

const Kinto = kinto.default;

let accounts;
let server;
before(async () => {
  accounts = await startAccounts();
  server = await startServer({ ...accounts.settings, "syncto:enabled": true, "syncto:put-enabled": "bookmarks", "syncto:delete-enabled": "bookmarks" });
});
after(async () => {
  await server?.stop();
  await accounts?.stop();
});

let pages = 0;

/** A page with kinto.js, as examples/syncto has it, and its collection. */
async function newPage(user, name = "bookmarks") {
  const data = await openFirefoxData({ server: server.address, ...user });
  const client = new Kinto({ ...data.client, adapterOptions: { dbName: `page-${++pages}` } });
  return client.collection(name, await data.collection(name));
}

const newBookmark = (title) => ({ type: "bookmark", title, bmkUri: `https://example.org/${encodeURIComponent(title)}`, parentid: "toolbar" });

const bookmark = (id, title, more = {}) => ({ id, ...newBookmark(title), ...more });

const titles = async (page) => (await page.list()).data.filter((record) => record._status !== "deleted").map((record) => record.title).sort();

test("bookmarks_of_a_device_are_read_and_decrypted_with_ids_as_they_are", async () => {
  const user = accounts.newUser();
  const device = await SyncDevice.signIn(server.address, user);
  await device.put("bookmarks", bookmark("-_abcdefghij", "Grüße 😀", { tags: ["ä"] }), { sortindex: 140 });
  await device.put("bookmarks", bookmark("bbbbbbbbbbbb", "Second"));

  const page = await newPage(user);
  const result = assertSynced(await page.sync());

  assert.equal(result.created.length, 2);
  const { _status, last_modified, ...read } = (await page.get("-_abcdefghij")).data;
  assert.equal(_status, "synced");
  assert.equal(last_modified % 10, 0);
  assert.deepEqual(read, { ...bookmark("-_abcdefghij", "Grüße 😀", { tags: ["ä"] }), sortindex: 140 });
});

test("offline_edits_reach_the_device_encrypted_and_its_edits_the_page", async () => {
  const user = accounts.newUser();
  const device = await SyncDevice.signIn(server.address, user);
  await device.put("bookmarks", bookmark("aaaaaaaaaaaa", "Old"), { sortindex: 5 });
  const page = await newPage(user);
  assertSynced(await page.sync());

  await page.update({ id: "aaaaaaaaaaaa", title: "New" }, { patch: true });
  const { data: made } = await page.create(newBookmark("Made by a page"));
  const pushed = assertSynced(await page.sync());

  assert.equal(pushed.published.length, 2);
  assert.match(made.id, /^[a-zA-Z0-9_-]{12}$/);
  const seen = await device.list("bookmarks");
  assert.deepEqual(seen.find(({ id }) => id === "aaaaaaaaaaaa"), { ...bookmark("aaaaaaaaaaaa", "Old"), title: "New", sortindex: 5, storedAs: "aaaaaaaaaaaa" });
  assert.equal(seen.find(({ id }) => id === made.id).title, "Made by a page");
  const { body } = await device.request("GET", "/storage/bookmarks/aaaaaaaaaaaa");
  assert.ok(!JSON.stringify(body).includes("New"), "the title went out in the clear");

  await device.put("bookmarks", bookmark("aaaaaaaaaaaa", "Newer"), { sortindex: 5 });
  assertSynced(await page.sync());
  assert.deepEqual(await titles(page), ["Made by a page", "Newer"]);
});

test("deletions_go_both_ways_as_records_that_say_so", async () => {
  const user = accounts.newUser();
  const device = await SyncDevice.signIn(server.address, user);
  for (const id of ["aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc"]) {
    await device.put("bookmarks", bookmark(id, id));
  }

  const [page, other] = [await newPage(user), await newPage(user)];
  assertSynced(await page.sync());
  assertSynced(await other.sync());

  await page.delete("aaaaaaaaaaaa");
  assertSynced(await page.sync());
  assert.deepEqual((await device.list("bookmarks")).find(({ id }) => id === "aaaaaaaaaaaa"), { id: "aaaaaaaaaaaa", deleted: true, storedAs: "aaaaaaaaaaaa" });

  await device.put("bookmarks", { id: "bbbbbbbbbbbb", deleted: true });
  for (const one of [page, other]) {
    assertSynced(await one.sync());
    assert.deepEqual(await titles(one), ["cccccccccccc"]);
  }

  // What never was on the server is not told of.
  const { data: brief } = await page.create(newBookmark("brief"));
  await page.delete(brief.id);
  assertSynced(await page.sync());
  assert.equal((await device.list("bookmarks")).length, 3);
});

test("conflicts_are_seen_with_what_the_server_has_and_resolved", async () => {
  const user = accounts.newUser();
  const device = await SyncDevice.signIn(server.address, user);
  await device.put("bookmarks", bookmark("aaaaaaaaaaaa", "Old"));
  const [page, other] = [await newPage(user), await newPage(user)];
  assertSynced(await page.sync());
  assertSynced(await other.sync());

  await page.update({ id: "aaaaaaaaaaaa", title: "Mine" }, { patch: true });
  await device.put("bookmarks", bookmark("aaaaaaaaaaaa", "Theirs"));
  const { ok, conflicts } = await page.sync();
  assert.equal(ok, false);
  assert.deepEqual(conflicts.map(({ local, remote }) => [local.title, remote.title]), [["Mine", "Theirs"]]);
  await page.sync({ strategy: Kinto.syncStrategy.CLIENT_WINS });
  assert.equal((await device.list("bookmarks"))[0].title, "Mine");

  // One that the server finds: the record as it is comes with the refusal.
  const data = await openFirefoxData({ server: server.address, ...user });
  const response = await fetch(`${data.client.remote}/buckets/${data.client.bucket}/collections/bookmarks/records/aaaaaaaaaaaa`, {
    method: "PUT",
    headers: { ...data.client.headers, "Content-Type": "application/json", "If-Match": '"1000"' },
    body: JSON.stringify({ data: { payload: "x" } }),
  });
  assert.equal(response.status, 412);
  assert.equal((await response.json()).details.existing.id, "aaaaaaaaaaaa");
});

test("more_records_than_a_page_or_a_batch_has_are_read_and_written", async () => {
  const user = accounts.newUser();
  const device = await SyncDevice.signIn(server.address, user);
  const page = await newPage(user);
  for (let i = 0; i < 60; i++) {
    await page.create(newBookmark(`b${i}`));
  }

  assertSynced(await page.sync());
  assert.equal((await device.list("bookmarks")).length, 60);
  const other = await newPage(user);
  assertSynced(await other.sync());
  assert.deepEqual(await titles(other), await titles(page));
});

test("collections_that_are_not_switched_on_can_be_read_and_say_so_when_written", async () => {
  const user = accounts.newUser();
  const device = await SyncDevice.signIn(server.address, user);
  await device.put("history", { id: "hhhhhhhhhhhh", histUri: "https://example.org/", title: "Visited", visits: [] });
  const page = await newPage(user, "history");
  assertSynced(await page.sync());
  assert.deepEqual(await titles(page), ["Visited"]);

  await page.update({ id: "hhhhhhhhhhhh", title: "Changed" }, { patch: true });
  const { ok, errors } = await page.sync();

  assert.equal(ok, false);
  assert.deepEqual(errors.map(({ error }) => [error.errno, error.message]), [[115, "Endpoint disabled for this collection in configuration."]]);
  assert.equal((await device.list("history"))[0].title, "Visited");
});

test("deletions_without_a_trace_work_in_kinto_js_and_others_are_told_to_start_over", async () => {
  const user = accounts.newUser();
  const device = await SyncDevice.signIn(server.address, user);
  await device.put("bookmarks", bookmark("aaaaaaaaaaaa", "a"));
  await device.put("bookmarks", bookmark("bbbbbbbbbbbb", "b"));
  const data = await openFirefoxData({ server: server.address, ...user });
  const [{ idSchema }, plain] = [await data.collection("bookmarks"), []];
  for (let i = 0; i < 2; i++) {
    plain.push(new Kinto({ ...data.client, adapterOptions: { dbName: `plain-${++pages}` } }).collection("bookmarks", { idSchema }));
    assertSynced(await plain[i].sync());
  }

  await plain[0].delete("aaaaaaaaaaaa");
  assertSynced(await plain[0].sync());

  assert.deepEqual((await device.list("bookmarks")).map(({ id }) => id), ["bbbbbbbbbbbb"]);
  await assert.rejects(plain[1].sync(), isFlushed);
});

test("a_token_that_is_none_and_a_key_of_somebody_else_open_nothing", async () => {
  const [user, other] = [accounts.newUser(), accounts.newUser()];
  await SyncDevice.signIn(server.address, user);
  await SyncDevice.signIn(server.address, other);

  await assert.rejects(openFirefoxData({ server: server.address, token: "none", key: user.key }), /401.*"errno":105/);
  await assert.rejects(openFirefoxData({ server: server.address, token: other.token, key: user.key }), /401.*"errno":105/);
  const wrong = { ...user.key, k: other.key.k };
  await assert.rejects(openFirefoxData({ server: server.address, token: user.token, key: wrong }), /encrypted with another/);
});

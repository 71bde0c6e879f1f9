import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertConverged, assertSynced, CLIENT_WINS, hasStatus, isFlushed, newDevices, readServer, SERVER_WINS } from "./devices.mjs";
import { startServer } from "./server.mjs";

const COLLECTION = "/buckets/default/collections/tasks";

let server;
before(async () => (server = await startServer({ "kinto:flush": true })));
after(() => server?.stop());

/** Two devices that have synced "milk" and "bread". */
async function synced() {
  const user = await server.register();
  const [a, b] = newDevices(server, user);
  const [milk, bread] = await a.create("milk", "bread");
  await assertConverged([a, b]);
  return { user, a, b, milk, bread };
}

async function remove(user, path) {
  const { status } = await server.request(user, "DELETE", path);
  assert.equal(status, 200);
}

/** Both devices are told, keep what they have, and bring it back. */
async function assertNoticedAndHealed([a, b], expected) {
  await assert.rejects(a.sync(), isFlushed);
  await assert.rejects(a.sync(), isFlushed, "told once only");
  assert.deepEqual(await a.titles(), ["bread", "milk"]);
  assert.ok((await a.tasks.resetSyncStatus()) >= 2);
  assertSynced(await a.sync());

  await assert.rejects(b.sync(), isFlushed, "the second device was not told after the first had healed");
  await b.tasks.resetSyncStatus();
  assertSynced(await b.sync());
  assert.deepEqual(await assertConverged([a, b]), expected);
}

test("deleted_default_bucket_is_noticed_by_both_devices_and_filled_again", async () => {
  const { user, a, b } = await synced();

  await remove(user, "/buckets/default");

  assert.deepEqual((await readServer(server, user)).records, []);
  await assertNoticedAndHealed([a, b], ["bread", "milk"]);
});

test("deleted_collection_is_noticed_by_both_devices_and_filled_again", async () => {
  const { user, a, b } = await synced();

  await remove(user, COLLECTION);

  await assertNoticedAndHealed([a, b], ["bread", "milk"]);
});

test("all_collections_deleted_at_once_are_noticed_by_both_devices", async () => {
  const { user, a, b } = await synced();

  await remove(user, "/buckets/default/collections");

  await assertNoticedAndHealed([a, b], ["bread", "milk"]);
});

test("all_buckets_deleted_at_once_are_noticed_by_both_devices", async () => {
  const { user, a, b } = await synced();

  await remove(user, "/buckets");

  await assertNoticedAndHealed([a, b], ["bread", "milk"]);
});

test("flushed_server_is_noticed_by_both_devices_and_keeps_the_accounts", async () => {
  const { user, a, b } = await synced();

  const { status } = await server.request(undefined, "POST", "/__flush__");

  assert.equal(status, 202);
  assert.deepEqual((await readServer(server, user)).records, []);
  await assertNoticedAndHealed([a, b], ["bread", "milk"]);
});

test("collection_deleted_and_filled_with_other_records_is_noticed_by_both_devices", async () => {
  const { user, a, b } = await synced();

  await remove(user, COLLECTION);
  assert.equal((await server.request(user, "POST", `${COLLECTION}/records`, { body: { data: { title: "new" } } })).status, 201);

  await assertNoticedAndHealed([a, b], ["bread", "milk", "new"]);
});

test("collection_deleted_and_made_again_without_records_is_noticed_by_both_devices", async () => {
  const { user, a, b } = await synced();

  await remove(user, COLLECTION);
  assert.equal((await server.request(user, "PUT", COLLECTION)).status, 201);

  await assertNoticedAndHealed([a, b], ["bread", "milk"]);
});

test("bucket_deleted_and_filled_with_other_records_is_noticed_by_both_devices", async () => {
  const { user, a, b } = await synced();

  await remove(user, "/buckets/default");
  assert.equal((await server.request(user, "POST", `${COLLECTION}/records`, { body: { data: { title: "new" } } })).status, 201);

  await assertNoticedAndHealed([a, b], ["bread", "milk", "new"]);
});

test("bucket_of_its_own_deleted_and_made_again_is_noticed_by_both_devices", async () => {
  const user = await server.register();
  const bucket = `/buckets/bucket-of-${user.name}`;
  const make = async () => {
    assert.equal((await server.request(user, "PUT", bucket)).status, 201);
    assert.equal((await server.request(user, "PUT", `${bucket}/collections/tasks`)).status, 201);
  };
  await make();
  const [a, b] = newDevices(server, user, { bucket: `bucket-of-${user.name}` });
  await a.create("milk", "bread");
  await assertConverged([a, b]);

  await remove(user, bucket);
  await assert.rejects(a.sync(), hasStatus(403, 121));
  await make();
  assert.equal((await server.request(user, "POST", `${bucket}/collections/tasks/records`, { body: { data: { title: "new" } } })).status, 201);

  await assertNoticedAndHealed([a, b], ["bread", "milk", "new"]);
});

test("collection_deleted_twice_is_noticed_by_a_device_that_slept_through_both", async () => {
  const { user, a, b } = await synced();
  await remove(user, COLLECTION);
  await assert.rejects(a.sync(), isFlushed);
  await a.tasks.resetSyncStatus();
  assertSynced(await a.sync());
  await remove(user, COLLECTION);

  await assertNoticedAndHealed([a, b], ["bread", "milk"]);
});

test("unsent_edits_of_a_device_survive_the_flush", async () => {
  const { user, a, b, milk } = await synced();
  await a.rename(milk, "oat milk");
  await a.create("eggs");
  await remove(user, COLLECTION);
  await assert.rejects(a.sync(), isFlushed);
  assert.deepEqual(await a.titles(), ["bread", "eggs", "oat milk"]);

  await a.tasks.resetSyncStatus();
  // What was edited before names a stamp that is gone; the client has to be told whose version counts.
  assertSynced(await a.sync({ strategy: CLIENT_WINS }));

  await assert.rejects(b.sync(), isFlushed);
  await b.tasks.resetSyncStatus();
  assertSynced(await b.sync({ strategy: SERVER_WINS }));
  assert.deepEqual(await assertConverged([a, b]), ["bread", "eggs", "oat milk"]);
});

test("first_write_into_an_empty_collection_is_no_flush_for_a_device_that_synced_it_empty", async () => {
  const [a, b] = newDevices(server, await server.register());
  assertSynced(await a.sync());
  assertSynced(await b.sync());
  assertSynced(await b.sync());

  await a.create("milk");
  assertSynced(await a.sync());

  const pulled = assertSynced(await b.sync());
  assert.deepEqual(pulled.created.map((record) => record.title), ["milk"]);
  assert.deepEqual(await assertConverged([a, b]), ["milk"]);
});

test("first_write_after_a_deletion_is_no_flush_for_a_device_that_synced_it_empty", async () => {
  const { user, a, b } = await synced();
  await remove(user, "/buckets/default");
  for (const device of [a, b]) {
    await device.tasks.clear();
    // The device's own memory of the stamp; only this forgets it.
    await device.tasks.resetSyncStatus();
    assertSynced(await device.sync());
    assertSynced(await device.sync());
    assert.ok(device.tasks.lastModified > 0);
  }

  await a.create("milk");
  assertSynced(await a.sync());

  const pulled = assertSynced(await b.sync());
  assert.deepEqual(pulled.created.map((record) => record.title), ["milk"]);
  assert.deepEqual(await assertConverged([a, b]), ["milk"]);
});

test("first_write_into_one_collection_is_no_flush_of_an_empty_one", async () => {
  const user = await server.register();
  const [a, b] = newDevices(server, user);
  const [other] = newDevices(server, user, { collection: "other" });
  assertSynced(await a.sync());
  assertSynced(await b.sync());

  await other.create("milk");
  assertSynced(await other.sync());

  assertSynced(await a.sync());
  assertSynced(await b.sync());
  assert.deepEqual(await assertConverged([a, b]), []);
});

test("metadata_written_to_an_empty_collection_is_no_flush_of_it", async () => {
  const user = await server.register();
  const [a, b] = newDevices(server, user);
  assertSynced(await a.sync());
  for (const colour of ["blue", "red"]) {
    assert.ok([200, 201].includes((await server.request(user, "PUT", COLLECTION, { body: { data: { colour } } })).status));
    assertSynced(await a.sync());
    assertSynced(await b.sync());
  }

  assert.equal((await b.tasks.metadata()).colour, "red");
  assert.deepEqual(await assertConverged([a, b]), []);
});

test("emptied_but_not_deleted_collection_is_no_flush", async () => {
  const { user, a, b } = await synced();

  await remove(user, `${COLLECTION}/records`);

  const pulled = assertSynced(await a.sync());
  assert.equal(pulled.deleted.length, 2);
  assert.deepEqual(await assertConverged([a, b]), []);
});

test("deletion_of_another_collection_is_no_flush_of_this_one", async () => {
  const { user, a, b } = await synced();
  const [other] = newDevices(server, user, { collection: "other" });
  await other.create("slip");
  assertSynced(await other.sync());

  await remove(user, "/buckets/default/collections/other");

  assertSynced(await a.sync());
  assertSynced(await b.sync());
  await assert.rejects(other.sync(), isFlushed);
  assert.deepEqual(await assertConverged([a, b]), ["bread", "milk"]);
});

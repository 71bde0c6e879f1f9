import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertConverged, assertSynced, newDevice, newDevices, PULL_ONLY, readServer } from "./devices.mjs";
import { startServer } from "./server.mjs";

let server;
before(async () => (server = await startServer()));
after(() => server?.stop());

test("created_records_after_two_syncs_are_on_the_other_device", async () => {
  const [a, b] = newDevices(server, await server.register());
  await a.create("milk", "bread");

  const pushed = assertSynced(await a.sync());
  const pulled = assertSynced(await b.sync());

  assert.equal(pushed.published.length, 2);
  assert.deepEqual(pulled.created.map((record) => record.title).sort(), ["bread", "milk"]);
  assert.deepEqual(await assertConverged([a, b]), ["bread", "milk"]);
});

test("updated_record_after_two_syncs_is_updated_on_the_other_device", async () => {
  const [a, b] = newDevices(server, await server.register());
  const [milk] = await a.create("milk", "bread");
  await assertConverged([a, b]);

  await a.rename(milk, "oat milk");
  assertSynced(await a.sync());
  const pulled = assertSynced(await b.sync());

  assert.deepEqual(pulled.updated.map((change) => change.new.title), ["oat milk"]);
  assert.equal(pulled.created.length, 0);
  assert.deepEqual(await assertConverged([a, b]), ["bread", "oat milk"]);
});

test("deleted_record_after_two_syncs_is_gone_from_the_other_device", async () => {
  const [a, b] = newDevices(server, await server.register());
  const [milk] = await a.create("milk", "bread");
  await assertConverged([a, b]);

  await a.delete(milk);
  assertSynced(await a.sync());
  const pulled = assertSynced(await b.sync());

  assert.deepEqual(pulled.deleted.map((record) => record.id), [milk.id]);
  assert.deepEqual(await assertConverged([a, b]), ["bread"]);
});

test("changes_on_each_device_in_turn_travel_in_both_directions", async () => {
  const [a, b] = newDevices(server, await server.register());
  const [milk] = await a.create("milk");
  assertSynced(await a.sync());
  assertSynced(await b.sync());
  const [bread] = await b.create("bread");
  await b.rename(milk, "oat milk");
  assertSynced(await b.sync());
  assertSynced(await a.sync());
  assert.deepEqual(await a.titles(), ["bread", "oat milk"]);

  await a.delete(bread);
  await a.create("eggs");
  assertSynced(await a.sync());
  assertSynced(await b.sync());

  assert.deepEqual(await b.titles(), ["eggs", "oat milk"]);
  assert.deepEqual(await assertConverged([a, b]), ["eggs", "oat milk"]);
});

test("offline_edits_of_different_records_on_both_devices_are_all_kept", async () => {
  const [a, b] = newDevices(server, await server.register());
  const [milk, bread, eggs, salt] = await a.create("milk", "bread", "eggs", "salt");
  await assertConverged([a, b]);

  await a.rename(milk, "oat milk");
  await a.delete(eggs);
  await a.create("from a");
  await b.rename(bread, "rye bread");
  await b.delete(salt);
  await b.create("from b");

  assert.deepEqual(await assertConverged([a, b]), ["from a", "from b", "oat milk", "rye bread"]);
});

test("several_edits_of_one_record_between_syncs_are_sent_as_one", async () => {
  const [a, b] = newDevices(server, await server.register());
  const [milk] = await a.create("milk");
  await assertConverged([a, b]);

  await a.rename(milk, "oat milk");
  await a.rename(milk, "soy milk");
  const pushed = assertSynced(await a.sync());

  assert.equal(pushed.published.length, 1);
  assert.deepEqual(await assertConverged([a, b]), ["soy milk"]);
});

test("record_created_and_deleted_between_syncs_never_reaches_the_server", async () => {
  const [a, b] = newDevices(server, await server.register());
  const [, slip] = await a.create("milk", "slip");
  await a.delete(slip);

  const pushed = assertSynced(await a.sync());

  assert.equal(pushed.published.filter((record) => record.id === slip.id).length, 0);
  assert.equal((await server.request(a.user, "GET", `/buckets/default/collections/tasks/records/${slip.id}`)).status, 404);
  // kinto.js keeps such a deletion for ever, without sending it.
  await a.tasks.delete(slip.id, { virtual: false });
  assert.deepEqual(await assertConverged([a, b]), ["milk"]);
});

test("record_deleted_on_both_devices_is_deleted_without_conflict", async () => {
  const [a, b] = newDevices(server, await server.register());
  const [milk] = await a.create("milk", "bread");
  await assertConverged([a, b]);

  await a.delete(milk);
  await b.delete(milk);

  assert.deepEqual(await assertConverged([a, b]), ["bread"]);
});

test("record_created_again_under_a_deleted_id_is_on_both_devices", async () => {
  const [a, b] = newDevices(server, await server.register());
  const [milk] = await a.create("milk");
  await assertConverged([a, b]);
  await a.delete(milk);
  assert.deepEqual(await assertConverged([a, b]), []);

  await a.createWithId(milk.id, "milk again");

  assert.deepEqual(await assertConverged([a, b]), ["milk again"]);
});

test("record_deleted_and_created_again_by_the_other_device_is_on_both", async () => {
  const [a, b] = newDevices(server, await server.register());
  const [milk] = await a.create("milk", "bread");
  await assertConverged([a, b]);
  await a.delete(milk);
  assertSynced(await a.sync());
  assertSynced(await b.sync());

  await b.createWithId(milk.id, "milk of b");

  assert.deepEqual(await assertConverged([a, b]), ["bread", "milk of b"]);
});

test("deletions_and_creation_again_while_a_device_is_away_reach_it_as_one_update", async () => {
  const [a, b] = newDevices(server, await server.register());
  const [milk] = await a.create("milk");
  await assertConverged([a, b]);
  await a.delete(milk);
  assertSynced(await a.sync());
  await a.createWithId(milk.id, "milk again");
  assertSynced(await a.sync());

  const pulled = assertSynced(await b.sync());

  assert.deepEqual(pulled.updated.map((change) => change.new.title), ["milk again"]);
  assert.deepEqual(await assertConverged([a, b]), ["milk again"]);
});

test("new_device_after_deletions_gets_only_what_is_left", async () => {
  const user = await server.register();
  const a = newDevice(server, user);
  const [milk] = await a.create("milk", "bread");
  assertSynced(await a.sync());
  await a.delete(milk);
  assertSynced(await a.sync());

  const b = newDevice(server, user);
  const pulled = assertSynced(await b.sync());

  assert.deepEqual(pulled.created.map((record) => record.title), ["bread"]);
  assert.equal(pulled.skipped.length, 0);
  assert.deepEqual(await assertConverged([a, b]), ["bread"]);
});

test("sync_without_changes_leaves_every_stamp_alone", async () => {
  const [a, b] = newDevices(server, await server.register());
  await a.create("milk");
  await assertConverged([a, b]);
  const before = await readServer(server, a.user);

  assertSynced(await a.sync());
  assertSynced(await b.sync());

  assert.deepEqual(await readServer(server, a.user), before);
});

test("two_users_with_the_same_collection_see_nothing_of_each_other", async () => {
  const a = newDevice(server, await server.register());
  const b = newDevice(server, await server.register());
  await a.create("of a");
  await b.create("of b");

  assert.deepEqual(await assertConverged([a]), ["of a"]);
  assert.deepEqual(await assertConverged([b]), ["of b"]);
});

test("two_collections_of_one_user_sync_apart", async () => {
  const user = await server.register();
  const work = newDevices(server, user, { collection: "work" });
  const home = newDevices(server, user, { collection: "home" });
  await work[0].create("report");
  await home[0].create("milk");

  assert.deepEqual(await assertConverged(work), ["report"]);
  assert.deepEqual(await assertConverged(home), ["milk"]);
});

test("bucket_of_its_own_syncs_like_the_default_one", async () => {
  const user = await server.register();
  const bucket = `bucket-of-${user.name}`;
  assert.equal((await server.request(user, "PUT", `/buckets/${bucket}`)).status, 201);
  assert.equal((await server.request(user, "PUT", `/buckets/${bucket}/collections/tasks`)).status, 201);
  const [a, b] = newDevices(server, user, { bucket });
  const [milk] = await a.create("milk", "bread");
  await assertConverged([a, b]);

  await b.delete(milk);

  assert.deepEqual(await assertConverged([a, b]), ["bread"]);
});

test("content_of_every_json_kind_arrives_unchanged", async () => {
  const [a, b] = newDevices(server, await server.register());
  const content = {
    text: "Zażółć gęślą jaźń \u{1F9C0} \u2028 \" \\ \u0000 </script>",
    empty: "",
    numbers: [0, -1, 1.5, 1e21, 1e-7, Number.MAX_SAFE_INTEGER, 0.1],
    truth: [true, false, null],
    nested: { a: { b: [{ c: [] }, {}] } },
    "key with spaces, ünicode & \"quotes\"": 1,
  };
  await a.tasks.create(content);

  await assertConverged([a, b]);

  const [{ id, last_modified, _status, ...received }] = (await b.tasks.list()).data;
  assert.deepEqual(received, content);
});

test("collection_metadata_set_on_the_server_is_pulled_without_touching_records", async () => {
  const [a, b] = newDevices(server, await server.register());
  await a.create("milk");
  await assertConverged([a, b]);
  const { status } = await server.request(a.user, "PATCH", "/buckets/default/collections/tasks", { body: { data: { colour: "blue" } } });
  assert.equal(status, 200);

  const pulled = assertSynced(await b.sync());

  assert.equal((await b.tasks.metadata()).colour, "blue");
  assert.equal(pulled.updated.length, 0);
  assert.deepEqual(await assertConverged([a, b]), ["milk"]);
});

test("pull_only_device_takes_what_the_server_has_and_sends_nothing", async () => {
  const user = await server.register();
  const [a, reader] = newDevices(server, user);
  await a.create("milk");
  assertSynced(await a.sync());
  await reader.create("draft");

  assertSynced(await reader.sync({ strategy: PULL_ONLY }));

  assert.deepEqual(await reader.titles(), ["draft", "milk"]);
  assert.deepEqual((await readServer(server, user)).records.map((record) => record.title), ["milk"]);
  assert.deepEqual(await assertConverged([a, reader]), ["draft", "milk"]);
});

test("three_devices_editing_at_the_same_time_end_up_alike", async () => {
  const user = await server.register();
  const devices = [newDevice(server, user), newDevice(server, user), newDevice(server, user)];
  await Promise.all(devices.map((device, i) => device.create(`${i}-0`, `${i}-1`, `${i}-2`)));

  const results = await Promise.all(devices.map((device) => device.sync()));

  results.forEach(assertSynced);
  assert.equal((await assertConverged(devices)).length, 9);
});

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
// The bundle that browsers load; the one for Node wants packages that Node has built in by now.
import KintoClient from "kinto-http/dist/kinto-http.min.js";
import { hasStatus } from "./devices.mjs";
import { basic, startServer } from "./server.mjs";

const VERSION = /^\d+\.\d+\.\d+/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

let server;
before(async () => (server = await startServer()));
after(() => server?.stop());

async function newClient() {
  const user = await server.register();
  return { user, client: new KintoClient(server.remote, { headers: { Authorization: user.authorization } }) };
}

/** An account's own empty collection. */
async function newCollection() {
  const { user, client } = await newClient();
  return { user, client, tasks: client.bucket("default").collection("tasks") };
}

/** Five records, in this order. */
async function filled() {
  const context = await newCollection();
  for (const [i, title] of ["milk", "bread", "eggs", "salt", "apples"].entries()) {
    await context.tasks.createRecord({ id: `r${i}`, title, size: (i * 3) % 5, shop: { name: `shop ${i % 2}` } });
  }

  return context;
}

const titles = ({ data }) => data.map((record) => record.title);

// :: Server

test("server_info_without_credentials_tells_version_settings_and_capabilities", async () => {
  const client = new KintoClient(server.remote);

  const info = await client.fetchServerInfo();

  assert.equal(info.project_name, "Lockstep");
  assert.match(info.project_version, VERSION);
  assert.equal(info.url, `${server.remote}/`);
  assert.equal(info.user, undefined);
  assert.equal(await client.fetchHTTPApiVersion(), "1.23");
  assert.deepEqual(
    (({ readonly, explicit_permissions, batch_max_requests }) => ({ readonly, explicit_permissions, batch_max_requests }))(await client.fetchServerSettings()),
    { readonly: false, explicit_permissions: true, batch_max_requests: 25 },
  );
  const capabilities = await client.fetchServerCapabilities();
  assert.deepEqual(Object.keys(capabilities).sort(), ["accounts", "attachments", "default_bucket", "live", "permissions_endpoint"]);
  assert.ok(capabilities.default_bucket.url.startsWith("https://"));
});

test("user_of_signed_in_client_is_the_account_with_its_bucket", async () => {
  const { user, client } = await newClient();

  const { id, bucket, principals } = await client.fetchUser();

  assert.equal(id, `account:${user.name}`);
  assert.deepEqual(principals.sort(), [id, "system.Authenticated", "system.Everyone"].sort());
  assert.equal((await client.bucket("default").getData()).id, bucket);
});

test("account_created_by_the_client_can_sign_in", async () => {
  const client = new KintoClient(server.remote);

  const { data } = await client.createAccount("by-the-client", "s3cr3t");

  assert.equal(data.id, "by-the-client");
  assert.equal(data.password, undefined);
  client.setHeaders({ Authorization: basic("by-the-client", "s3cr3t") });
  assert.equal((await client.fetchUser()).id, "account:by-the-client");
});

// :: Records, one by one

test("created_record_without_an_id_gets_one_and_can_be_read", async () => {
  const { tasks } = await newCollection();

  const created = await tasks.createRecord({ title: "milk" });

  assert.match(created.data.id, UUID);
  assert.ok(Number.isInteger(created.data.last_modified));
  assert.deepEqual((await tasks.getRecord(created.data.id)).data, created.data);
});

test("created_record_with_an_id_keeps_it", async () => {
  const { tasks } = await newCollection();

  const { data, permissions } = await tasks.createRecord({ id: "mine", title: "milk" });

  assert.equal(data.id, "mine");
  assert.equal(permissions.write.length, 1);
});

test("safe_creation_of_an_existing_record_is_refused_with_that_record", async () => {
  const { tasks } = await newCollection();
  const { data: existing } = await tasks.createRecord({ id: "mine", title: "milk" }, { safe: true });

  await assert.rejects(tasks.createRecord({ id: "mine", title: "bread" }, { safe: true }), (error) => {
    assert.deepEqual(error.data.details.existing, existing);
    return hasStatus(412, 114)(error);
  });

  assert.equal((await tasks.getRecord("mine")).data.title, "milk");
});

test("safe_update_with_the_current_stamp_is_taken", async () => {
  const { tasks } = await newCollection();
  const { data } = await tasks.createRecord({ id: "mine", title: "milk", size: 1 });

  const updated = await tasks.updateRecord({ ...data, title: "oat milk" }, { safe: true });

  assert.ok(updated.data.last_modified > data.last_modified);
  assert.deepEqual({ ...updated.data, last_modified: 0 }, { id: "mine", title: "oat milk", size: 1, last_modified: 0 });
});

test("safe_update_with_an_old_stamp_is_refused_with_the_current_record", async () => {
  const { tasks } = await newCollection();
  const { data: old } = await tasks.createRecord({ id: "mine", title: "milk" });
  const { data: current } = await tasks.updateRecord({ id: "mine", title: "oat milk" });

  await assert.rejects(tasks.updateRecord({ id: "mine", title: "soy milk", last_modified: old.last_modified }, { safe: true }), (error) => {
    assert.deepEqual(error.data.details.existing, current);
    return hasStatus(412, 114)(error);
  });

  assert.deepEqual((await tasks.getRecord("mine")).data, current);
});

test("update_replaces_all_fields_and_patch_only_those_given", async () => {
  const { tasks } = await newCollection();
  await tasks.createRecord({ id: "mine", title: "milk", size: 1 });

  const patched = await tasks.updateRecord({ id: "mine", size: 2 }, { patch: true });
  assert.deepEqual([patched.data.title, patched.data.size], ["milk", 2]);

  const replaced = await tasks.updateRecord({ id: "mine", colour: "white" });
  assert.deepEqual(Object.keys(replaced.data).sort(), ["colour", "id", "last_modified"]);
});

test("patch_of_a_missing_record_is_not_found", async () => {
  const { tasks } = await newCollection();

  await assert.rejects(tasks.updateRecord({ id: "nothing", size: 2 }, { patch: true }), hasStatus(404, 110));
});

test("deleted_record_is_answered_as_a_tombstone_and_is_gone", async () => {
  const { tasks } = await filled();
  const before = (await tasks.getRecord("r1")).data.last_modified;

  const { data } = await tasks.deleteRecord("r1");

  assert.deepEqual([data.id, data.deleted], ["r1", true]);
  assert.ok(data.last_modified > before);
  await assert.rejects(tasks.getRecord("r1"), hasStatus(404, 110));
  await assert.rejects(tasks.deleteRecord("r1"), hasStatus(404, 110));
});

test("safe_deletion_with_an_old_stamp_is_refused_and_with_the_current_one_taken", async () => {
  const { tasks } = await newCollection();
  const { data: old } = await tasks.createRecord({ id: "mine", title: "milk" });
  const { data: current } = await tasks.updateRecord({ id: "mine", title: "oat milk" });

  await assert.rejects(tasks.deleteRecord(old, { safe: true }), (error) => {
    assert.deepEqual(error.data.details.existing, current);
    return hasStatus(412, 114)(error);
  });

  assert.equal((await tasks.deleteRecord(current, { safe: true })).data.deleted, true);
});

// As in Kinto: what is not there is not found, whatever stamp it should have. kinto.js breaks on anything else.
test("safe_deletion_of_a_record_that_is_gone_is_not_found", async () => {
  const { tasks } = await newCollection();
  const { data } = await tasks.createRecord({ id: "mine", title: "milk" });
  await tasks.deleteRecord("mine");

  await assert.rejects(tasks.deleteRecord(data, { safe: true }), hasStatus(404, 110));
});

test("safe_patch_of_a_record_that_is_gone_is_not_found", async () => {
  const { tasks } = await newCollection();
  const { data } = await tasks.createRecord({ id: "mine", title: "milk" });
  await tasks.deleteRecord("mine");

  await assert.rejects(tasks.updateRecord({ ...data, size: 1 }, { safe: true, patch: true }), hasStatus(404, 110));
});

test("record_with_an_invalid_id_is_refused", async () => {
  const { tasks } = await newCollection();

  await assert.rejects(tasks.createRecord({ id: "-bad id", title: "milk" }), hasStatus(400, 107));
});

// :: Lists

test("list_by_default_is_newest_first_with_the_stamp_of_the_list", async () => {
  const { tasks } = await filled();

  const page = await tasks.listRecords();

  assert.deepEqual(titles(page), ["apples", "salt", "eggs", "bread", "milk"]);
  assert.equal(page.last_modified, String(page.data[0].last_modified));
  assert.equal(page.hasNextPage, false);
  await assert.rejects(page.next(), /exhausted/);
});

test("list_since_a_stamp_has_what_changed_after_it_with_tombstones", async () => {
  const { tasks } = await filled();
  const { last_modified: since } = await tasks.listRecords();
  await tasks.deleteRecord("r0");
  await tasks.updateRecord({ id: "r1", title: "rye bread" });

  const { data } = await tasks.listRecords({ since });

  assert.deepEqual(data.map(({ id, deleted }) => [id, deleted]), [["r1", undefined], ["r0", true]]);
  assert.deepEqual((await tasks.listRecords({ since: String(data[0].last_modified) })).data, []);
});

test("list_since_null_with_a_limit_of_null_is_whole", async () => {
  const { tasks } = await filled();

  const page = await tasks.listRecords({ since: null, limit: null });

  assert.deepEqual(titles(page), ["apples", "salt", "eggs", "bread", "milk"]);
});

for (const [sort, expected] of [
  ["title", ["apples", "bread", "eggs", "milk", "salt"]],
  ["-title", ["salt", "milk", "eggs", "bread", "apples"]],
  ["size", ["milk", "eggs", "apples", "bread", "salt"]],
  ["shop.name,-title", ["milk", "eggs", "apples", "salt", "bread"]],
  ["last_modified", ["milk", "bread", "eggs", "salt", "apples"]],
  ["-id", ["apples", "salt", "eggs", "bread", "milk"]],
]) {
  test(`list_sorted_by_${sort}_is_in_that_order`, async () => {
    const { tasks } = await filled();

    assert.deepEqual(titles(await tasks.listRecords({ sort })), expected);
  });
}

test("list_of_some_fields_has_those_and_id_and_stamp", async () => {
  const { tasks } = await filled();

  const { data } = await tasks.listRecords({ fields: ["title", "shop.name"] });

  for (const record of data) {
    assert.deepEqual(Object.keys(record).sort(), ["id", "last_modified", "shop", "title"]);
  }

  const { data: single } = await tasks.getRecord("r2", { fields: ["size"] });
  assert.deepEqual(Object.keys(single).sort(), ["id", "last_modified", "size"]);
});

for (const sort of ["-last_modified", "title"]) {
  test(`list_with_a_limit_sorted_by_${sort}_goes_on_with_next_until_the_end`, async () => {
    const { tasks } = await filled();
    const all = titles(await tasks.listRecords({ sort }));

    const first = await tasks.listRecords({ limit: 2, sort });
    const second = await first.next();
    const third = await second.next();

    assert.deepEqual([titles(first), titles(second), titles(third)], [all.slice(0, 2), all.slice(2, 4), all.slice(4)]);
    assert.deepEqual([first.hasNextPage, second.hasNextPage, third.hasNextPage], [true, true, false]);
    assert.equal(third.last_modified, first.last_modified);
  });
}

test("list_with_a_limit_and_all_pages_is_whole", async () => {
  const { tasks } = await filled();

  const page = await tasks.listRecords({ limit: 2, pages: Infinity });

  assert.equal(page.data.length, 5);
  assert.equal(page.hasNextPage, false);
});

test("list_filtered_by_id_and_stamp_has_only_those", async () => {
  const { tasks } = await filled();
  const { data: middle } = await tasks.getRecord("r2");

  assert.deepEqual(titles(await tasks.listRecords({ filters: { in_id: ["r0", "r3"] } })), ["salt", "milk"]);
  assert.deepEqual(titles(await tasks.listRecords({ filters: { exclude_id: ["r0", "r3"] } })), ["apples", "eggs", "bread"]);
  assert.deepEqual(titles(await tasks.listRecords({ filters: { id: "r4" } })), ["apples"]);
  assert.deepEqual(titles(await tasks.listRecords({ filters: { gt_last_modified: middle.last_modified } })), ["apples", "salt"]);
  assert.deepEqual(titles(await tasks.listRecords({ filters: { max_last_modified: middle.last_modified } })), ["eggs", "bread", "milk"]);
  assert.deepEqual(titles(await tasks.listRecords({ filters: { last_modified: middle.last_modified } })), ["eggs"]);
});

for (const [filters, expected] of [
  [{ title: "milk" }, ["milk"]],
  [{ min_size: 2 }, ["apples", "salt", "bread"]],
  [{ in_size: [0, 4] }, ["salt", "milk"]],
  [{ like_title: "mi" }, ["milk"]],
  [{ "shop.name": "shop 1" }, ["salt", "bread"]],
  [{ has_title: true }, ["apples", "salt", "eggs", "bread", "milk"]],
]) {
  test(`list_filtered_by_${Object.keys(filters)[0]}_has_only_those`, async () => {
    const { tasks } = await filled();

    assert.deepEqual(titles(await tasks.listRecords({ filters })), expected);
  });
}

test("list_filtered_by_what_cannot_be_is_refused", async () => {
  const { tasks } = await filled();

  await assert.rejects(tasks.listRecords({ filters: { has_title: "maybe" } }), (error) => {
    assert.equal(error.data.details[0].location, "querystring");
    assert.equal(error.data.details[0].name, "has_title");
    return hasStatus(400, 107)(error);
  });
});

test("count_and_stamp_of_a_list_follow_its_changes", async () => {
  const { tasks } = await newCollection();
  assert.equal(await tasks.getTotalRecords(), 0);

  const { data } = await tasks.createRecord({ id: "mine", title: "milk" });
  assert.equal(await tasks.getTotalRecords(), 1);
  assert.equal(await tasks.getRecordsTimestamp(), `"${data.last_modified}"`);

  const { data: tombstone } = await tasks.deleteRecord("mine");
  assert.equal(await tasks.getTotalRecords(), 0);
  assert.equal(await tasks.getRecordsTimestamp(), `"${tombstone.last_modified}"`);
});

test("deletion_of_all_records_answers_their_tombstones_and_keeps_the_collection", async () => {
  const { client, tasks } = await filled();

  const { data, last_modified } = await tasks.deleteRecords();

  assert.deepEqual(data.map(({ id, deleted }) => [id, deleted]).sort(), [0, 1, 2, 3, 4].map((i) => [`r${i}`, true]));
  assert.equal(last_modified, String(Math.max(...data.map((record) => record.last_modified))));
  assert.deepEqual((await tasks.listRecords()).data, []);
  assert.deepEqual((await client.bucket("default").listCollections()).data.map(({ id }) => id), ["tasks"]);
});

test("deletion_of_the_records_of_some_ids_leaves_the_others", async () => {
  const { tasks } = await filled();

  const { data } = await tasks.deleteRecords({ filters: { in_id: ["r0", "r1"] } });

  assert.equal(data.length, 2);
  assert.deepEqual(titles(await tasks.listRecords()), ["apples", "salt", "eggs"]);
});

// :: Collections and buckets

test("collection_with_metadata_is_created_changed_listed_and_deleted", async () => {
  const { client } = await newClient();
  const bucket = client.bucket("default");

  const created = await bucket.createCollection("tasks", { data: { colour: "blue" } });
  assert.deepEqual([created.data.id, created.data.colour], ["tasks", "blue"]);

  const tasks = bucket.collection("tasks");
  await tasks.setData({ size: 1 }, { patch: true });
  assert.deepEqual((({ colour, size }) => ({ colour, size }))(await tasks.getData()), { colour: "blue", size: 1 });
  await tasks.setData({ size: 2 });
  const data = await tasks.getData();
  assert.deepEqual({ ...data, last_modified: 0 }, { id: "tasks", size: 2, last_modified: 0 });

  await bucket.createCollection("notes");
  assert.deepEqual((await bucket.listCollections()).data.map(({ id }) => id), ["notes", "tasks"]);

  const { data: tombstone } = await bucket.deleteCollection("tasks");
  assert.deepEqual([tombstone.id, tombstone.deleted], ["tasks", true]);
  assert.deepEqual((await bucket.listCollections()).data.map(({ id }) => id), ["notes"]);
});

test("safe_change_of_metadata_with_an_old_stamp_is_refused", async () => {
  const { client } = await newClient();
  const bucket = client.bucket("default");
  const { data: old } = await bucket.createCollection("tasks", { data: { size: 1 } });
  const tasks = bucket.collection("tasks");
  await tasks.setData({ size: 2 });

  await assert.rejects(tasks.setData({ size: 3 }, { safe: true, last_modified: old.last_modified }), hasStatus(412, 114));

  assert.equal((await tasks.getData()).size, 2);
});

test("collection_created_twice_safely_is_refused", async () => {
  const { client } = await newClient();
  await client.bucket("default").createCollection("tasks", { safe: true });

  await assert.rejects(client.bucket("default").createCollection("tasks", { safe: true }), hasStatus(412, 114));
});

test("bucket_is_created_listed_changed_and_deleted_with_all_in_it", async () => {
  const { user, client } = await newClient();
  const id = `bucket-of-${user.name}`;

  const created = await client.createBucket(id, { data: { colour: "blue" } });
  assert.deepEqual([created.data.id, created.data.colour], [id, "blue"]);
  const bucket = client.bucket(id);
  await bucket.setData({ size: 1 }, { patch: true });
  assert.deepEqual((({ colour, size }) => ({ colour, size }))(await bucket.getData()), { colour: "blue", size: 1 });
  await bucket.createCollection("tasks");
  await bucket.collection("tasks").createRecord({ title: "milk" });
  assert.deepEqual((await client.listBuckets()).data.map((entry) => entry.id), [id]);

  const { data } = await client.deleteBucket(id);

  assert.deepEqual([data.id, data.deleted], [id, true]);
  assert.deepEqual((await client.listBuckets()).data, []);
  await assert.rejects(bucket.getData(), hasStatus(403, 121));
  await client.createBucket(id);
  assert.deepEqual((await bucket.listCollections()).data, []);
});

test("record_in_a_collection_that_is_not_there_is_refused_outside_the_default_bucket", async () => {
  const { user, client } = await newClient();
  const id = `bucket-of-${user.name}`;
  await client.createBucket(id);

  await assert.rejects(client.bucket(id).collection("nothing").createRecord({ title: "milk" }), hasStatus(404, 111));
});

test("bucket_of_another_user_is_forbidden", async () => {
  const { user, client } = await newClient();
  const id = `bucket-of-${user.name}`;
  await client.createBucket(id);
  await client.bucket(id).createCollection("tasks");
  const { client: stranger } = await newClient();

  for (const attempt of [
    () => stranger.bucket(id).getData(),
    () => stranger.bucket(id).listCollections(),
    () => stranger.bucket(id).collection("tasks").listRecords(),
    () => stranger.bucket(id).collection("tasks").createRecord({ title: "milk" }),
    () => stranger.deleteBucket(id),
  ]) {
    await assert.rejects(attempt, hasStatus(403, 121));
  }

  assert.deepEqual((await stranger.listBuckets()).data, []);
});

test("deletion_of_all_buckets_takes_only_ones_own", async () => {
  const { user, client } = await newClient();
  const { user: other, client: neighbour } = await newClient();
  await client.createBucket(`bucket-of-${user.name}`);
  await neighbour.createBucket(`bucket-of-${other.name}`);

  await client.deleteBuckets();

  assert.deepEqual((await client.listBuckets()).data, []);
  assert.deepEqual((await neighbour.listBuckets()).data.map(({ id }) => id), [`bucket-of-${other.name}`]);
});

// :: Batches

test("batch_of_different_operations_is_done_in_order", async () => {
  const { tasks } = await filled();
  const { data: old } = await tasks.getRecord("r2");

  const responses = await tasks.batch((batch) => {
    batch.createRecord({ id: "new", title: "new" });
    batch.updateRecord({ id: "r0", title: "oat milk" });
    batch.updateRecord({ id: "r1", size: 9 }, { patch: true });
    batch.deleteRecord("r2");
    batch.getRecord("new");
    batch.getRecord("r2");
    batch.updateRecord({ ...old, title: "too late" }, { safe: true });
    batch.deleteRecord("nothing");
  });

  assert.deepEqual(responses.map(({ status }) => status), [201, 200, 200, 200, 200, 404, 412, 404]);
  assert.ok(responses.every(({ path }) => path.startsWith("/v1/buckets/default/collections/tasks/records/")));
  assert.equal(responses[4].body.data.title, "new");
  assert.equal(responses[0].headers.ETag, `"${responses[0].body.data.last_modified}"`);
  assert.deepEqual(titles(await tasks.listRecords({ sort: "title" })), ["apples", "bread", "new", "oat milk", "salt"]);
});

test("aggregated_batch_is_sorted_into_published_conflicts_skipped_and_errors", async () => {
  const { tasks } = await filled();
  const { data: current } = await tasks.getRecord("r1");

  const result = await tasks.batch(
    (batch) => {
      batch.createRecord({ id: "new", title: "new" });
      batch.createRecord({ id: "r1", title: "again" }, { safe: true });
      batch.deleteRecord("nothing");
      batch.createRecord({ id: "-bad id", title: "bad" });
    },
    { aggregate: true },
  );

  assert.deepEqual(result.published.map(({ data }) => data.id), ["new"]);
  assert.deepEqual(result.conflicts.map(({ remote }) => remote), [current]);
  assert.deepEqual(result.skipped.map(({ id }) => id), ["nothing"]);
  assert.equal(result.errors.length, 1);
  assert.equal(result.errors[0].error.errno, 107);
});

test("batch_over_the_limit_is_split_and_done_whole", async () => {
  const { tasks } = await newCollection();

  const responses = await tasks.batch((batch) => {
    for (let i = 0; i < 130; i++) {
      batch.createRecord({ id: `r${i}`, title: `${i}` });
    }
  });

  assert.equal(responses.length, 130);
  assert.ok(responses.every(({ status }) => status === 201));
  assert.deepEqual(responses.map(({ body }) => body.data.id), Array.from({ length: 130 }, (_, i) => `r${i}`));
  assert.equal(await tasks.getTotalRecords(), 130);
});

test("raw_batch_of_26_requests_is_refused_and_of_25_taken", async () => {
  const { user, tasks } = await newCollection();
  const requests = (count) => ({
    defaults: { method: "PUT", body: { data: { title: "milk" } } },
    requests: Array.from({ length: count }, (_, i) => ({ path: `/buckets/default/collections/tasks/records/r${i}` })),
  });

  const refused = await server.request(user, "POST", "/batch", { body: requests(26) });

  assert.equal(refused.status, 400);
  assert.equal(refused.body.errno, 107);
  assert.equal(await tasks.getTotalRecords(), 0);
  const taken = await server.request(user, "POST", "/batch", { body: requests(25) });
  assert.equal(taken.status, 200);
  assert.ok(taken.body.responses.every(({ status }) => status === 201));
  assert.equal(await tasks.getTotalRecords(), 25);
});

test("batch_across_collections_and_buckets_is_done", async () => {
  const { user, client } = await newClient();
  const id = `bucket-of-${user.name}`;

  const responses = await client.batch((batch) => {
    batch.createBucket(id);
    batch.bucket(id).createCollection("tasks");
    batch.bucket(id).collection("tasks").createRecord({ id: "r", title: "milk" });
    batch.bucket("default").collection("notes").createRecord({ id: "n", title: "note" });
  });

  assert.deepEqual(responses.map(({ status }) => status), [201, 201, 201, 201]);
  assert.deepEqual(titles(await client.bucket(id).collection("tasks").listRecords()), ["milk"]);
  assert.deepEqual(titles(await client.bucket("default").collection("notes").listRecords()), ["note"]);
});

test("batch_without_credentials_answers_401_for_each_part", async () => {
  const client = new KintoClient(server.remote);

  const responses = await client.bucket("default").collection("tasks").batch((batch) => {
    batch.createRecord({ title: "milk" });
    batch.getRecord("r");
  });

  assert.deepEqual(responses.map(({ status, body }) => [status, body.errno]), [[401, 104], [401, 104]]);
});

// :: Files

test("attachment_added_to_a_record_is_read_at_its_location_and_removed", async () => {
  const { user, client } = await newClient();
  await client.createBucket(`files-of-${user.name}`);
  const collection = client.bucket(`files-of-${user.name}`);
  await collection.createCollection("pix");
  const pix = collection.collection("pix");

  const { data, permissions } = await pix.addAttachment("data:text/plain;name=test.txt;base64," + btoa("test"), { foo: "bar" }, { permissions: { read: ["system.Everyone"] } });

  assert.deepEqual(({ foo: data.foo, size: data.attachment.size, filename: data.attachment.filename }), { foo: "bar", size: 4, filename: "test.txt" });
  assert.deepEqual(permissions.read, ["system.Everyone"]);
  const file = await fetch(data.attachment.location);
  assert.equal(await file.text(), "test");
  assert.ok(data.attachment.location.startsWith((await client.fetchServerCapabilities()).attachments.base_url));

  const replaced = await pix.addAttachment("data:text/plain;base64," + btoa("blah!"), data, { safe: true, last_modified: data.last_modified });
  assert.deepEqual([replaced.data.foo, replaced.data.attachment.size, replaced.data.attachment.filename], ["bar", 5, "untitled"]);
  assert.equal((await fetch(data.attachment.location)).status, 404);

  await pix.removeAttachment(data.id);
  assert.equal((await pix.getRecord(data.id)).data.attachment, null);
  assert.equal((await fetch(replaced.data.attachment.location)).status, 404);
});

test("flush_endpoint_without_the_setting_is_not_there", async () => {
  const { status, body } = await server.request(undefined, "POST", "/__flush__");
  assert.equal(status, 404);
  assert.equal(body.errno, 111);
});

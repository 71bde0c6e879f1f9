import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import http from "kinto/lib/cjs/http/index.js";
import KintoClient from "kinto-http/dist/kinto-http.min.js";
import { startServer } from "./server.mjs";

let server;
let bucket;
let authorization;
let buckets = 0;

// Pages are short, so that clients that put snapshots together from the history walk through many.
before(async () => (server = await startServer({ "kinto:history:enabled": true, "kinto:max-page-records": 10 })));
after(() => server?.stop());

/** A bucket of its own with two collections and a group, made in this order. */
beforeEach(async () => {
  ({ authorization } = await server.register());
  const client = new KintoClient(server.remote, { headers: { Authorization: authorization } });
  const name = `history${buckets++}`;
  await client.createBucket(name);
  bucket = client.bucket(name);
  await bucket.batch((batch) => {
    batch.createCollection("tasks");
    batch.createCollection("notes");
    batch.createGroup("friends", ["account:somebody"]);
  });
});

const about = ({ data }) => data.map((entry) => entry.target.data.id);
const numbers = ({ data }) => data.map((record) => record.n);
const create = async (tasks, n) => (await tasks.createRecord({ n })).data;

test("history_lists_what_was_done_newest_first_and_in_other_orders", async () => {
  const name = bucket.name;
  const listed = await bucket.listHistory();

  assert.deepEqual(about(listed), ["friends", "notes", "tasks", name]);
  assert.equal(typeof listed.last_modified, "string");
  assert.deepEqual(about(await bucket.listHistory({ sort: "last_modified" })), [name, "tasks", "notes", "friends"]);
});

test("history_is_filtered_by_its_own_fields_and_by_those_of_what_it_is_about", async () => {
  assert.deepEqual(about(await bucket.listHistory({ filters: { resource_name: "bucket" } })), [bucket.name]);
  assert.deepEqual(about(await bucket.listHistory({ filters: { "target.data.id": "notes" } })), ["notes"]);
});

test("history_since_a_stamp_has_what_came_later", async () => {
  const { last_modified: since } = await bucket.listHistory();
  await bucket.createCollection("late");

  assert.deepEqual(about(await bucket.listHistory({ since })), ["late"]);
});

test("history_is_read_in_pages", async () => {
  const first = await bucket.listHistory({ limit: 2 });

  assert.deepEqual(about(first), ["friends", "notes"]);
  assert.deepEqual(about(await first.next()), ["tasks", bucket.name]);
});

test("snapshot_of_records_is_what_was_there_through_every_kind_of_change", async () => {
  const tasks = bucket.collection("tasks");
  const one = await create(tasks, 1);
  const two = await create(tasks, 2);
  const three = await create(tasks, 3);

  const whole = await tasks.listRecords({ at: three.last_modified });
  assert.deepEqual(whole.data, [three, two, one]);
  assert.equal(whole.totalRecords, 3);
  assert.deepEqual((await tasks.listRecords({ at: one.last_modified })).data, [one]);

  const { data: changed } = await tasks.updateRecord({ ...two, n: 42 });
  assert.deepEqual(numbers(await tasks.listRecords({ at: changed.last_modified })), [42, 3, 1]);

  const { data: gone } = await tasks.deleteRecord(one.id);
  assert.deepEqual(numbers(await tasks.listRecords({ at: gone.last_modified })), [42, 3]);
  await tasks.createRecord({ id: one.id, n: 1 });
  assert.deepEqual((await tasks.listRecords({ at: three.last_modified })).data, [three, two, one]);
});

test("snapshot_knows_of_records_that_were_deleted_together", async () => {
  const tasks = bucket.collection("tasks");
  await create(tasks, 1);
  const kept = await create(tasks, 3);
  await create(tasks, 4);
  await tasks.deleteRecords({ filters: { eq_n: 3 } });
  const last = await create(tasks, 5);

  assert.deepEqual(numbers(await tasks.listRecords({ at: kept.last_modified })), [3, 1]);
  assert.deepEqual(numbers(await tasks.listRecords({ at: last.last_modified })), [5, 4, 1]);
});

test("snapshot_in_the_middle_of_a_batch_is_of_what_came_before", async () => {
  const tasks = bucket.collection("tasks");
  const responses = await tasks.batch((batch) => {
    for (let n = 1; n <= 100; n++) {
      batch.createRecord({ n });
    }
  });

  const { data } = await tasks.listRecords({ at: responses[50].body.data.last_modified });

  assert.equal(data.length, 51);
});

/** kinto.js asks the server for it, once. */
test("snapshot_of_kinto_js_is_whole_where_pages_are_short", async () => {
  const responses = await bucket.collection("tasks").batch((batch) => {
    for (let n = 1; n <= 30; n++) {
      batch.createRecord({ n });
    }
  });
  const client = new http.default(server.remote, { headers: { Authorization: authorization } });

  const { data } = await client.bucket(bucket.name).collection("tasks").listRecords({ at: responses[20].body.data.last_modified });

  assert.deepEqual(data.map((record) => record.n), Array.from({ length: 21 }, (_, i) => 21 - i));
});

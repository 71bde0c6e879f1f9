import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { assertConverged, assertSynced, newDevice, newDevices, readServer } from "./devices.mjs";
import { startServer } from "./server.mjs";

const RECORDS = "/buckets/default/collections/tasks/records";

let server;
let paging;
before(async () => {
  server = await startServer();
  paging = await startServer({ "kinto:max-page-records": 100 });
});
after(async () => {
  await server?.stop();
  await paging?.stop();
});

/** Records made on the device in one transaction. */
async function createMany(device, count) {
  await device.tasks.execute((transaction) => {
    for (let i = 0; i < count; i++) {
      transaction.create({ id: randomUUID(), title: `task ${i}`, done: i % 3 === 0, notes: "x".repeat(50), _status: "created" });
    }
  });
}

/** A `fetch` that notes what is sent; `before` may interfere. */
function recorder(before = async () => {}) {
  const sent = [];
  const recording = async (url, request = {}) => {
    const entry = { method: request.method ?? "GET", url: new URL(url) };
    sent.push(entry);
    await before(entry, sent);
    return fetch(url, request);
  };
  return Object.assign(recording, {
    batches: () => sent.filter(({ method, url }) => method === "POST" && url.pathname === "/v1/batch").length,
    pages: () => sent.filter(({ method, url }) => method === "GET" && url.pathname.endsWith("/records")),
    clear: () => sent.splice(0),
  });
}

test("a_thousand_records_of_one_device_arrive_on_the_other", async () => {
  const user = await server.register();
  const sent = recorder();
  const a = newDevice(server, user, { fetch: sent });
  const b = newDevice(server, user);
  await createMany(a, 1_000);

  const pushed = assertSynced(await a.sync());
  const pulled = assertSynced(await b.sync());

  assert.equal(pushed.published.length, 1_000);
  assert.equal(sent.batches(), 40);
  assert.equal(pulled.created.length, 1_000);
  assert.equal((await assertConverged([a, b])).length, 1_000);
  const { headers } = await server.request(user, "HEAD", RECORDS);
  assert.equal(headers.get("Total-Records"), "1000");
});

test("records_beyond_a_page_are_pulled_page_by_page", async () => {
  const user = await paging.register();
  const sent = recorder();
  const a = newDevice(paging, user);
  const b = newDevice(paging, user, { fetch: sent });
  await createMany(a, 250);
  assertSynced(await a.sync());

  const pulled = assertSynced(await b.sync());

  assert.equal(pulled.created.length, 250);
  const pages = sent.pages();
  assert.equal(pages.length, 3);
  assert.deepEqual(pages.map(({ url }) => url.searchParams.has("_token")), [false, true, true]);
  assert.equal((await assertConverged([a, b])).length, 250);
});

test("changes_beyond_a_page_are_pulled_page_by_page", async () => {
  const user = await paging.register();
  const sent = recorder();
  const a = newDevice(paging, user);
  const b = newDevice(paging, user, { fetch: sent });
  await createMany(a, 250);
  await assertConverged([a, b]);
  const { data } = await a.tasks.list();
  for (const [i, record] of data.entries()) {
    await (i % 2 === 0 ? a.delete(record) : a.rename(record, `changed ${i}`));
  }

  assertSynced(await a.sync());
  sent.clear();
  const pulled = assertSynced(await b.sync());

  assert.equal(pulled.deleted.length, 125);
  assert.equal(pulled.updated.length, 125);
  assert.equal(sent.pages().length, 3);
  assert.equal((await assertConverged([a, b])).length, 125);
});

test("page_that_the_last_record_fills_has_no_next_one", async () => {
  const user = await paging.register();
  const sent = recorder();
  const a = newDevice(paging, user);
  const b = newDevice(paging, user, { fetch: sent });
  await createMany(a, 200);
  assertSynced(await a.sync());

  assertSynced(await b.sync());

  assert.equal(sent.pages().length, 2);
  assert.equal((await assertConverged([a, b])).length, 200);
});

test("changes_while_a_device_pulls_its_pages_are_pulled_by_its_next_sync", async () => {
  const user = await paging.register();
  let interfere = async () => {};
  const sent = recorder(async ({ method, url }) => {
    if (method === "GET" && url.searchParams.has("_token")) {
      const now = interfere;
      interfere = async () => {};
      await now();
    }
  });
  const a = newDevice(paging, user);
  const b = newDevice(paging, user, { fetch: sent });
  await createMany(a, 250);
  assertSynced(await a.sync());
  const { records } = await readServer(paging, user);
  // All three are on the last page, which is yet to come.
  const [updated, deleted, untouched] = records.slice(-3);
  interfere = async () => {
    const update = await paging.request(user, "PATCH", `${RECORDS}/${updated.id}`, { body: { data: { title: "changed" } } });
    const deletion = await paging.request(user, "DELETE", `${RECORDS}/${deleted.id}`);
    const creation = await paging.request(user, "POST", RECORDS, { body: { data: { title: "created" } } });
    assert.deepEqual([update.status, deletion.status, creation.status], [200, 200, 201]);
  };

  const first = assertSynced(await b.sync());

  assert.ok(first.created.some((record) => record.id === untouched.id));
  const titles = await assertConverged([b, a]);
  assert.equal(titles.length, 250);
  assert.ok(titles.includes("changed") && titles.includes("created"));
});

test("two_devices_pushing_at_the_same_time_lose_nothing", async () => {
  const [a, b] = newDevices(server, await server.register());
  await createMany(a, 300);
  await createMany(b, 300);

  const results = await Promise.all([a.sync(), b.sync()]);

  results.forEach(assertSynced);
  assert.equal((await assertConverged([a, b])).length, 600);
});

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { assertConverged, assertSynced, isFlushed, newDevices } from "./devices.mjs";
import { startServer } from "./server.mjs";

const PATIENCE_MS = 60_000;
const PAUSE_MS = 200;
const RECORDS = "/buckets/default/collections/tasks/records";

let server;
before(async () => (server = await startServer({ "buckets:tombstone-retention": "00:00:01" })));
after(() => server?.stop());

/** The server looks for old tombstones every ten seconds. */
async function purged(user, id) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const { body } = await server.request(user, "GET", `${RECORDS}?_since=0`);
    if (!body.data.some((record) => record.id === id)) {
      return;
    }

    assert.ok(Date.now() < end, `The tombstone of ${id} is still there.`);
    await pause(PAUSE_MS);
  }
}

test("device_older_than_the_purge_is_told_and_all_devices_end_alike", async () => {
  const user = await server.register();
  const [a, b] = newDevices(server, user);
  const [milk] = await a.create("milk", "bread");
  await assertConverged([a, b]);
  await b.delete(milk);
  assertSynced(await b.sync());
  // The newest row of a list is never purged.
  await b.create("eggs");
  assertSynced(await b.sync());
  await purged(user, milk.id);

  await assert.rejects(a.sync(), isFlushed);
  await a.tasks.resetSyncStatus();
  assertSynced(await a.sync());

  // kinto.js sends all that it has once it starts over: what was deleted meanwhile comes back, on every device.
  assert.deepEqual(await assertConverged([a, b]), ["bread", "eggs", "milk"]);
});

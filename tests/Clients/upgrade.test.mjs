import assert from "node:assert/strict";
import { test } from "node:test";
import { assertConverged, assertSynced, newDevice, newDevices } from "./devices.mjs";
import { FORMER, startFormer } from "./server.mjs";

const skip = FORMER ? false : "It begins with 0.1.0: build that with tests/former, and name it in LOCKSTEP_CHAOS_FORMER.";
const OLD_RECORDS = 250;
/** Of a request that is 503 while an owner moves. */
const RETRIES = 10;

test("devices_of_0.1.0_go_on_where_they_were_and_get_nothing_twice", { skip }, async () => {
  const server = await startFormer();
  try {
    const user = await server.register();
    const pulled = { a: [], b: [] };
    const [a, b] = [device(server, user, pulled.a), device(server, user, pulled.b)];
    const old = Array.from({ length: OLD_RECORDS }, (_, n) => `old ${n}`);
    const [milk, bread, eggs] = await a.create("milk", "bread", "eggs", ...old);
    await assertConverged([a, b]);
    const [writer, reader] = newDevices(server, user, { collection: "steps" });
    await writer.create("before");
    await assertConverged([writer, reader]);

    // :: When the new program comes, one deletion has not reached b, and both have changes that they have not sent.
    await a.delete(eggs);
    assertSynced(await a.sync());
    await a.rename(bread, "rye bread");
    const [madeByA] = await a.create("made by a");
    await b.rename(milk, "milk of b");
    await b.rename(bread, "bread of b");
    const [madeByB] = await b.create("made by b");
    pulled.a.length = pulled.b.length = 0;

    // Between the steps of a cluster: who polls gets what was written, and no more.
    await server.upgrade(async () => {
      const made = await writer.create("between two steps");
      assertSynced(await writer.sync({ retry: RETRIES }));
      const { created, updated, deleted } = assertSynced(await reader.sync({ retry: RETRIES }));
      assert.deepEqual([created.map(({ id }) => id), updated, deleted], [made.map(({ id }) => id), [], []]);
    });
    await assertConverged([writer, reader]);

    // :: a sends its changes and gets nothing: all that is there it has seen.
    assert.equal(assertSynced(await a.sync()).published.length, 2);
    assert.deepEqual(got(pulled.a), []);

    // :: b gets the deletion and what a has sent, of which one is a conflict.
    const { ok, conflicts } = await b.sync();
    assert.equal(ok, false);
    assert.deepEqual(conflicts.map(({ type, local, remote }) => [type, local.title, remote.title]), [["incoming", "bread of b", "rye bread"]]);
    await b.tasks.resolve(conflicts[0], conflicts[0].local);
    assert.equal(assertSynced(await b.sync()).published.length, 3);
    assert.deepEqual(got(pulled.b), ids(eggs, bread, madeByA));

    // :: The rest goes the other way; and a device that comes new gets the same as they have.
    const titles = ["bread of b", "made by a", "made by b", "milk of b", ...old].sort();
    assert.deepEqual(await assertConverged([a, b, newDevice(server, user)]), titles);
    assert.deepEqual(got(pulled.a), ids(milk, bread, madeByB));

    // :: Back to 0.1.0, and here again.
    if (server.isCluster) {
      return;
    }

    const newcomer = newDevice(server, await server.register());
    await newcomer.create("made here");
    assertSynced(await newcomer.sync());
    for (const replace of [() => server.goBack(), () => server.upgrade()]) {
      pulled.a.length = 0;
      await replace();
      const [made] = await b.create("made after it");
      titles.push("made after it");
      assert.deepEqual(await assertConverged([b, a]), titles.sort());
      assert.deepEqual(got(pulled.a), ids(made));
      assert.deepEqual(await assertConverged([newcomer]), ["made here"]);
    }
  } finally {
    await server.stop();
  }
});

/** Notes each list that it is sent: from which stamp on, and the ids. */
function device(server, user, pulled) {
  const { fetch } = globalThis;
  return newDevice(server, user, {
    fetch: async (url, options) => {
      const response = await fetch(url, options);
      const { pathname, searchParams } = new URL(url);
      if (pathname.endsWith("/records")) {
        pulled.push({ since: searchParams.get("_since"), ids: (await response.clone().json()).data.map(({ id }) => id) });
      }

      return response;
    },
  });
}

/** The ids of all lists, each of which is one of changes. */
function got(pulled) {
  assert.ok(pulled.length > 0);
  assert.ok(pulled.every(({ since }) => since !== null), "a list was read from its beginning");
  return [...new Set(pulled.flatMap((list) => list.ids))].sort();
}

function ids(...records) {
  return records.map(({ id }) => id).sort();
}

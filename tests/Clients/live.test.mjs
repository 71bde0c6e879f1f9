import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { changes, Refused } from "../../examples/live/changes.mjs";
import { assertConverged, assertSynced, newDevices } from "./devices.mjs";
import { startServer } from "./server.mjs";

let server;
before(async () => (server = await startServer({ "kinto:live:retry-time": "00:00:00.200" })));
after(() => server?.stop());

/** What is told of a user's tasks, as the example follows it. */
function follow(user) {
  const stop = new AbortController();
  const list = `${server.remote}/buckets/default/collections/tasks/records`;
  const told = changes(list, { headers: { Authorization: user.authorization }, since: "0", signal: stop.signal });
  return {
    next: async () => (await told.next()).value,
    async end() {
      stop.abort();
      await told.return();
    },
  };
}

test("what_one_device_writes_is_told_to_another_which_then_syncs_it", async () => {
  const user = await server.register();
  const [a, b] = newDevices(server, user);
  await assertConverged([a, b]);
  const following = follow(user);
  const told = following.next();

  await a.create("milk");
  assertSynced(await a.sync());
  const { event, data } = await told;
  const pulled = assertSynced(await b.sync());

  assert.deepEqual([event, data.data.title], ["change", "milk"]);
  assert.deepEqual(pulled.created.map((record) => record.title), ["milk"]);
  await following.end();
});

test("a_follower_of_a_server_that_was_killed_is_told_what_came_after_it", async () => {
  const user = await server.register();
  const [a] = newDevices(server, user);
  const following = follow(user);
  const first = following.next();
  await a.create("milk");
  assertSynced(await a.sync());
  await first;

  const second = following.next();
  await server.crash();
  await server.start(server.address);
  await a.create("bread");
  assertSynced(await a.sync());

  assert.equal((await second).data.data.title, "bread");
  await following.end();
});

test("a_follower_who_may_not_read_is_refused_and_does_not_ask_again", async () => {
  const user = await server.register();
  const told = changes(`${server.remote}/buckets/nobodys/collections/tasks/records`, { headers: { Authorization: user.authorization } });

  await assert.rejects(told.next(), Refused);
});

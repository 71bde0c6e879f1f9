import assert from "node:assert/strict";
import { after, before, mock, test } from "node:test";
import { assertConverged, assertSynced, hasStatus, newDevice, newDevices, readServer } from "./devices.mjs";
import { CUT, isBatch, isList, isMetadata, LOSE, once, REFUSE, startProxy } from "./proxy.mjs";
import { basic, startServer } from "./server.mjs";

let server;
before(async () => {
  server = await startServer();
  // kinto.js prints alerts.
  mock.method(console, "warn", () => {});
});
after(() => server?.stop());

/** With a server of its own, since the settings are the matter. */
async function withServer(settings, action) {
  const own = await startServer(settings);
  try {
    await action(own);
  } finally {
    await own.stop();
  }
}

async function withProxy(trick, action) {
  const proxy = await startProxy(server, trick);
  try {
    await action(proxy);
  } finally {
    await proxy.stop();
  }
}

// :: Sign-in

test("wrong_password_rejects_the_sync_and_loses_nothing", async () => {
  const user = await server.register();
  const a = newDevice(server, user, { headers: { Authorization: basic(user.name, "not-the-password") } });
  await a.create("milk");

  await assert.rejects(a.sync(), hasStatus(401, 104));

  assert.deepEqual(await a.titles(), ["milk"]);
  assert.equal((await a.unsynced()).length, 1);
  a.api.setHeaders({ Authorization: user.authorization });
  assertSynced(await a.sync());
  assert.deepEqual(await assertConverged([a, newDevice(server, user)]), ["milk"]);
});

test("password_changed_elsewhere_stops_the_device_until_it_knows_the_new_one", async () => {
  const user = await server.register();
  const [a, b] = newDevices(server, user);
  const [milk] = await a.create("milk", "bread");
  await assertConverged([a, b]);
  const changed = await server.request(user, "PUT", `/accounts/${user.name}`, { body: { data: { password: "an0ther" } } });
  assert.equal(changed.status, 200);
  await a.rename(milk, "oat milk");

  await assert.rejects(a.sync(), hasStatus(401, 104));

  assert.deepEqual(await a.titles(), ["bread", "oat milk"]);
  user.authorization = basic(user.name, "an0ther");
  for (const device of [a, b]) {
    device.api.setHeaders({ Authorization: user.authorization });
  }

  assert.deepEqual(await assertConverged([a, b]), ["bread", "oat milk"]);
});

test("too_many_wrong_passwords_make_the_account_wait_and_no_other", async () => {
  await withServer({ "accounts:max-failures": 3 }, async (strict) => {
    const user = await strict.register();
    const a = newDevice(strict, user, { retry: 0, headers: { Authorization: basic(user.name, "not-the-password") } });
    const waits = [];
    a.events.on("retry-after", (time) => waits.push(time));
    await a.create("milk");
    for (let i = 0; i < 3; i++) {
      await assert.rejects(a.sync({ retry: 0 }), hasStatus(401, 104));
    }

    await assert.rejects(a.sync({ retry: 0 }), hasStatus(429, 117));

    assert.equal(waits.length, 1);
    assert.ok(waits[0] > Date.now());
    assert.deepEqual((await a.unsynced()).map((record) => record.title), ["milk"]);
    assert.deepEqual(await assertConverged([newDevice(strict, await strict.register())]), []);
  });
});

test("sync_without_credentials_is_rejected", async () => {
  const a = newDevice(server, await server.register(), { headers: {} });
  await a.create("milk");

  await assert.rejects(a.sync(), hasStatus(401, 104));

  assert.equal((await a.unsynced()).length, 1);
});

test("bucket_of_another_user_rejects_the_sync_with_403", async () => {
  const owner = await server.register();
  const bucket = `private-of-${owner.name}`;
  assert.equal((await server.request(owner, "PUT", `/buckets/${bucket}`)).status, 201);
  const stranger = newDevice(server, await server.register(), { bucket });
  await stranger.create("milk");

  await assert.rejects(stranger.sync(), hasStatus(403, 121));

  assert.equal((await stranger.unsynced()).length, 1);
});

// :: Backoff

test("no_backoff_is_asked_for_by_default", async () => {
  const a = newDevice(server, await server.register());
  const releases = [];
  a.events.on("backoff", (release) => releases.push(release));
  await a.create("milk");

  assertSynced(await a.sync());

  assert.ok(releases.length > 0);
  assert.ok(releases.every((release) => release === 0));
  assert.equal(a.api.backoff, 0);
  assert.deepEqual(await assertConverged([a]), ["milk"]);
});

// :: Unavailable for a moment

for (const [name, matches] of [["metadata", isMetadata], ["list", isList], ["batch", isBatch]]) {
  test(`unavailable_server_at_the_${name}_request_is_tried_again_with_retry_1`, async () => {
    const trick = once(REFUSE, matches);
    await withProxy(trick, async ({ remote }) => {
      const a = newDevice(server, await server.register(), { remote, retry: 1 });
      const waits = [];
      a.events.on("retry-after", (time) => waits.push(time));
      await a.create("milk");

      assertSynced(await a.sync({ retry: 1 }));

      assert.equal(trick.done, true);
      assert.equal(waits.length, 1);
      assert.deepEqual(await assertConverged([a, newDevice(server, a.user)]), ["milk"]);
    });
  });

  test(`unavailable_server_at_the_${name}_request_rejects_with_retry_0_and_loses_nothing`, async () => {
    await withProxy(once(REFUSE, matches), async ({ remote }) => {
      const a = newDevice(server, await server.register(), { remote, retry: 0 });
      await a.create("milk");

      await assert.rejects(a.sync({ retry: 0 }), hasStatus(503, 201));

      assert.deepEqual((await a.unsynced()).map((record) => record.title), ["milk"]);
      assert.deepEqual(await assertConverged([a, newDevice(server, a.user)], { retry: 0 }), ["milk"]);
    });
  });
}

for (const [name, what] of [["replaced_by_a_503", LOSE], ["cut_off", CUT]]) {
  test(`push_whose_answer_is_${name}_converges_without_duplicates`, async () => {
    await withProxy(once(what, isBatch), async ({ remote }) => {
      const user = await server.register();
      const a = newDevice(server, user, { remote, retry: 0 });
      await a.create("milk", "bread");

      await assert.rejects(a.sync({ retry: 0 }));

      assert.equal((await a.unsynced()).length, 2);
      assert.equal((await readServer(server, user)).records.length, 2);
      assert.deepEqual(await assertConverged([a, newDevice(server, user)]), ["bread", "milk"]);
    });
  });
}

test("deletion_whose_answer_is_lost_converges", async () => {
  const trick = once(LOSE, isBatch);
  let armed = false;
  await withProxy((incoming) => (armed ? trick(incoming) : undefined), async ({ remote }) => {
    const user = await server.register();
    const a = newDevice(server, user, { remote, retry: 0 });
    const [milk] = await a.create("milk", "bread");
    assertSynced(await a.sync());
    await a.delete(milk);
    armed = true;

    await assert.rejects(a.sync({ retry: 0 }), hasStatus(503, 201));

    assert.equal(trick.done, true);
    assert.deepEqual(await assertConverged([a, newDevice(server, user)]), ["bread"]);
  });
});

test("server_that_is_down_rejects_the_sync_and_loses_nothing", async () => {
  let down;
  await withServer({}, async (own) => (down = { remote: own.remote, user: await own.register() }));
  const a = newDevice(server, down.user, { remote: down.remote });
  await a.create("milk");

  await assert.rejects(a.sync(), TypeError);

  assert.deepEqual((await a.unsynced()).map((record) => record.title), ["milk"]);
});

for (const [name, end] of [["restarted", (own) => own.end()], ["killed", (own) => own.crash()]]) {
  test(`${name}_server_goes_on_where_it_was_without_a_flush`, async () => {
    await withServer({}, async (own) => {
      const user = await own.register();
      const [a, b] = newDevices(own, user);
      const [milk] = await a.create("milk", "bread");
      await assertConverged([a, b]);
      const before = await readServer(own, user);
      await a.rename(milk, "oat milk");

      await end(own);
      await assert.rejects(a.sync(), TypeError);
      await own.start();

      assert.deepEqual(await readServer(own, user), before);
      assert.deepEqual(await assertConverged([a, b]), ["bread", "oat milk"]);
    });
  });
}

// :: End of service

test("no_end_of_service_fires_no_event", async () => {
  const a = newDevice(server, await server.register());
  const alerts = [];
  a.events.on("deprecated", (alert) => alerts.push(alert));

  assertSynced(await a.sync());

  assert.deepEqual(alerts, []);
});

// What a server says of itself with each answer, as its settings have it: that clients are to come less often, and that its end is near. It
// knows no engine, and each setting needs a server of its own.
import assert from "node:assert/strict";
import { before, mock, test } from "node:test";
import { assertConverged, assertSynced, hasStatus, newDevice, newDevices } from "./devices.mjs";
import { basic, startServer } from "./server.mjs";

// kinto.js prints alerts.
before(() => mock.method(console, "warn", () => {}));

async function withServer(settings, action) {
  const server = await startServer(settings);
  try {
    await action(server);
  } finally {
    await server.stop();
  }
}

test("backoff_asked_for_by_the_server_is_kept_by_the_client", async () => {
  await withServer({ "kinto:backoff": 5 }, async (slow) => {
    const a = newDevice(slow, await slow.register());
    const releases = [];
    a.events.on("backoff", (release) => releases.push(release));
    await a.create("milk");
    assert.equal(a.api.backoff, 0);

    assertSynced(await a.sync());

    assert.ok(releases.length > 0);
    assert.ok(releases.every((release) => release > Date.now()));
    assert.ok(a.api.backoff > 0 && a.api.backoff <= 5_000);
    await a.create("bread");
    await assert.rejects(a.sync(), /back off/);
    assert.deepEqual((await a.unsynced()).map((record) => record.title), ["bread"]);

    assertSynced(await a.sync({ ignoreBackoff: true }));
    const b = newDevice(slow, a.user);
    assert.deepEqual(await assertConverged([a, b], { ignoreBackoff: true }), ["bread", "milk"]);
  });
});

test("announced_end_of_service_fires_the_deprecated_event_and_serves_on", async () => {
  await withServer({ "kinto:eos": "2999-01-01", "kinto:eos-message": "Moving out.", "kinto:eos-url": "https://example.org/bye" }, async (ending) => {
    const [a, b] = newDevices(ending, await ending.register());
    const alerts = [];
    a.events.on("deprecated", (alert) => alerts.push(alert));
    await a.create("milk");

    assertSynced(await a.sync());

    assert.ok(alerts.length > 0);
    for (const alert of alerts) {
      assert.deepEqual(alert, { code: "soft-eol", message: "Moving out.", url: "https://example.org/bye" });
    }

    assert.deepEqual(await assertConverged([a, b]), ["milk"]);
  });
});

test("ended_service_answers_410_and_loses_nothing_on_the_device", async () => {
  await withServer({ "kinto:eos": "2020-01-01" }, async (ended) => {
    const a = newDevice(ended, { authorization: basic("somebody", "s3cr3t") });
    const alerts = [];
    a.events.on("deprecated", (alert) => alerts.push(alert));
    await a.create("milk");

    await assert.rejects(a.sync(), hasStatus(410, 202));

    assert.equal(alerts.at(-1).code, "hard-eol");
    assert.deepEqual((await a.unsynced()).map((record) => record.title), ["milk"]);
  });
});

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertConverged, assertSynced, CLIENT_WINS, MANUAL, newDevices, SERVER_WINS } from "./devices.mjs";
import { startServer } from "./server.mjs";

let server;
before(async () => (server = await startServer()));
after(() => server?.stop());

/** Both devices hold "milk" and "bread"; then the first changes milk and syncs, and the second changes it without. */
async function conflict({ first, second }) {
  const [a, b] = newDevices(server, await server.register());
  const [milk] = await a.create("milk", "bread");
  await assertConverged([a, b]);
  await change(a, milk, first);
  assertSynced(await a.sync());
  await change(b, milk, second);
  return { a, b, id: milk.id };
}

async function change(device, record, title) {
  if (title === null) {
    await device.delete(record);
  } else {
    await device.rename(record, title);
  }
}

describe("update_against_update", () => {
  const edits = { first: "milk of a", second: "milk of b" };

  test("manual_strategy_reports_both_versions_and_keeps_the_local_one", async () => {
    const { a, b, id } = await conflict(edits);

    const result = await b.sync({ strategy: MANUAL });

    assert.equal(result.ok, false);
    assert.equal(result.conflicts.length, 1);
    const [{ type, local, remote }] = result.conflicts;
    assert.deepEqual([type, local.id, local.title, remote.title], ["incoming", id, "milk of b", "milk of a"]);
    assert.deepEqual(await b.titles(), ["bread", "milk of b"]);

    await b.tasks.resolve(result.conflicts[0], remote);
    assert.deepEqual(await assertConverged([b, a]), ["bread", "milk of a"]);
  });

  test("manual_resolution_for_the_local_version_reaches_the_other_device", async () => {
    const { a, b } = await conflict(edits);
    const { conflicts } = await b.sync({ strategy: MANUAL });

    await b.tasks.resolve(conflicts[0], conflicts[0].local);
    const pushed = assertSynced(await b.sync({ strategy: MANUAL }));

    assert.equal(pushed.published.length, 1);
    assert.deepEqual(await assertConverged([b, a]), ["bread", "milk of b"]);
  });

  test("manual_resolution_by_merging_reaches_the_other_device", async () => {
    const { a, b } = await conflict(edits);
    const { conflicts } = await b.sync({ strategy: MANUAL });
    const [{ local, remote }] = conflicts;

    await b.tasks.resolve(conflicts[0], { ...local, title: `${remote.title} and ${local.title}` });

    assert.deepEqual(await assertConverged([b, a]), ["bread", "milk of a and milk of b"]);
  });

  test("manual_conflict_left_open_is_reported_again_and_changes_nothing_on_the_server", async () => {
    const { a, b } = await conflict(edits);
    await b.sync({ strategy: MANUAL });

    const again = await b.sync({ strategy: MANUAL });

    assert.equal(again.conflicts.length, 1);
    assert.equal(again.published.length, 0);
    assert.deepEqual(await assertConverged([a]), ["bread", "milk of a"]);
    await b.tasks.resolve(again.conflicts[0], again.conflicts[0].remote);
    assert.deepEqual(await assertConverged([b, a]), ["bread", "milk of a"]);
  });

  test("manual_resolution_overtaken_by_a_third_change_conflicts_again", async () => {
    const { a, b, id } = await conflict(edits);
    const { conflicts } = await b.sync({ strategy: MANUAL });
    await b.tasks.resolve(conflicts[0], conflicts[0].local);
    await a.rename({ id }, "milk of a, later");
    assertSynced(await a.sync());

    const result = await b.sync({ strategy: MANUAL });

    assert.equal(result.conflicts.length, 1);
    assert.equal(result.conflicts[0].remote.title, "milk of a, later");
    await b.tasks.resolve(result.conflicts[0], result.conflicts[0].local);
    assert.deepEqual(await assertConverged([b, a]), ["bread", "milk of b"]);
  });

  test("server_wins_strategy_takes_the_server_version", async () => {
    const { a, b } = await conflict(edits);

    const result = assertSynced(await b.sync({ strategy: SERVER_WINS }));

    assert.equal(result.resolved.length, 1);
    assert.equal(result.published.length, 0);
    assert.deepEqual(await assertConverged([b, a]), ["bread", "milk of a"]);
  });

  test("client_wins_strategy_publishes_the_local_version", async () => {
    const { a, b } = await conflict(edits);

    const result = assertSynced(await b.sync({ strategy: CLIENT_WINS }));

    assert.equal(result.resolved.length, 1);
    assert.deepEqual(result.published.map((record) => record.title), ["milk of b"]);
    assert.deepEqual(await assertConverged([b, a]), ["bread", "milk of b"]);
  });

  test("equal_updates_on_both_devices_are_no_conflict", async () => {
    const { a, b } = await conflict({ first: "oat milk", second: "oat milk" });

    assertSynced(await b.sync({ strategy: MANUAL }));

    assert.deepEqual(await assertConverged([b, a]), ["bread", "oat milk"]);
  });
});

describe("update_against_deletion", () => {
  const edits = { first: null, second: "milk of b" };

  test("manual_strategy_reports_the_tombstone_and_can_accept_it", async () => {
    const { a, b, id } = await conflict(edits);

    const result = await b.sync({ strategy: MANUAL });

    assert.equal(result.conflicts.length, 1);
    const [{ local, remote }] = result.conflicts;
    assert.equal(local.title, "milk of b");
    assert.equal(remote.deleted, true);
    assert.equal(remote.id, id);
    assert.deepEqual(await b.titles(), ["bread", "milk of b"]);

    await b.tasks.resolve(result.conflicts[0], remote);
    assert.deepEqual(await assertConverged([b, a]), ["bread"]);
  });

  test("manual_resolution_for_the_update_is_refused_until_the_client_is_told_to_win", async () => {
    const { a, b } = await conflict(edits);
    const { conflicts } = await b.sync({ strategy: MANUAL });
    await b.tasks.resolve(conflicts[0], conflicts[0].local);

    // The update now names the tombstone's stamp, and a precondition on a record that is not there never holds.
    const second = await b.sync({ strategy: MANUAL });

    assert.deepEqual(second.conflicts.map(({ type, local, remote }) => [type, local.title, remote]), [["outgoing", "milk of b", null]]);
    assertSynced(await b.sync({ strategy: CLIENT_WINS }));
    assert.deepEqual(await assertConverged([b, a]), ["bread", "milk of b"]);
  });

  test("server_wins_strategy_deletes_the_record", async () => {
    const { a, b } = await conflict(edits);

    assertSynced(await b.sync({ strategy: SERVER_WINS }));

    assert.deepEqual(await b.titles(), ["bread"]);
    assert.deepEqual(await assertConverged([b, a]), ["bread"]);
  });

  test("client_wins_strategy_brings_the_record_back", async () => {
    const { a, b } = await conflict(edits);

    const result = assertSynced(await b.sync({ strategy: CLIENT_WINS }));

    assert.deepEqual(result.published.map((record) => record.title), ["milk of b"]);
    assert.deepEqual(await assertConverged([b, a]), ["bread", "milk of b"]);
  });
});

describe("deletion_against_update", () => {
  const edits = { first: "milk of a", second: null };

  test("manual_strategy_reports_the_update_and_can_accept_it", async () => {
    const { a, b, id } = await conflict(edits);

    const result = await b.sync({ strategy: MANUAL });

    assert.equal(result.conflicts.length, 1);
    const [{ type, local, remote }] = result.conflicts;
    assert.deepEqual([type, local.id, remote.title], ["outgoing", id, "milk of a"]);

    await b.tasks.resolve(result.conflicts[0], remote);
    assert.deepEqual(await assertConverged([b, a]), ["bread", "milk of a"]);
  });

  test("manual_resolution_for_the_deletion_deletes_the_record", async () => {
    const { a, b, id } = await conflict(edits);
    const { conflicts } = await b.sync({ strategy: MANUAL });

    await b.tasks.resolve(conflicts[0], conflicts[0].remote);
    await b.delete({ id });

    assert.deepEqual(await assertConverged([b, a]), ["bread"]);
  });

  test("server_wins_strategy_restores_the_record", async () => {
    const { a, b } = await conflict(edits);

    const result = assertSynced(await b.sync({ strategy: SERVER_WINS }));

    assert.equal(result.resolved.length, 1);
    assert.deepEqual(await assertConverged([b, a]), ["bread", "milk of a"]);
  });

  // kinto.js resolves its own deletion to an update without data, which keeps what the server has.
  test("client_wins_strategy_touches_the_record_and_keeps_its_content", async () => {
    const { a, b, id } = await conflict(edits);
    const before = await server.request(a.user, "GET", `/buckets/default/collections/tasks/records/${id}`);

    assertSynced(await b.sync({ strategy: CLIENT_WINS }));

    const { body } = await server.request(a.user, "GET", `/buckets/default/collections/tasks/records/${id}`);
    assert.ok(body.data.last_modified > before.body.data.last_modified);
    assert.deepEqual(await assertConverged([b, a]), ["bread", "milk of a"]);
  });
});

describe("creation_against_creation_under_one_id", () => {
  const id = "3f1b6bd4-3d29-4d9f-9a63-2a5a6d1b7c10";

  async function twins() {
    const [a, b] = newDevices(server, await server.register());
    await assertConverged([a, b]);
    await a.createWithId(id, "milk of a");
    assertSynced(await a.sync());
    await b.createWithId(id, "milk of b");
    return [a, b];
  }

  test("manual_strategy_reports_both_versions", async () => {
    const [a, b] = await twins();

    const { conflicts } = await b.sync({ strategy: MANUAL });

    assert.deepEqual(conflicts.map(({ local, remote }) => [local.title, remote.title]), [["milk of b", "milk of a"]]);
    await b.tasks.resolve(conflicts[0], conflicts[0].local);
    assert.deepEqual(await assertConverged([b, a]), ["milk of b"]);
  });

  test("server_wins_strategy_takes_the_server_version", async () => {
    const [a, b] = await twins();

    assertSynced(await b.sync({ strategy: SERVER_WINS }));

    assert.deepEqual(await assertConverged([b, a]), ["milk of a"]);
  });

  test("client_wins_strategy_publishes_the_local_version", async () => {
    const [a, b] = await twins();

    assertSynced(await b.sync({ strategy: CLIENT_WINS }));

    assert.deepEqual(await assertConverged([b, a]), ["milk of b"]);
  });
});

describe("change_by_another_device_between_pull_and_push", () => {
  /** B pulls, then A's change comes in, then B pushes: only the preconditions of the batch can tell. */
  async function overtaken({ title, strategy }) {
    const user = await server.register();
    let interfere;
    const [a] = newDevices(server, user);
    const [, b] = newDevices(server, user, {
      fetch: async (url, request) => {
        if (request?.method === "POST" && interfere) {
          const once = interfere;
          interfere = undefined;
          await once();
        }

        return fetch(url, request);
      },
    });
    const [milk] = await a.create("milk", "bread");
    await assertConverged([a, b]);
    await b.rename(milk, "milk of b");
    interfere = async () => {
      await change(a, milk, title);
      assertSynced(await a.sync());
    };
    return { a, b, result: await b.sync({ strategy }) };
  }

  test("manual_strategy_reports_the_update_that_came_first", async () => {
    const { a, b, result } = await overtaken({ title: "milk of a", strategy: MANUAL });

    assert.deepEqual(result.conflicts.map(({ type, remote }) => [type, remote.title]), [["outgoing", "milk of a"]]);
    await b.tasks.resolve(result.conflicts[0], { ...result.conflicts[0].local, title: "both" });
    assert.deepEqual(await assertConverged([b, a]), ["both", "bread"]);
  });

  test("server_wins_strategy_takes_the_update_that_came_first", async () => {
    const { a, b, result } = await overtaken({ title: "milk of a", strategy: SERVER_WINS });

    assertSynced(result);
    assert.deepEqual(await assertConverged([b, a]), ["bread", "milk of a"]);
  });

  test("client_wins_strategy_overwrites_the_update_that_came_first", async () => {
    const { a, b, result } = await overtaken({ title: "milk of a", strategy: CLIENT_WINS });

    assertSynced(result);
    assert.deepEqual(await assertConverged([b, a]), ["bread", "milk of b"]);
  });

  test("server_wins_strategy_takes_the_deletion_that_came_first", async () => {
    const { a, b, result } = await overtaken({ title: null, strategy: SERVER_WINS });

    assertSynced(result);
    assert.deepEqual(await assertConverged([b, a]), ["bread"]);
  });

  test("client_wins_strategy_brings_back_what_was_deleted_first", async () => {
    const { a, b, result } = await overtaken({ title: null, strategy: CLIENT_WINS });

    assertSynced(result);
    assert.deepEqual(await assertConverged([b, a]), ["bread", "milk of b"]);
  });
});

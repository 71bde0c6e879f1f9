import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assertConverged, assertSynced, CLIENT_WINS, isFlushed, newDevice, newDevices, readServer, SERVER_WINS } from "./devices.mjs";
import { startServer } from "./server.mjs";

const engine = process.env.LOCKSTEP_TEST_ENGINE || "sqlite";

/** What docs/operations/backup.md says that devices do. */
test("devices_that_have_seen_more_than_the_backup_start_over_and_nothing_differs_silently", { skip: engine !== "sqlite" && "PostgreSQL has tools of its own for backups." }, async () => {
  const server = await startServer();
  const backup = await mkdtemp(join(tmpdir(), "lockstep-backup-"));
  try {
    const user = await server.register();
    const [a, b] = newDevices(server, user);
    const [milk, bread] = await a.create("milk", "bread", "salt");
    await assertConverged([a, b]);
    // Nothing changes in this one after the backup.
    const [idle] = newDevices(server, await server.register());
    await idle.create("same");
    await assertConverged([idle]);

    assert.match(await server.command("backup", join(backup, "one")), /^Done: /m);

    // :: After the backup, in a list that is in it, in one that is not, and by somebody who is not.
    await a.create("eggs");
    await a.rename(milk, "oat milk");
    await a.delete(bread);
    await assertConverged([a, b]);
    const later = newDevice(server, user, { collection: "later" });
    await later.create("tea");
    await assertConverged([later]);
    const newcomer = await server.register();
    const [theirs] = newDevices(server, newcomer);
    await theirs.create("rice");
    await assertConverged([theirs]);
    // Not sent yet.
    await b.create("jam");

    await server.end();
    await server.restore(join(backup, "one"));
    assert.match(await server.command("restored"), /readers of 2 buckets of Kinto start over/);
    await server.start();
    assert.deepEqual((await readServer(server, user)).records.map((record) => record.title).sort(), ["bread", "milk", "salt"]);

    // :: Whoever has synced before is told, also of what the backup has not. Each device sends what it has.
    for (const device of [a, b, later, idle]) {
      await assert.rejects(device.sync(), isFlushed);
      await device.tasks.resetSyncStatus();
    }

    await a.sync({ strategy: CLIENT_WINS });
    assertSynced(await a.sync({ strategy: CLIENT_WINS }));
    assertSynced(await b.sync({ strategy: SERVER_WINS }));
    assert.deepEqual(await assertConverged([a, b]), ["bread", "eggs", "jam", "oat milk", "salt"]);
    assertSynced(await later.sync());
    assert.deepEqual(await assertConverged([later]), ["tea"]);
    assert.deepEqual(await assertConverged([idle]), ["same"]);

    // :: An account that is not in the backup is made anew; its devices are told as well.
    const { status } = await server.request(undefined, "PUT", `/accounts/${newcomer.name}`, { body: { data: { password: newcomer.password } } });
    assert.equal(status, 201);
    await assert.rejects(theirs.sync(), isFlushed);
    await theirs.tasks.resetSyncStatus();
    assertSynced(await theirs.sync());
    assert.deepEqual(await assertConverged([theirs]), ["rice"]);

    await server.end();
    assert.match(await server.command("check"), /^Done: nothing is wrong\./m);
    await server.start();
  } finally {
    await server.stop();
    await rm(backup, { recursive: true, force: true });
  }
});

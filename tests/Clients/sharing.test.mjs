import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { isFlushed, newDevice } from "./devices.mjs";
import { startServer } from "./server.mjs";

let server;
before(async () => (server = await startServer()));
after(() => server?.stop());

let buckets = 0;

/** A bucket of alice's, of whose collection bob's device syncs what he may see. */
async function shared() {
  const [alice, bob] = [await server.register(), await server.register()];
  const bucket = `shared${++buckets}`;
  const path = `/buckets/${bucket}/collections/tasks`;
  const put = async (user, at, body) => {
    const answer = await server.request(user, "PUT", at, { body });
    assert.ok(answer.status === 200 || answer.status === 201, `${at}: ${answer.status}`);
    return answer;
  };
  await put(alice, `/buckets/${bucket}`, {});
  const share = (permissions) => put(alice, path, { permissions: { "record:create": [`account:${bob.name}`], ...permissions } });

  // The library reads the collection's own data too, which whoever may make records may see.
  await share({});
  return { alice, bob, bobId: `account:${bob.name}`, bucket, path, put, share };
}

/** Syncs. A device that is told that the server was flushed begins anew: clear() alone leaves the library at the old ETag. */
async function sync(device, anew) {
  try {
    await device.sync();
    return device;
  } catch (error) {
    assert.ok(isFlushed(error), error);
    const next = anew();
    await next.sync();
    return next;
  }
}

test("a_right_given_and_taken_while_a_device_syncs_ends_with_what_it_may_see", async () => {
  const { alice, bob, bobId, bucket, path, put, share } = await shared();
  const anew = () => newDevice(server, bob, { bucket });
  let device = anew();
  await put(alice, `${path}/records/5a8f7d5e-6f0c-4d4a-9d3e-000000000001`, { data: { title: "his" }, permissions: { read: [bobId] } });
  await put(alice, `${path}/records/5a8f7d5e-6f0c-4d4a-9d3e-000000000002`, { data: { title: "old" } });
  device = await sync(device, anew);
  assert.deepEqual(await device.titles(), ["his"]);

  await share({ read: [bobId] });
  device = await sync(device, anew);
  assert.deepEqual(await device.titles(), ["his", "old"]);

  await put(alice, `${path}/records/5a8f7d5e-6f0c-4d4a-9d3e-000000000003`, { data: { title: "new" } });
  device = await sync(device, anew);
  assert.deepEqual(await device.titles(), ["his", "new", "old"]);

  await share({});
  device = await sync(device, anew);
  assert.deepEqual(await device.titles(), ["his"]);

  // What goes on beside it is not seen, and not taken for a flush.
  await put(alice, `${path}/records/5a8f7d5e-6f0c-4d4a-9d3e-000000000002`, { data: { title: "secret" } });
  await device.sync();
  await device.sync();
  assert.deepEqual(await device.titles(), ["his"]);
});

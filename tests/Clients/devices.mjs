import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
// The bundle that browsers load; the package's "main" needs a bundler.
import kinto from "kinto/dist/kinto.js";

const Kinto = kinto.default;
const COLLECTION = "tasks";
const MAX_ROUNDS = 6;

export const { MANUAL, SERVER_WINS, CLIENT_WINS, PULL_ONLY } = Kinto.syncStrategy;

let databases = 0;

/**
 * A device: a Kinto instance with a database of its own.
 *
 * @param server  From `startServer`.
 * @param user    From `server.register`.
 * @param options `remote`, `bucket`, `collection`, `retry`, `headers`; `fetch` to send its requests through.
 */
export function newDevice(server, user, options = {}) {
  const { remote = server.remote, bucket = "default", collection = COLLECTION, fetch, ...rest } = options;
  const events = new EventEmitter();
  const client = new Kinto({
    remote,
    bucket,
    events,
    headers: { Authorization: user.authorization },
    adapterOptions: { dbName: `device-${++databases}` },
    ...rest,
  });
  withFetch(fetch, () => client.api);
  return new Device(server, user, client, events, client.collection(collection));
}

/** Two devices of one user. */
export function newDevices(server, user, options) {
  return [newDevice(server, user, options), newDevice(server, user, options)];
}

class Device {
  constructor(server, user, client, events, tasks) {
    this.server = server;
    this.user = user;
    this.client = client;
    this.events = events;
    this.tasks = tasks;
  }

  get api() {
    return this.client.api;
  }

  sync(options = {}) {
    return this.tasks.sync({ strategy: MANUAL, retry: 1, ...options });
  }

  async create(...titles) {
    const created = [];
    for (const title of titles) {
      created.push((await this.tasks.create({ title })).data);
    }

    return created;
  }

  async createWithId(id, title) {
    return (await this.tasks.create({ id, title }, { useRecordId: true })).data;
  }

  async rename({ id }, title) {
    return (await this.tasks.update({ id, title }, { patch: true })).data;
  }

  async delete({ id }) {
    await this.tasks.delete(id);
  }

  async titles() {
    return (await this.tasks.list()).data.filter(isThere).map((record) => record.title).sort();
  }

  /** What is not on the server yet, deletions too. */
  async unsynced() {
    return (await this.tasks.list({}, { includeDeleted: true })).data.filter((record) => record._status !== "synced");
  }
}

/** Syncs one device after the other until a whole round changes nothing anywhere. */
export async function syncUntilQuiet(devices, options) {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let quiet = true;
    for (const device of devices) {
      const result = await device.sync(options);
      assertSynced(result);
      quiet &&= ["created", "updated", "deleted", "published", "resolved"].every((list) => result[list].length === 0);
    }

    if (quiet) {
      return;
    }
  }

  assert.fail(`The devices still had changes after ${MAX_ROUNDS} rounds of syncs.`);
}

/** The sync had neither errors nor conflicts. */
export function assertSynced(result) {
  assert.deepEqual(result.errors, []);
  assert.deepEqual(result.conflicts, []);
  assert.equal(result.ok, true);
  return result;
}

/**
 * Syncs until quiet; then every device and the server must hold the same records, to the last field and stamp, and no
 * device anything that it has not sent.
 *
 * @returns {Promise<string[]>} The titles of the records.
 */
export async function assertConverged(devices, options) {
  await syncUntilQuiet(devices, options);
  const [{ server, user, tasks }] = devices;
  const there = await readServer(server, user, tasks.bucket, tasks.name);
  for (const [index, device] of devices.entries()) {
    assert.deepEqual(await device.unsynced(), [], `device ${index} has unsynced records`);
    const { data } = await device.tasks.list();
    const here = data.filter(isThere).map(({ _status, ...record }) => record);
    assert.deepEqual(byId(here), byId(there.records), `device ${index} and the server hold different records`);
    // kinto.js keeps no stamp of 0, which is that of a list nobody has written to.
    assert.equal(device.tasks.lastModified ?? 0, there.stamp, `device ${index} is not at the list's stamp`);
  }

  return there.records.map((record) => record.title).sort();
}

/** The server's records and list stamp, read page by page without a client library. */
export async function readServer(server, user, bucket = "default", collection = COLLECTION) {
  const records = [];
  let stamp;
  let path = `/buckets/${bucket}/collections/${collection}/records`;
  while (path) {
    const { status, headers, body } = await server.request(user, "GET", path);
    assert.equal(status, 200);
    records.push(...body.data);
    stamp ??= Number(JSON.parse(headers.get("ETag")));
    path = headers.get("Next-Page")?.slice(server.remote.length);
  }

  return { records, stamp };
}

/** kinto.js does not export the class of the error that says "start over". */
export function isFlushed(error) {
  assert.match(error.message, /^Server has been flushed\./);
  assert.ok(error.serverTimestamp > error.clientTimestamp);
  return true;
}

/** Rejections for an answer of this status. */
export function hasStatus(status, errno) {
  return (error) => {
    assert.equal(error.response?.status, status, error.stack);
    assert.equal(error.data?.errno, errno);
    return true;
  };
}

/** Runs something that takes hold of the global `fetch`; clients do when they are made. */
export function withFetch(replacement, action) {
  const original = globalThis.fetch;
  globalThis.fetch = replacement ?? original;
  try {
    return action();
  } finally {
    globalThis.fetch = original;
  }
}

/** Where SERVER_WINS takes a deletion, kinto.js keeps the tombstone as a synced record. */
function isThere(record) {
  return record.deleted !== true;
}

function byId(records) {
  return new Map(records.map((record) => [record.id, record]).sort(([a], [b]) => (a < b ? -1 : 1)));
}

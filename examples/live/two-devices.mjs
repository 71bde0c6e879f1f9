// What one device writes is on the other at once. Needs an account: see README.md.
import "fake-indexeddb/auto"; // IndexedDB for Node; a browser has its own.
import bundle from "kinto/dist/kinto.js"; // A bundler takes "kinto" itself.
import { changes } from "./changes.mjs";

const Kinto = bundle.default;
const remote = process.env.SERVER ?? "http://127.0.0.1:8888/v1";
const headers = { Authorization: "Basic " + btoa(process.env.CREDENTIALS ?? "alice:s3cr3t") };

const device = (name) => new Kinto({ remote, bucket: "default", headers, adapterOptions: { dbName: name } }).collection("tasks");
const [phone, laptop] = [device("phone"), device("laptop")];
await phone.sync();
await laptop.sync();

const stop = new AbortController();
const following = (async () => {
  for await (const { event, data } of changes(`${remote}/buckets/default/collections/tasks/records`, { headers, since: `${await laptop.db.getLastModified()}`, signal: stop.signal })) {
    await laptop.sync();
    console.log("laptop", event, data.data?.title ?? data.path, `after ${Math.round(performance.now() - written)} ms`);
    stop.abort();
  }
})();

let written = performance.now();
await phone.create({ title: "Buy milk", done: false });
written = performance.now();
await phone.sync();
await following.catch((error) => {
  if (!stop.signal.aborted) {
    throw error;
  }
});

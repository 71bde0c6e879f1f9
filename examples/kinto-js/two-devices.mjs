// Two devices of one user, offline first, through a Lockstep server.
// Needs an account: see README.md. The server's address and the credentials can be given in the environment.
import "fake-indexeddb/auto"; // IndexedDB for Node; a browser has its own.
import bundle from "kinto/dist/kinto.js"; // A bundler takes "kinto" itself.

const Kinto = bundle.default;

const remote = process.env.SERVER ?? "http://127.0.0.1:8888/v1";
const user = process.env.CREDENTIALS ?? "alice:s3cr3t";

function device(name) {
  const kinto = new Kinto({
    remote,
    bucket: "default",
    headers: { Authorization: "Basic " + btoa(user) },
    adapterOptions: { dbName: name },
  });
  return kinto.collection("tasks");
}

const phone = device("phone");
const laptop = device("laptop");

// Both work offline.
const { data: milk } = await phone.create({ title: "Buy milk", done: false });
await laptop.create({ title: "Write the report", done: false });

// Both come online: each gives its changes and takes the other's.
await phone.sync();
await laptop.sync();
await phone.sync();

// The laptop ticks off what the phone noted.
await laptop.update({ ...(await laptop.get(milk.id)).data, done: true });
await laptop.sync();
await phone.sync();

for (const [name, tasks] of [["phone", phone], ["laptop", laptop]]) {
  const { data } = await tasks.list({ order: "title" });
  console.log(name, data.map((task) => `${task.done ? "[x]" : "[ ]"} ${task.title}`));
}

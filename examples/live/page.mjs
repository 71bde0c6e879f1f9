// A list of tasks in a page. Each tab has a copy of its own, as if it were a device, and syncs when the server tells of a change.
import { changes } from "./changes.mjs";

const [open, add, status, list] = ["open", "add", "status", "tasks"].map((id) => document.getElementById(id));

open.addEventListener("submit", async (submitted) => {
  submitted.preventDefault();
  const { server, name, password } = Object.fromEntries(new FormData(open));
  const remote = `${server.replace(/\/$/, "")}/v1`;
  const headers = { Authorization: "Basic " + btoa(`${name}:${password}`) };
  const tab = (sessionStorage.tab ??= crypto.randomUUID());
  const tasks = new Kinto({ remote, bucket: "default", headers, adapterOptions: { dbName: `live-${tab}` } }).collection("tasks");
  try {
    await sync(tasks);
    open.hidden = true;
    add.hidden = false;
    add.addEventListener("submit", async (added) => {
      added.preventDefault();
      await tasks.create({ title: new FormData(add).get("title"), done: false });
      add.reset();
      await sync(tasks);
    });
    const since = `${(await tasks.db.getLastModified()) ?? 0}`;
    for await (const { event } of changes(`${remote}/buckets/default/collections/tasks/records`, { headers, since })) {
      if (event === "end") {
        break;
      }

      await sync(tasks);
    }
  } catch (error) {
    status.textContent = error.message;
  }
});

async function sync(tasks) {
  await tasks.sync();
  const { data } = await tasks.list({ order: "title" });
  list.replaceChildren(
    ...data.map((task) => {
      const item = document.createElement("li");
      const done = Object.assign(document.createElement("input"), { type: "checkbox", checked: task.done });
      done.addEventListener("change", async () => {
        await tasks.update({ ...task, done: done.checked });
        await sync(tasks);
      });
      item.append(done, ` ${task.title}`);
      return item;
    }),
  );
  status.textContent = `${data.length} tasks`;
}

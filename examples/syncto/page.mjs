import { openFirefoxData } from "./firefox-data.mjs";

// Of the script that index.html loads.
const Kinto = globalThis.Kinto.default;
const form = document.getElementById("open");
const status = document.getElementById("status");
const list = document.getElementById("bookmarks");
let bookmarks;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { server, token, key } = Object.fromEntries(new FormData(form));
  // The key stays in this page: it is neither sent nor stored.
  form.reset();
  run("Opening…", async () => {
    const data = await openFirefoxData({ server, token, key: JSON.parse(key) });
    bookmarks = new Kinto(data.client).collection("bookmarks", await data.collection("bookmarks"));
    await sync();
  });
});

async function sync() {
  const { ok, conflicts, errors } = await bookmarks.sync({ strategy: Kinto.syncStrategy.SERVER_WINS });
  const { data } = await bookmarks.list({ order: "title" });
  list.replaceChildren(...data.filter((record) => record.type === "bookmark").map(entry));
  if (!ok) {
    throw new Error(`Not all was written: ${JSON.stringify([...conflicts, ...errors])}`);
  }
}

/** A bookmark whose title can be changed. */
function entry(bookmark) {
  const title = document.createElement("input");
  title.value = bookmark.title ?? "";
  title.ariaLabel = `Title of ${bookmark.bmkUri}`;
  title.addEventListener("change", () =>
    run("Saving…", async () => {
      await bookmarks.update({ id: bookmark.id, title: title.value }, { patch: true });
      await sync();
    }),
  );
  const item = document.createElement("li");
  item.append(title, document.createTextNode(bookmark.bmkUri));
  return item;
}

async function run(message, work) {
  status.textContent = message;
  try {
    await work();
    status.textContent = `${list.childElementCount} bookmarks.`;
  } catch (error) {
    status.textContent = error.message;
  }
}

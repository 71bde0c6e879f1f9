// Lists the bookmarks of a Firefox, and renames one: node bookmarks.mjs [ID TITLE]
// SERVER, TOKEN and KEY are given in the environment: see README.md.
import "fake-indexeddb/auto"; // IndexedDB for Node; a browser has its own.
import bundle from "kinto/dist/kinto.js"; // A bundler takes "kinto" itself.
import { openFirefoxData } from "./firefox-data.mjs";

const { SERVER = "http://127.0.0.1:8888", TOKEN, KEY } = process.env;
const data = await openFirefoxData({ server: SERVER, token: TOKEN, key: JSON.parse(KEY) });
const Kinto = bundle.default;
const bookmarks = new Kinto(data.client).collection("bookmarks", await data.collection("bookmarks"));

await bookmarks.sync();
const [, , id, title] = process.argv;
if (id) {
  await bookmarks.update({ id, title }, { patch: true });
  const { ok, conflicts, errors } = await bookmarks.sync();
  if (!ok) {
    throw new Error(`Not written: ${JSON.stringify({ conflicts, errors })}`);
  }
}

for (const bookmark of (await bookmarks.list({ order: "title" })).data.filter((record) => record.type === "bookmark")) {
  console.log(`${bookmark.id}  ${bookmark.title}  ${bookmark.bmkUri}`);
}

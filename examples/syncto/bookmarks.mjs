// Lists the bookmarks of a Firefox, and renames one: node bookmarks.mjs [ID TITLE]
// SERVER may be given in the environment: see README.md.
import "fake-indexeddb/auto"; // IndexedDB for Node; a browser has its own.
import { createServer } from "node:http";
import bundle from "kinto/dist/kinto.js"; // A bundler takes "kinto" itself.
import { openFirefoxData } from "./firefox-data.mjs";
import { beginSignIn, finishSignIn } from "./sign-in.mjs";

const { SERVER = "http://127.0.0.1:8888" } = process.env;
const REDIRECT = new URL("http://127.0.0.1:8000/");

// :: Sign-in, in a browser that comes back here
const { url, pending } = await beginSignIn({ server: SERVER, client: "bookmarks", redirect: REDIRECT.href });
const answer = await new Promise((resolve, reject) => {
  const http = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, REDIRECT);
    if (pathname !== REDIRECT.pathname || !searchParams.has("state")) {
      response.writeHead(404).end();
      return;
    }

    response.writeHead(200, { "Content-Type": "text/plain", Connection: "close" }).end("You can close this page.");
    http.close();
    resolve(searchParams);
  });
  http.once("error", reject);
  http.listen(REDIRECT.port, REDIRECT.hostname, () => console.error(`Open this in a browser:\n${url}`));
});
const data = await openFirefoxData(await finishSignIn(pending, answer));

// :: The bookmarks
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

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";

const EXAMPLE = new URL("../../examples/syncto/", import.meta.url);
const PACKAGES = new URL("./", import.meta.url);
const TYPES = { ".html": "text/html; charset=utf-8", ".mjs": "text/javascript", ".js": "text/javascript", ".css": "text/css" };

/** Settings of a server that lets a page at that address in, as the README of examples/syncto has them. */
export const exampleSettings = (address) => ({
  "syncto:enabled": true,
  "syncto:put-enabled": "bookmarks",
  "firefox-accounts:clients:1:id": "bookmarks",
  "firefox-accounts:clients:1:name": "Bookmarks",
  "firefox-accounts:clients:1:redirect-uris": `${address}/`,
  "firefox-accounts:clients:1:scopes": "https://identity.mozilla.com/apps/oldsync",
});

/** Serves examples/syncto as it is, with the kinto.js of these tests, on an origin of its own. */
export async function serveExample() {
  const http = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://any");
    const name = pathname === "/" ? "index.html" : pathname.slice(1);
    try {
      const body = await readFile(new URL(name, name.startsWith("node_modules/") ? PACKAGES : EXAMPLE));
      response.writeHead(200, { "Content-Type": TYPES[extname(name)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  return { address: `http://127.0.0.1:${http.address().port}`, close: () => new Promise((resolve) => (http.closeAllConnections(), http.close(resolve))) };
}

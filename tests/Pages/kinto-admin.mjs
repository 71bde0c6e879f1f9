// kinto-admin as it is on npm, made into a page as its README says it is to be, and served from an address of its own.
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const PAGE = `
  import React from "react";
  import ReactDOM from "react-dom";
  import KintoAdmin from "kinto-admin";

  const settings = { singleServer: new URLSearchParams(location.search).get("server"), maxPerPage: 200, sidebarMaxListedCollections: 10 };
  ReactDOM.render(React.createElement(KintoAdmin, { settings }), document.getElementById("root"));
`;
const DOCUMENT = '<!doctype html><meta charset="utf-8"><title>kinto-admin</title><link rel="icon" href="data:,"><link rel="stylesheet" href="admin.css"><div id="root"></div><script src="admin.js"></script>';
const TYPES = { css: "text/css", js: "text/javascript", html: "text/html; charset=utf-8" };

/** Its styles name files of other packages with a tilde, as webpack has it. */
const tildes = {
  name: "tildes",
  setup(bundler) {
    bundler.onResolve({ filter: /^~/ }, ({ path, ...about }) => bundler.resolve(path.slice(1), { kind: about.kind, importer: about.importer, resolveDir: about.resolveDir }));
  },
};

/** A file of styles that its package was published without. */
const missing = {
  name: "missing",
  setup(bundler) {
    bundler.onResolve({ filter: /^\.\/style\.css$/ }, ({ path, resolveDir }) => (existsSync(join(resolveDir, path)) ? undefined : { path, namespace: "missing" }));
    bundler.onLoad({ filter: /./, namespace: "missing" }, () => ({ contents: "", loader: "css" }));
  },
};

/** Serves it; `open(server)` is the address at which it shows that server. */
export async function startKintoAdmin() {
  const { outputFiles } = await build({
    stdin: { contents: PAGE, resolveDir: fileURLToPath(new URL(".", import.meta.url)) },
    outfile: "admin.js",
    bundle: true,
    minify: true,
    write: false,
    logLevel: "error",
    define: { "process.env.NODE_ENV": '"production"', "process.env.REACT_APP_VERSION": '""', "process.env.KINTO_ADMIN_VERSION": '"1.31.1"', global: "window" },
    loader: { ".png": "dataurl", ".svg": "dataurl", ".woff": "dataurl", ".woff2": "dataurl" },
    plugins: [tildes, missing],
  });
  const files = new Map(outputFiles.map(({ path, contents }) => [`/${path.split("/").at(-1)}`, Buffer.from(contents)]));
  files.set("/", Buffer.from(DOCUMENT));
  const http = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const file = files.get(pathname);
    response.writeHead(file ? 200 : 404, { "Content-Type": TYPES[pathname.split(".").at(-1)] ?? TYPES.html }).end(file);
  });
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    open: (server) => `http://127.0.0.1:${http.address().port}/?${new URLSearchParams({ server: `${server.remote}/` })}`,
    stop() {
      http.closeAllConnections();
      return new Promise((resolve) => http.close(resolve));
    },
  };
}

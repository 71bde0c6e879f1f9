import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { after, before, describe, test } from "node:test";
import { readSite } from "./built.mjs";
import { files, source } from "./pages.mjs";
import { linkOf, placeOf, served, titleOf } from "./served.mjs";

const site = join(source, "site");
const base = "/lockstep/";
const origin = "http://site.invalid";
const sourceUrl = "https://source.invalid/blob/main";
const htmlOf = (path) => placeOf(path).replace(/md$/, "html");

test("Links lead to where pages lie in the site, and those to other files are told apart", () => {
  assert.deepEqual(linkOf("docs/adr/0001-one-owner-per-bucket.md", "../../README.md#kinto"), { href: "../../index.md#kinto" });
  assert.deepEqual(linkOf("index.md", "docs/adr"), { href: "docs/adr/index.md" });
  assert.deepEqual(linkOf("docs/operations/console.md", "../pages/console-first.png"), { href: "../pages/console-first.png" });
  assert.deepEqual(linkOf("docs/protocol/syncto.md", "../../examples/syncto"), { outside: "examples/syncto" });
  assert.deepEqual(linkOf("index.md", "https://example.org/"), { href: "https://example.org/" });
});

describe("The site", { skip: existsSync(join(site, "node_modules/vitepress")) ? false : "run npm ci in site: it is built with these packages" }, () => {
  let folder;
  let built;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "lockstep-site-"));
    const build = spawnSync("npm", ["run", "build", "--", "--base", base, "--outDir", folder], { cwd: site, encoding: "utf8", env: { ...process.env, LOCKSTEP_SOURCE_URL: sourceUrl } });
    assert.equal(build.status, 0, `${build.stdout}\n${build.stderr}`);
    built = readSite(folder);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  test("Page of docs/ is there, under its heading", () => {
    const docs = [...files].filter((path) => path.startsWith("docs/") && path.endsWith(".md"));
    assert.ok(docs.length > 60, `${docs.length} pages`);
    assert.deepEqual(docs.filter((path) => !built.has(htmlOf(path))), []);
    assert.deepEqual(served.filter((page) => built.get(htmlOf(page.path))?.page.heading !== titleOf(page)).map(({ path }) => path), []);
  });

  test("Page is in the list beside all pages", () => {
    const listed = new Set(built.get("index.html").page.links.map((href) => new URL(href, `${origin}${base}`).pathname.slice(base.length)));
    assert.deepEqual(served.map(({ path }) => htmlOf(path)).filter((path) => !listed.has(path.replace(/^index.html$/, "")) && path !== "docs/adr/template.html"), []);
  });

  test("Link leads to a page and a heading that are there, or to a file of the source", () => {
    const dead = [];
    let count = 0;
    for (const [path, { page }] of built) {
      for (const href of page?.links ?? []) {
        const url = new URL(href, `${origin}${base}${path}`);
        if (url.href.startsWith(`${sourceUrl}/`)) {
          const file = url.href.slice(sourceUrl.length + 1);
          if (!files.has(file) && ![...files].some((other) => other.startsWith(`${file}/`))) {
            dead.push(`${path}: ${href}`);
          }
        } else if (url.origin === origin) {
          count++;
          const target = decodeURI(url.pathname).replace(/\/$/, "/index.html");
          const file = target.startsWith(base) ? built.get(target.slice(base.length)) : null;
          if (!file || (url.hash && !file.page?.ids.has(decodeURIComponent(url.hash.slice(1))))) {
            dead.push(`${path}: ${href}`);
          }
        }
      }
    }
    assert.ok(count > 1000, `${count} links`);
    assert.deepEqual(dead, []);
  });

  test("Nothing is loaded from elsewhere", () => {
    const problems = [];
    for (const [path, { text, page }] of built) {
      const isElsewhere = (address) => !address.startsWith("data:") && new URL(address, `${origin}${base}${path}`).origin !== origin;
      const loads = page?.loads ?? (path.endsWith(".css") ? [...text.matchAll(/(?:url\(|@import)\s*["']?([^"')\s;]+)/g)].map(([, address]) => address)
        : path.endsWith(".js") ? [...text.matchAll(/\b(?:import|importScripts|fetch|Worker|EventSource|WebSocket)\(\s*["'`]([^"'`]+)/g)].map(([, address]) => address) : []);
      problems.push(...loads.filter(isElsewhere).map((address) => `${path}: ${address}`));
      problems.push(...loads.filter((address) => !isElsewhere(address) && page && !address.startsWith("data:") && !built.has(posix.join("/", new URL(address, `${origin}${base}${path}`).pathname).slice(base.length))).map((address) => `${path}: ${address} is not there`));
      // The browser holds every page to it, whatever scripts do.
      if (page && !page.policy?.startsWith("default-src 'self';")) {
        problems.push(`${path} has no policy`);
      }
    }
    assert.deepEqual(problems, []);
  });

  test("Search finds each page by the words of its heading", async () => {
    const { default: MiniSearch } = await import("minisearch");
    const [, chunk] = [...built].find(([path]) => /localSearchIndexroot.*\.js$/.test(path));
    const { default: index } = await import(`data:text/javascript;base64,${Buffer.from(chunk.text).toString("base64")}`);
    const search = MiniSearch.loadJSON(index, { fields: ["title", "titles", "text"], storeFields: ["title", "titles"] });
    const finds = (page) => search.search(titleOf(page), { combineWith: "AND" }).some(({ id }) => id.split("#")[0] === `${base}${htmlOf(page.path)}`.replace(/\/index\.html$/, "/"));
    assert.deepEqual(served.filter((page) => !finds(page)).map(({ path }) => path), []);
  });
});

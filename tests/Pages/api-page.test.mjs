// The page that shows the OpenAPI document: in Chromium, as the built server serves it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startServer } from "../Clients/server.mjs";
import { openPage, startChromium } from "./browser.mjs";

/** What Scalar has in it tries whether it may make code of texts, and does without. */
const REFUSED = "policy: script-src eval";

let browser;
let server;

before(async () => ([browser, server] = await Promise.all([startChromium(), startServer()])));
after(async () => {
  await browser?.close();
  await server?.stop();
});

const get = (path, headers) => fetch(`${server.remote}${path}`, { headers });

test("page_shows_the_operations_and_asks_no_other_server", async () => {
  const page = await openPage(browser, { viewport: { width: 1280, height: 900 } });
  const asked = new Set();
  page.on("request", (request) => request.url().startsWith("http") && asked.add(request.url().split("?")[0]));

  await page.goto(`${server.remote}/__docs__`);
  await page.getByText("Carries out several requests, in order.").first().waitFor({ timeout: 60_000 });

  assert.deepEqual([...asked].filter((url) => !url.startsWith(`${server.remote}/`)), []);
  assert.ok(asked.has(`${server.remote}/__api__`));
  assert.deepEqual(page.faults.filter((fault) => fault !== REFUSED), []);
});

test("page_runs_only_what_lies_below_it", async () => {
  const { status, headers } = await get("/__docs__");

  assert.equal(status, 200);
  assert.equal(headers.get("Content-Type"), "text/html; charset=utf-8");
  const policy = headers.get("Content-Security-Policy");
  assert.ok(policy.includes(`script-src ${server.remote}/__docs__/;`), policy);
  for (const part of ["default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"]) {
    assert.ok(policy.includes(part), policy);
  }

  assert.ok((await get("/")).headers.get("Content-Security-Policy").startsWith("default-src 'none'; frame-ancestors 'none'"));
});

test("script_comes_packed_and_to_who_cannot_unpack_it_as_it_is", async () => {
  const packed = await get("/__docs__/scalar.js");
  const plain = await get("/__docs__/scalar.js", { "Accept-Encoding": "identity" });

  assert.deepEqual([packed.status, packed.headers.get("Content-Encoding"), plain.status, plain.headers.get("Content-Encoding")], [200, "gzip", 200, null]);
  assert.equal(packed.headers.get("Vary"), "Accept-Encoding");
  assert.equal(await packed.text(), await plain.text());
  assert.equal((await get("/__docs__/nothing.js")).status, 404);
});

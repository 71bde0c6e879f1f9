import assert from "node:assert/strict";
import { after, before, mock, test } from "node:test";
import { browserFetch } from "./browser.mjs";
import { assertConverged, assertSynced, CLIENT_WINS, hasStatus, isFlushed, newDevice, newDevices } from "./devices.mjs";
import { basic, startServer } from "./server.mjs";

const ORIGIN = "https://app.example.org";
const RECORDS = "/buckets/default/collections/tasks/records";

let server;
before(async () => {
  server = await startServer({ "kinto:max-page-records": 100 });
  mock.method(console, "warn", () => {});
});
after(() => server?.stop());

function preflight(path, method, headers = { "Access-Control-Request-Headers": "authorization,content-type,if-match,if-none-match" }) {
  return server.request(undefined, "OPTIONS", path, { headers: { Origin: ORIGIN, "Access-Control-Request-Method": method, ...headers } });
}

for (const [path, method] of [
  ["/", "GET"],
  ["/batch", "POST"],
  ["/buckets", "GET"],
  ["/buckets/default", "DELETE"],
  ["/buckets/default/collections/tasks", "PATCH"],
  [RECORDS, "POST"],
  [`${RECORDS}/r1`, "PUT"],
  [`${RECORDS}/r1`, "DELETE"],
  ["/accounts/somebody", "PUT"],
]) {
  test(`preflight_of_${method}_${path}_allows_it_without_credentials`, async () => {
    const { status, headers } = await preflight(path, method);

    assert.equal(status, 200);
    assert.equal(headers.get("Access-Control-Allow-Origin"), "*");
    assert.ok(headers.get("Access-Control-Allow-Methods").split(", ").includes(method));
    for (const name of ["authorization", "content-type", "if-match", "if-none-match"]) {
      assert.ok(headers.get("Access-Control-Allow-Headers").toLowerCase().includes(name), name);
    }

    assert.equal(headers.get("Access-Control-Max-Age"), "3600");
  });
}

test("options_without_the_headers_of_a_preflight_is_refused", async () => {
  const { status, body } = await server.request(undefined, "OPTIONS", RECORDS);

  assert.equal(status, 400);
  assert.equal(body.errno, 107);
});

test("answers_of_every_kind_are_readable_for_a_foreign_page", async () => {
  const user = await server.register();
  const headers = { Origin: ORIGIN };
  const created = await server.request(user, "PUT", `${RECORDS}/r1`, { headers, body: { data: { title: "milk" } } });
  const answers = [
    [201, created],
    [200, await server.request(user, "GET", RECORDS, { headers })],
    [200, await server.request(user, "HEAD", RECORDS, { headers })],
    [304, await server.request(user, "GET", RECORDS, { headers: { ...headers, "If-None-Match": created.headers.get("ETag") } })],
    [400, await server.request(user, "GET", `${RECORDS}?_limit=x`, { headers })],
    [401, await server.request(undefined, "GET", RECORDS, { headers })],
    [403, await server.request(user, "GET", "/buckets/nothing", { headers })],
    [404, await server.request(user, "GET", `${RECORDS}/r2`, { headers })],
    [404, await server.request(user, "GET", "/nothing", { headers })],
    [405, await server.request(user, "DELETE", "/batch", { headers })],
    [412, await server.request(user, "PUT", `${RECORDS}/r1`, { headers: { ...headers, "If-None-Match": "*" }, body: { data: {} } })],
  ];

  for (const [status, answer] of answers) {
    assert.equal(answer.status, status);
    assert.equal(answer.headers.get("Access-Control-Allow-Origin"), "*", `${status}`);
    const exposed = answer.headers.get("Access-Control-Expose-Headers").toLowerCase().split(", ");
    for (const name of ["etag", "last-modified", "next-page", "total-records", "backoff", "retry-after", "alert"]) {
      assert.ok(exposed.includes(name), `${name} of ${status}`);
    }
  }
});

test("answer_to_a_request_without_an_origin_has_no_cors_headers", async () => {
  const { headers } = await server.request(undefined, "GET", "/");

  assert.deepEqual([...headers.keys()].filter((name) => name.startsWith("access-control-")), []);
});

test("two_browsers_syncing_from_a_foreign_page_hold_the_same_records", async () => {
  const user = await server.register();
  const [a, b] = newDevices(server, user, { fetch: browserFetch(ORIGIN) });
  const [milk, bread] = await a.create("milk", "bread");
  await assertConverged([a, b]);

  await a.rename(milk, "milk of a");
  await a.delete(bread);
  await b.rename(milk, "milk of b");
  await b.create("eggs");
  assertSynced(await a.sync());
  assertSynced(await b.sync({ strategy: CLIENT_WINS }));

  assert.deepEqual(await assertConverged([a, b]), ["eggs", "milk of b"]);
});

test("browser_on_a_foreign_page_follows_all_pages", async () => {
  const user = await server.register();
  const a = newDevice(server, user);
  await a.create(...Array.from({ length: 130 }, (_, i) => `task ${i}`));
  assertSynced(await a.sync());

  const b = newDevice(server, user, { fetch: browserFetch(ORIGIN) });
  const pulled = assertSynced(await b.sync());

  assert.equal(pulled.created.length, 130);
  assert.equal((await assertConverged([a, b])).length, 130);
});

test("browser_on_a_foreign_page_notices_a_deleted_bucket", async () => {
  const user = await server.register();
  const a = newDevice(server, user, { fetch: browserFetch(ORIGIN) });
  await a.create("milk");
  await assertConverged([a]);
  assert.equal((await server.request(user, "DELETE", "/buckets/default")).status, 200);

  await assert.rejects(a.sync(), isFlushed);

  await a.tasks.resetSyncStatus();
  assert.deepEqual(await assertConverged([a]), ["milk"]);
});

test("browser_on_a_foreign_page_reads_the_refusal_of_a_wrong_password", async () => {
  const user = await server.register();
  const a = newDevice(server, user, { fetch: browserFetch(ORIGIN), headers: { Authorization: basic(user.name, "not-the-password") } });

  await assert.rejects(a.sync(), hasStatus(401, 104));
});

test("browser_on_a_foreign_page_reads_backoff_and_alert", async () => {
  const own = await startServer({ "kinto:backoff": 5, "kinto:eos": "2999-01-01" });
  try {
    const a = newDevice(own, await own.register(), { fetch: browserFetch(ORIGIN) });
    const alerts = [];
    a.events.on("deprecated", (alert) => alerts.push(alert.code));

    assertSynced(await a.sync());

    assert.ok(a.api.backoff > 0);
    assert.deepEqual([...new Set(alerts)], ["soft-eol"]);
  } finally {
    await own.stop();
  }
});

test("origin_other_than_the_configured_one_is_not_allowed", async () => {
  const own = await startServer({ "kinto:cors-origin": ORIGIN });
  try {
    const user = await own.register();
    const stranger = newDevice(own, user, { fetch: browserFetch("https://elsewhere.example.org") });
    await assert.rejects(stranger.sync(), /not allowed/);

    const a = newDevice(own, user, { fetch: browserFetch(ORIGIN) });
    await a.create("milk");
    assert.deepEqual(await assertConverged([a]), ["milk"]);
  } finally {
    await own.stop();
  }
});

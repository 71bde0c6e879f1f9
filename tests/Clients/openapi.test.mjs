// The OpenAPI document: valid, and true of what the server answers. That it has what is served is tried in tests/Gateway.Protocol.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Api } from "./openapi.mjs";
import { basic, startServer } from "./server.mjs";

const ROOT = { authorization: basic("root", "s3cr3t") };

let api;
let server;
let user;
let names = 0;

before(async () => {
  server = await startServer({
    "accounts:administrators": "account:root",
    "kinto:contribute": '{"name":"Ours"}',
    "kinto:flush": true,
    "kinto:history:enabled": true,
    "kinto:metrics": "Everyone",
    "kinto:push:hosts": "push.example.org",
    "kinto:push:subject": "mailto:admin@example.org",
  });
  [api, user] = await Promise.all([Api.of(server), server.register()]);
  await api.ask(null, "PUT", "/accounts/root", 201, { body: { data: { password: "s3cr3t" } } });
});
after(() => server?.stop());

const data = (n) => ({ data: { n } });

/** A bucket of its own with a collection, and its path. */
async function newCollection() {
  const bucket = `/buckets/api${names++}`;
  await api.ask(user, "PUT", bucket, 201);
  await api.ask(user, "PUT", `${bucket}/collections/tasks`, 201);
  return { bucket, tasks: `${bucket}/collections/tasks`, records: `${bucket}/collections/tasks/records` };
}

test("document_is_valid_openapi_3_1", async () => {
  const validator = new Validator();

  const { valid, errors } = await validator.validate(structuredClone(api.document));

  assert.ok(valid, JSON.stringify(errors, null, 1));
  assert.equal(validator.version, "3.1");
  assert.equal(api.document.servers[0].url, server.remote);
  api.assertSchemas();
});

test("ids_of_operations_differ_and_all_references_lead_somewhere", () => {
  const ids = [];
  const walk = (node) => {
    for (const [key, value] of Object.entries(node ?? {})) {
      if (key === "operationId") {
        ids.push(value);
      } else if (key === "$ref") {
        assert.ok(value.slice(2).split("/").reduce((found, name) => found?.[name], api.document), value);
      } else if (typeof value === "object") {
        walk(value);
      }
    }
  };

  walk(api.document);

  assert.equal(new Set(ids).size, ids.length);
  assert.equal(ids.length, api.operations.length);
});

test("root_and_utilities_answer_as_the_document_says", async () => {
  const { body } = await api.ask(user, "GET", "/", 200);
  await api.ask(null, "GET", "/", 200);
  await api.ask(null, "HEAD", "/", 200);
  for (const path of ["/__heartbeat__", "/__lbheartbeat__", "/__version__", "/__api__", "/__docs__", "/__docs__/page.js", "/contribute.json", "/__metrics__"]) {
    await api.ask(null, "GET", path, 200);
    await api.ask(null, "HEAD", path, 200);
  }

  assert.equal(body.user.id, `account:${user.name}`);
  await api.ask(user, "POST", "/__ticket__", 201);
  await api.ask(null, "POST", "/__ticket__", 401);
  await api.ask(user, "DELETE", "/__user_data__/corp:somebody", 403);
  await api.ask(ROOT, "DELETE", "/__user_data__/account:root", 400);
  await api.ask(ROOT, "DELETE", "/__user_data__/corp:somebody", 200);
});

test("buckets_collections_and_groups_answer_as_the_document_says", async () => {
  const { bucket, tasks } = await newCollection();
  await api.ask(user, "HEAD", "/buckets", 200);
  await api.ask(user, "GET", "/buckets?_limit=1", 200);
  await api.ask(user, "POST", "/buckets", 201, { body: { data: { name: "one" }, permissions: { read: ["system.Everyone"], "group:create": ["system.Authenticated"] } } });
  await api.ask(user, "POST", `${bucket}/collections`, 200, { body: { data: { id: "tasks" } } });
  await api.ask(user, "POST", `${bucket}/collections`, 201, { body: { data: { cache_expires: 60, indexes: ["n"] }, permissions: { "record:create": ["system.Authenticated"] } } });
  await api.ask(user, "POST", `${bucket}/groups`, 201, { body: { data: { members: ["account:somebody"] } } });
  await api.ask(user, "PUT", `${bucket}/groups/staff`, 201, { body: { data: { members: [] } } });
  for (const path of [bucket, tasks, `${bucket}/groups/staff`]) {
    await api.ask(user, "GET", path, 200);
    await api.ask(user, "HEAD", path, 200);
    await api.ask(user, "PUT", path, 200, { body: { data: { n: 1 } } });
    await api.ask(user, "PATCH", path, 200, { body: data(2) });
    await api.ask(user, "GET", path, 412, { headers: { "If-Match": '"1"' } });
  }

  for (const path of [`${bucket}/collections`, `${bucket}/groups`]) {
    await api.ask(user, "GET", `${path}?_since=0`, 200);
    await api.ask(user, "HEAD", path, 200);
  }

  await api.ask(user, "PATCH", tasks, 200, { body: { data: { indexes: ["n", "due.day"] } } });
  await api.ask(user, "GET", `${tasks}/indexes`, 200);
  await api.ask(user, "HEAD", `${tasks}/indexes`, 200);
  await api.ask(user, "DELETE", `${bucket}/groups/staff`, 200);
  await api.ask(user, "DELETE", `${bucket}/groups`, 200);
  await api.ask(user, "GET", `${bucket}/groups?_since=0`, 200);
  await api.ask(user, "DELETE", tasks, 200);
  await api.ask(user, "DELETE", `${bucket}/collections`, 200);
  await api.ask(user, "DELETE", bucket, 200);
  await api.ask(await server.register(), "DELETE", "/buckets", 200);
});

test("records_answer_as_the_document_says", async () => {
  const { records } = await newCollection();
  const { headers } = await api.ask(user, "PUT", `${records}/milk`, 201, { body: data(1) });
  const etag = headers.get("ETag");
  await api.ask(user, "PUT", `${records}/milk`, 412, { body: data(1), headers: { "If-None-Match": "*" } });
  await api.ask(user, "GET", `${records}/milk`, 304, { headers: { "If-None-Match": etag } });
  await api.ask(user, "GET", `${records}/milk?_fields=n`, 200);
  await api.ask(user, "HEAD", `${records}/milk`, 200);
  for (const behaviour of ["full", "light", "diff"]) {
    await api.ask(user, "PATCH", `${records}/milk`, 200, { body: data(3), headers: { "Response-Behavior": behaviour } });
  }

  await api.ask(user, "POST", records, 201, { body: { ...data(4), permissions: { read: ["system.Everyone"], write: [`account:${user.name}`] } } });
  await api.ask(user, "POST", records, 200, { body: { data: { id: "milk" } } });
  const { headers: first } = await api.ask(user, "GET", `${records}?_limit=1&_sort=n`, 200);
  await api.ask(user, "GET", first.get("Next-Page").slice(server.remote.length), 200);
  await api.ask(user, "GET", `${records}?gt_n=1&_fields=n`, 200);
  await api.ask(user, "HEAD", records, 200);
  await api.ask(user, "GET", records, 304, { headers: { "If-None-Match": (await api.ask(user, "GET", records, 200)).headers.get("ETag") } });
  await api.ask(null, "GET", records, 200);
  await api.ask(user, "DELETE", `${records}/milk`, 200);
  await api.ask(user, "GET", `${records}?_since=0`, 200);
  await api.ask(user, "DELETE", records, 200);
});

test("errors_answer_as_the_document_says", async () => {
  const { bucket, records } = await newCollection();
  await api.ask(user, "GET", `${records}/none`, 404);
  await api.ask(user, "GET", `${bucket}/collections/none/records`, 404);
  await api.ask(await server.register(), "GET", records, 403);
  await api.ask(null, "GET", records, 401);
  await api.ask(user, "GET", `${records}?_since=yesterday`, 400);
  await api.ask(user, "GET", `${records}/${"x".repeat(300)}`, 400);
  await api.ask(user, "GET", records, 406, { headers: { Accept: "text/html" } });
  await api.ask(user, "PUT", `${records}/a`, 415, { body: data(1), headers: { "Content-Type": "text/plain" } });
  await api.ask(user, "DELETE", `${records}/none`, 404);
});

test("accounts_rights_and_quotas_answer_as_the_document_says", async () => {
  const { bucket, tasks } = await newCollection();
  const { name } = user;
  const other = await server.register();
  await api.ask(user, "GET", "/accounts", 200);
  await api.ask(user, "HEAD", "/accounts", 200);
  await api.ask(null, "POST", "/accounts", 201, { body: { data: { id: "posted", password: "s3cr3t" } } });
  await api.ask(user, "GET", `/accounts/${name}`, 200);
  await api.ask(user, "HEAD", `/accounts/${name}`, 200);
  await api.ask(other, "PATCH", `/accounts/${other.name}`, 200, { body: { data: { password: "s3cr3t" } } });
  await api.ask(other, "GET", `/accounts/${name}`, 403);
  await api.ask(other, "DELETE", `/accounts/${other.name}`, 200);
  await api.ask(user, "GET", "/permissions", 200);
  await api.ask(user, "GET", "/permissions?_fields=uri&_limit=1", 200);
  await api.ask(user, "HEAD", "/permissions", 200);
  await api.ask(user, "GET", "/quotas", 403);
  for (const path of [`/quotas${bucket}`, `/quotas${tasks}`, `/quotas/users/account:${name}`]) {
    await api.ask(ROOT, "PUT", path, 201, { body: { data: { bytes: 1_000_000, records: 100 } } });
    await api.ask(ROOT, "GET", path, 200);
    await api.ask(ROOT, "HEAD", path, 200);
    await api.ask(ROOT, "PATCH", path, 200, { body: { data: { bytes: null } } });
  }

  await api.ask(ROOT, "GET", "/quotas", 200);
  await api.ask(ROOT, "HEAD", "/quotas", 200);
  for (const path of [`/quotas${bucket}`, `/quotas${tasks}`, `/quotas/users/account:${name}`]) {
    await api.ask(ROOT, "DELETE", path, 200);
  }
});

test("push_subscriptions_answer_as_the_document_says", async () => {
  const { tasks } = await newCollection();
  const { publicKey } = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
  const p256dh = Buffer.from(await crypto.subtle.exportKey("raw", publicKey)).toString("base64url");
  const body = { data: { endpoint: "https://push.example.org/a", expirationTime: null, keys: { p256dh, auth: "BTBZMqHH6r4Tts7J_aSIgg" }, path: tasks } };
  const { headers } = await api.ask(user, "PUT", "/subscriptions/phone", 201, { body });
  await api.ask(user, "PUT", "/subscriptions/phone", 200, { body });
  await api.ask(user, "PUT", "/subscriptions/phone", 412, { body, headers: { "If-Match": headers.get("ETag") } });
  await api.ask(user, "PUT", "/subscriptions/tablet", 400, { body: { data: { ...body.data, endpoint: "https://example.org/a" } } });
  await api.ask(user, "GET", "/subscriptions/phone", 200);
  await api.ask(user, "HEAD", "/subscriptions/phone", 200);
  await api.ask(user, "GET", "/subscriptions", 200);
  await api.ask(user, "HEAD", "/subscriptions", 200);
  await api.ask(null, "GET", "/subscriptions", 401);
  await api.ask(user, "DELETE", "/subscriptions/phone", 200);
  await api.ask(user, "GET", "/subscriptions/phone", 404);
});

test("history_answers_as_the_document_says", async () => {
  const { bucket, records } = await newCollection();
  const { headers } = await api.ask(user, "PUT", `${records}/milk`, 201, { body: data(1) });
  const snapshot = `${bucket}/snapshot/collections/tasks@${headers.get("ETag").replaceAll('"', "")}`;
  await api.ask(user, "PUT", `${records}/milk`, 200, { body: data(2) });
  await api.ask(user, "GET", `${bucket}/history`, 200);
  await api.ask(user, "GET", `${bucket}/history?_fields=action&_limit=1`, 200);
  await api.ask(user, "HEAD", `${bucket}/history`, 200);
  await api.ask(user, "GET", snapshot, 200);
  await api.ask(user, "HEAD", snapshot, 200);
  await api.ask(user, "POST", snapshot, 200);
  await api.ask(user, "DELETE", `${bucket}/history`, 200);
});

test("files_answer_as_the_document_says", async () => {
  const { records } = await newCollection();
  const form = (text) => {
    const parts = new FormData();
    parts.append("attachment", new Blob([text], { type: "application/x-notes" }), "notes.txt");
    return parts;
  };
  const { body } = await api.ask(user, "POST", `${records}/milk/attachment`, 201, { body: form("two litres") });
  const file = body.location.slice(server.remote.length);
  const { headers } = await api.ask(null, "GET", file, 200);
  await api.ask(null, "GET", file, 206, { headers: { Range: "bytes=0-2" } });
  await api.ask(null, "GET", file, 304, { headers: { "If-None-Match": headers.get("ETag") } });
  await api.ask(null, "HEAD", file, 200);
  await api.ask(user, "POST", `${records}/milk/attachment`, 200, { body: form("three litres") });
  await api.ask(null, "GET", file, 404);
  await api.ask(user, "DELETE", `${records}/milk/attachment`, 204);
});

test("batch_answers_as_the_document_says", async () => {
  const { records } = await newCollection();
  const { body } = await api.ask(user, "POST", "/batch", 200, {
    body: {
      defaults: { method: "PUT", body: data(1) },
      requests: [{ path: `${records}/a` }, { path: `${records}/b` }, { method: "GET", path: `${records}/none` }, { method: "HEAD", path: records }, { method: "GET", path: "/__metrics__" }],
    },
  });

  assert.deepEqual(body.responses.map((response) => response.status), [201, 201, 404, 200, 200]);
  await api.ask(user, "POST", "/batch", 400, { body: { requests: Array.from({ length: 26 }, () => ({ path: "/" })) } });
});

// Last: it deletes what the others use.
test("every_operation_of_the_document_was_asked", async () => {
  await api.ask(null, "POST", "/__flush__", 202);

  assert.deepEqual(api.operations.filter((operation) => !api.asked.has(operation)), []);
});

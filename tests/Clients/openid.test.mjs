import assert from "node:assert/strict";
import { after, before, test } from "node:test";
// The bundle that browsers load; the one for Node wants packages that Node has built in by now.
import KintoClient from "kinto-http/dist/kinto-http.min.js";
import { newDevice } from "./devices.mjs";
import { browse, CLIENT, OpenIdProvider, readToken } from "./openid.mjs";
import { startServer } from "./server.mjs";

const ADMIN = "http://localhost:3000/";

let provider;
let server;
before(async () => {
  provider = await new OpenIdProvider().listen();
  server = await startServer({
    "openid:cache-time": "00:00:00",
    "openid:providers:1:name": "corp",
    "openid:providers:1:issuer": provider.issuer,
    "openid:providers:1:audience": "kinto",
    "openid:providers:1:client-id": CLIENT.client_id,
    "openid:providers:1:client-secret": CLIENT.client_secret,
    "openid:providers:1:opaque-tokens": "introspection",
    "openid:providers:1:callbacks": ADMIN,
  });
  provider.serve(`${server.remote}/openid/corp/token`);
});
after(async () => {
  await server?.stop();
  await provider?.close();
});

/** What kinto-admin does: src/components/homepage/AuthForm.tsx, navigateToOpenID. */
async function signIn(account) {
  provider.account = account;
  const { capabilities } = await new KintoClient(server.remote).fetchServerInfo();
  const [{ name, auth_path: authPath }] = capabilities.openid.providers;
  const payload = btoa(JSON.stringify({ server: server.remote, authType: `openid-${name}`, redirectURL: null }));
  const callback = `${ADMIN}#/auth/${payload}/`;
  const end = await browse(`${server.remote}/${authPath.replace(/^\//, "")}?callback=${encodeURIComponent(callback)}&scope=openid email`, ADMIN);
  assert.ok(end.startsWith(callback), end);
  return readToken(end.slice(callback.length));
}

const headersOf = ({ token_type: type, access_token: token }) => ({ headers: { Authorization: `${type} ${token}` } });

for (const format of ["jwt", "opaque"]) {
  test(`login_by_redirects_ends_with_an_${format}_token_that_kinto_http_uses`, async () => {
    provider.format = format;
    const [alice, bob] = [await signIn(`alice-${format}`), await signIn(`bob-${format}`)];
    assert.equal(alice.token_type, "Bearer");
    assert.equal(alice.access_token.split(".").length, format === "jwt" ? 3 : 1);
    assert.equal(alice.refresh_token, undefined);
    const [hers, his] = [alice, bob].map((tokens) => new KintoClient(server.remote, headersOf(tokens)));
    assert.equal((await hers.fetchUser()).id, `corp:alice-${format}`);

    const records = hers.bucket("default").collection("tasks");
    const { data } = await records.createRecord({ title: "hers" });
    assert.deepEqual((await records.listRecords()).data.map(({ title }) => title), ["hers"]);
    await hers.createBucket(`team-${format}`, { permissions: { read: [`corp:bob-${format}`] } });
    assert.equal((await his.bucket(`team-${format}`).getData()).id, `team-${format}`);
    assert.deepEqual((await his.bucket("default").collection("tasks").listRecords()).data, []);
    assert.ok((await his.listPermissions()).data.some(({ uri }) => uri === `/buckets/team-${format}`));
    assert.ok(data.id);
  });
}

test("device_of_a_user_of_the_provider_syncs", async () => {
  provider.format = "jwt";
  const tokens = await signIn("carol");
  const user = { authorization: `Bearer ${tokens.access_token}` };
  const [phone, laptop] = [newDevice(server, user), newDevice(server, user)];
  await phone.tasks.create({ title: "milk" });
  await phone.sync();
  await laptop.sync();
  assert.deepEqual(await laptop.titles(), ["milk"]);
});

test("revoked_opaque_token_opens_nothing_any_more", async () => {
  provider.format = "opaque";
  const tokens = await signIn("dave");
  const user = { authorization: `Bearer ${tokens.access_token}` };
  assert.equal((await server.request(user, "GET", "/buckets/default")).status, 200);
  await provider.revoke(tokens.access_token);
  const refused = await server.request(user, "GET", "/buckets/default");
  assert.equal(refused.status, 401);
  assert.equal(refused.headers.get("www-authenticate"), 'Basic realm="Realm", Bearer realm="Realm"');
});

test("ID_token_is_no_access_token", async () => {
  provider.format = "jwt";
  const tokens = await signIn("erin");
  assert.equal((await server.request({ authorization: `Bearer ${tokens.id_token}` }, "GET", "/buckets/default")).status, 401);
});

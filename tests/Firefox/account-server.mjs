import { createHash, randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { bundleOf, newToken, signerOf } from "./secrets.mjs";

export const SYNC = "https://identity.mozilla.com/apps/oldsync";
const CLIENT = "5882386c6d801776";
const AUTH = "/auth/v1";
const TOKEN_SECONDS = 21_600;

/**
 * An account server for Firefox: what its sign-in and Sync need, in memory, on loopback. Its access tokens are not signed; whoever gets
 * one asks `verifyUrl`. It knows nobody's password and no key of Sync.
 */
export async function startAccountServer() {
  const accounts = new AccountServer(await readFile(new URL("sign-in.js", import.meta.url), "utf8"));
  await accounts.start();
  return accounts;
}

class AccountServer {
  /** Where Firefox is told that its tokens for Sync come from, without `/1.0/sync/1.5`. */
  tokenServer = "";

  /** What was answered with an error, as `POST /path 400`. */
  errors = [];

  #events = new EventEmitter();
  #script;
  #http = createServer((request, response) => this.#serve(request, response));
  #accounts = new Map();
  #sessions = new Map();
  #keyFetches = new Map();
  #codes = new Map();
  #access = new Map();
  #devices = new Map();

  constructor(script) {
    this.#script = script;
  }

  get address() {
    return `http://127.0.0.1:${this.#http.address().port}`;
  }

  get verifyUrl() {
    return `${this.address}${AUTH}/verify`;
  }

  /** How many devices are signed in. */
  get deviceCount() {
    return this.#devices.size;
  }

  /** When the next device has signed out. */
  signedOut() {
    return once(this.#events, "signed-out");
  }

  start() {
    return new Promise((resolve) => this.#http.listen(0, "127.0.0.1", resolve));
  }

  stop() {
    this.#http.closeAllConnections();
    return new Promise((resolve) => this.#http.close(resolve));
  }

  async #serve(request, response) {
    const chunks = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }

    const body = Buffer.concat(chunks).toString();
    const { pathname } = new URL(request.url, this.address);
    let answer;
    try {
      answer = this.#answer(`${request.method} ${pathname}`, request, body);
    } catch (error) {
      answer = error instanceof Refusal ? error : new Refusal(500, 999, error.stack);
    }

    if (answer.status >= 400) {
      this.errors.push(`${request.method} ${pathname} ${answer.status}`);
    }

    response.writeHead(answer.status ?? 200, { "Content-Type": answer.type ?? "application/json" });
    response.end(answer.text ?? JSON.stringify(answer.body ?? answer));
  }

  #answer(what, request, body) {
    const open = OPEN[what];
    if (open) {
      return open.call(this, body && JSON.parse(body), request);
    }

    const authenticated = WITH_SESSION[what];
    if (!authenticated) {
      throw new Refusal(404, 999, "nothing is here");
    }

    const session = signerOf(request, body, this.#sessions);
    if (!session) {
      throw new Refusal(401, 110, "no session");
    }

    return authenticated.call(this, body && JSON.parse(body), session);
  }

  configuration() {
    return {
      auth_server_base_url: `${this.address}/auth`,
      oauth_server_base_url: `${this.address}/auth`,
      profile_server_base_url: `${this.address}/profile`,
      sync_tokenserver_base_url: this.tokenServer,
    };
  }

  page() {
    return { type: "text/html; charset=utf-8", text: `<!doctype html><title>Accounts</title><script>${this.#script}</script>` };
  }

  create({ email, authPW }) {
    if (this.#accounts.has(email)) {
      throw new Refusal(400, 101, "the account is there already");
    }

    const account = { uid: randomBytes(16).toString("hex"), email, password: digest(authPW), created: Date.now(), keyA: randomBytes(32), wrappedKeyB: randomBytes(32) };
    this.#accounts.set(email, account);
    return this.#signIn(account);
  }

  logIn({ email, authPW }) {
    const account = this.#accounts.get(email);
    if (!account) {
      throw new Refusal(400, 102, "no such account");
    }

    if (account.password !== digest(authPW)) {
      throw new Refusal(400, 103, "the password is another");
    }

    return this.#signIn(account);
  }

  #signIn(account) {
    const session = newToken("sessionToken");
    const keyFetch = newToken("keyFetchToken");
    this.#sessions.set(session.id, { ...session, account });
    this.#keyFetches.set(keyFetch.id, { ...keyFetch, account });
    return { uid: account.uid, sessionToken: session.token, keyFetchToken: keyFetch.token, verified: true, authAt: seconds() };
  }

  keys(_, request) {
    const fetch = signerOf(request, "", this.#keyFetches);
    if (!fetch) {
      throw new Refusal(401, 110, "no token for keys");
    }

    this.#keyFetches.delete(fetch.id);
    return { bundle: bundleOf(fetch.account, fetch.rest) };
  }

  scopedKeyData(_, { account }) {
    return { [SYNC]: { identifier: SYNC, keyRotationSecret: "0".repeat(64), keyRotationTimestamp: account.created } };
  }

  authorize({ state, scope, code_challenge, keys_jwe }, { account }) {
    const code = randomBytes(32).toString("hex");
    this.#codes.set(code, { account, scope, code_challenge, keys_jwe });
    return { code, state, redirect: "urn:ietf:wg:oauth:2.0:oob:oauth-redirect-webchannel" };
  }

  token({ grant_type, code, code_verifier, scope }, { account }) {
    if (grant_type === "fxa-credentials") {
      return this.#grant(account, scope);
    }

    const grant = this.#codes.get(code);
    this.#codes.delete(code);
    if (grant?.account !== account || grant.code_challenge !== createHash("sha256").update(code_verifier).digest("base64url")) {
      throw new Refusal(400, 105, "the code is none");
    }

    return { ...this.#grant(account, grant.scope), refresh_token: randomBytes(32).toString("hex"), keys_jwe: grant.keys_jwe };
  }

  #grant(account, scope) {
    const access_token = randomBytes(32).toString("hex");
    this.#access.set(access_token, { account, scope });
    return { access_token, token_type: "bearer", scope, expires_in: TOKEN_SECONDS };
  }

  verify({ token }) {
    const access = this.#access.get(token);
    if (!access) {
      throw new Refusal(400, 108, "no such token");
    }

    return { user: access.account.uid, client_id: CLIENT, scope: access.scope.split(" "), generation: 0 };
  }

  destroyToken({ token }) {
    this.#access.delete(token);
    return {};
  }

  profile(_, { headers }) {
    const { account } = this.#access.get(headers.authorization?.replace("Bearer ", "")) ?? {};
    if (!account) {
      throw new Refusal(401, 110, "no such token");
    }

    return { uid: account.uid, email: account.email, avatar: `${this.address}/avatar.png`, avatarDefault: true, displayName: null };
  }

  registerDevice(device, session) {
    const { id = session.device ?? randomBytes(16).toString("hex"), ...fields } = device;
    session.device = id;
    this.#devices.set(id, { createdAt: Date.now(), ...this.#devices.get(id), ...fields, id });
    return this.#devices.get(id);
  }

  devices(_, session) {
    return {
      body: this.#devicesOf(session).map((device) => ({
        pushCallback: null,
        ...device,
        pushEndpointExpired: false,
        isCurrentDevice: device.id === session.device,
        lastAccessTime: Date.now(),
        location: {},
      })),
    };
  }

  attachedClients(_, session) {
    return {
      body: this.#devicesOf(session).map(({ id, name, type, createdAt }) => ({
        clientId: null,
        deviceId: id,
        refreshTokenId: null,
        isCurrentSession: id === session.device,
        deviceType: type,
        name,
        scope: null,
        createdTime: createdAt,
        lastAccessTime: createdAt,
        userAgent: "",
      })),
    };
  }

  #devicesOf({ account }) {
    const ids = [...this.#sessions.values()].filter((session) => session.account === account).map(({ device }) => device);
    return ids.map((id) => this.#devices.get(id)).filter(Boolean);
  }

  endSession(_, session) {
    this.#sessions.delete(session.id);
    this.#devices.delete(session.device);
    this.#events.emit("signed-out");
    return {};
  }
}

const { prototype: does } = AccountServer;
const nothing = () => ({});

const OPEN = {
  "GET /.well-known/fxa-client-configuration": does.configuration,
  "GET /": does.page,
  "GET /favicon.ico": () => ({ type: "image/png", text: "" }),
  "GET /avatar.png": () => ({ type: "image/png", text: "" }),
  [`POST ${AUTH}/account/create`]: does.create,
  [`POST ${AUTH}/account/login`]: does.logIn,
  [`GET ${AUTH}/account/keys`]: does.keys,
  [`POST ${AUTH}/oauth/destroy`]: does.destroyToken,
  [`POST ${AUTH}/verify`]: does.verify,
  "GET /profile/v1/profile": does.profile,
};

const WITH_SESSION = {
  [`POST ${AUTH}/account/scoped-key-data`]: does.scopedKeyData,
  [`POST ${AUTH}/oauth/authorization`]: does.authorize,
  [`POST ${AUTH}/oauth/token`]: does.token,
  [`POST ${AUTH}/account/device`]: does.registerDevice,
  [`GET ${AUTH}/account/devices`]: does.devices,
  [`GET ${AUTH}/account/attached_clients`]: does.attachedClients,
  [`POST ${AUTH}/account/devices/notify`]: nothing,
  [`GET ${AUTH}/account/device/commands`]: () => ({ index: 0, last: true, messages: [] }),
  [`GET ${AUTH}/session/status`]: (_, { account }) => ({ state: "verified", uid: account.uid }),
  [`POST ${AUTH}/session/destroy`]: does.endSession,
};

class Refusal extends Error {
  type = "application/json";

  constructor(status, errno, message) {
    super(message);
    this.status = status;
    // Firefox reads none of it where "error" is missing.
    this.body = { code: status, errno, error: "Refused", message };
  }
}

const digest = (text) => createHash("sha256").update(text).digest("hex");
const seconds = () => Math.floor(Date.now() / 1000);

// The pages as the server serves them, in front of an account server in memory that says what docs/protocol/firefox-accounts.md has. So a
// test can make it say anything, and look at all that it was told.
import assert from "node:assert/strict";
import { createHash, createHmac, hkdfSync, pbkdf2Sync, randomBytes, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { readdir, readFile } from "node:fs/promises";
import { FILES, SHELL } from "./modules.mjs";

const NAMES = "identity.mozilla.com/picl/v1/";
export const SYNC = "https://identity.mozilla.com/apps/oldsync";
const TYPES = { js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", json: "application/json", svg: "image/svg+xml", html: "text/plain" };
const AUTH = "/auth/v1";
/** Of a password, instead of 650,000, which would be most of the time here. The tests of the built server and of the cryptography have them all. */
const ROUNDS = 1_000;
export const TOTP_CODE = "123456";

const derive = (secret, info, length) => Buffer.from(hkdfSync("sha256", secret, "", NAMES + info, length));
const hex = (length = 32) => randomBytes(length).toString("hex");

export async function startFake(options) {
  const server = new FakeServer(options);
  await server.start();
  return server;
}

class FakeServer {
  /** Requests as `POST /auth/v1/account/login`, with bodies. */
  requests = [];

  /** What was mailed: `{ email, code }`. */
  mails = [];

  /** Answers instead of the next to a path: `{ "POST /account/login": [429, {…}] }`. */
  instead = new Map();

  registration = { registration: "open", mayRegister: true, invitations: false, mail: true, oldStretch: false };

  clients = new Map();

  /** HTML and scripts of somebody else, on the same server. */
  extra = new Map();

  #accounts = new Map();
  #tokens = new Map();
  #http = createServer((request, response) => this.#serve(request, response));
  #files = new Map();
  #hash;
  #resets = new Map();

  get address() {
    return `http://127.0.0.1:${this.#http.address().port}`;
  }

  async start() {
    for (const [folder, root] of [["shell/", SHELL], ["", FILES]]) {
      for (const name of await readdir(root, { recursive: true })) {
        if (name.includes(".")) {
          this.#files.set(folder + name, await readFile(new URL(name, root)));
        }
      }
    }

    this.#stretchLess();
    this.#hash = createHash("sha256").update([...this.#files].map(([name, content]) => name + content).join()).digest("hex").slice(0, 32);
    await new Promise((resolve) => this.#http.listen(0, "127.0.0.1", resolve));
  }

  #stretchLess() {
    const name = "crypto/onepw.js";
    const script = this.#files.get(name).toString();
    const less = script.replace("650_000", `${ROUNDS}`);
    assert.notEqual(less, script);
    this.#files.set(name, Buffer.from(less));
  }

  stop() {
    this.#http.closeAllConnections();
    return new Promise((resolve) => this.#http.close(resolve));
  }

  account(email) {
    return this.#accounts.get(email);
  }

  /** An account with a password that the page has stretched. */
  addAccount(email, { authPW, clientSalt }) {
    const account = { uid: hex(16), email, authPW, clientSalt, kA: hex(), wrapKb: hex(), created: Date.now(), verified: true, totp: null, recovery: null, appPasswords: [], clients: [] };
    this.#accounts.set(email, account);
    return account;
  }

  /** An account that somebody has made on the pages before, signed in there. */
  addMember(email, password) {
    const clientSalt = `${NAMES}quickStretchV2:${hex(16)}`;
    const authPW = derive(pbkdf2Sync(password.normalize("NFC"), clientSalt, ROUNDS, 32, "sha256"), "authPW", 32).toString("hex");
    const account = this.addAccount(email, { authPW, clientSalt });
    this.#session(account);
    return account;
  }

  /** A session as a Firefox has it. */
  newSession(email) {
    return this.#session(this.#accounts.get(email), { name: "Firefox on Linux" }).sessionToken;
  }

  linkFor(email) {
    const token = hex();
    this.#resets.set(token, this.#accounts.get(email));
    return `${this.address}/reset_password#link=${token}`;
  }

  // :: Pages
  #document(language) {
    const files = `/pages/${this.#hash}/`;
    const texts = JSON.parse(this.#files.get(`texts/${language}.json`));
    const shell = JSON.parse(this.#files.get(`shell/texts/${language}.json`));
    const modules = [...this.#files.keys()].filter((name) => name.endsWith(".js")).sort().map((name) => `\n<link rel="modulepreload" href="${files}${name}">`).join("");
    return this.#files.get("shell/document.html").toString().replace(/\{\{([a-z.-]+)\}\}/g, (_, key) => ({ language, languages: "en de", facts: "", modules, files })[key] ?? texts[key] ?? shell[key]);
  }

  #headers() {
    const files = `${this.address}/pages/${this.#hash}/`;
    return {
      "Content-Security-Policy": `default-src 'none'; script-src ${files}; style-src ${files}; img-src ${files}; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'`,
      "X-Content-Type-Options": "nosniff",
      "X-Frame-Options": "DENY",
      "Referrer-Policy": "no-referrer",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Resource-Policy": "same-origin",
    };
  }

  async #serve(request, response) {
    const { pathname } = new URL(request.url, this.address);
    const chunks = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }

    const text = Buffer.concat(chunks).toString();
    this.requests.push({ line: `${request.method} ${pathname}`, body: text, headers: request.headers });
    if (this.extra.has(pathname)) {
      const [type, content] = this.extra.get(pathname);
      response.writeHead(200, { "Content-Type": type }).end(content);
    } else if (pathname.startsWith(`/pages/${this.#hash}/`)) {
      const name = pathname.slice(`/pages/${this.#hash}/`.length);
      const content = this.#files.get(name);
      response.writeHead(content ? 200 : 404, { ...this.#headers(), "Content-Type": TYPES[name.split(".").pop()] ?? "text/plain", "Cache-Control": "public, max-age=31536000, immutable" }).end(content);
    } else if (pathname.startsWith(AUTH)) {
      this.#api(request, pathname.slice(AUTH.length), text, response);
    } else {
      const language = /^de\b/.test(request.headers["accept-language"] ?? "") ? "de" : "en";
      response.writeHead(200, { ...this.#headers(), "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" }).end(this.#document(language));
    }
  }

  // :: Accounts
  #api(request, path, text, response) {
    let answer;
    try {
      answer = this.#answer(`${request.method} ${path}`, text ? JSON.parse(text) : {}, request.headers);
    } catch (error) {
      answer = error instanceof Refused ? error.answer : [500, { code: 500, errno: 999, error: "Error", message: error.stack }];
    }

    const [status, body] = Array.isArray(answer) && typeof answer[0] === "number" ? answer : [200, answer];
    response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" }).end(JSON.stringify(body));
  }

  #answer(line, body, headers) {
    if (this.instead.has(line)) {
      const answer = this.instead.get(line);
      this.instead.delete(line);
      return answer;
    }

    const open = OPEN[line] ?? (line.startsWith("GET /oauth/client/") ? does.client : undefined);
    if (open) {
      return open.call(this, body, headers, line.split("/").pop());
    }

    const [kind, action] = WITH[line] ?? refuse(404, 116, "no such endpoint");
    return action.call(this, body, this.#credential(headers, kind));
  }

  #credential({ authorization = "" }, kind) {
    const token = this.#tokens.get(authorization.replace(/^Bearer fx[a-z]+_/, ""));
    if (token?.kind !== kind) {
      refuse(401, 110, "no such credential");
    }

    if (kind !== "sessionToken") {
      this.#tokens.delete(token.id);
    }

    return token;
  }

  #token(kind, account, more = {}) {
    const token = hex();
    const derived = derive(Buffer.from(token, "hex"), kind, 96);
    const id = derived.toString("hex", 0, 32);
    this.#tokens.set(id, { kind, id, account, rest: derived.subarray(64), ...more });
    return token;
  }

  #session(account, { name = "Chromium", verified = account.verified && !account.totp?.on } = {}) {
    const client = { clientId: null, deviceId: null, sessionTokenId: hex(), refreshTokenId: null, deviceType: "desktop", name, scope: null, createdTime: Date.now(), lastAccessTime: Date.now(), userAgent: "Chromium", os: "Linux", location: {} };
    account.clients.push(client);
    const sessionToken = this.#token("sessionToken", account, { verified, client });
    const why = verified ? {} : account.verified ? { verificationMethod: "totp-2fa", verificationReason: "login" } : { verificationMethod: "email-otp", verificationReason: "signup" };
    return { uid: account.uid, email: account.email, sessionToken, keyFetchToken: this.#token("keyFetchToken", account), authAt: 1, verified, emailVerified: account.verified, sessionVerified: verified, metricsEnabled: false, ...why };
  }

  #mail(account) {
    account.code = String(Math.floor(Math.random() * 1e8)).padStart(8, "0");
    this.mails.push({ email: account.email, code: account.code });
  }

  #check(account, authPW) {
    return account?.authPW === authPW ? account : refuse(400, 103, "Incorrect address or password");
  }

  create({ email, authPW, clientSalt, invitation }) {
    if (this.#accounts.has(email)) {
      refuse(400, 101, "exists");
    }

    if (!this.registration.mayRegister && invitation !== "welcome") {
      refuse(403, 207, "closed");
    }

    const account = this.addAccount(email, { authPW, clientSalt });
    account.verified = !this.verifies;
    if (this.verifies) {
      this.#mail(account);
    }

    return this.#session(account);
  }

  logIn({ email, authPW }) {
    return this.#session(this.#check(this.#accounts.get(email), authPW));
  }

  salt({ email }) {
    return { currentVersion: "v2", upgradeNeeded: false, clientSalt: this.#accounts.get(email)?.clientSalt ?? `${NAMES}quickStretchV2:${createHash("md5").update(email).digest("hex")}` };
  }

  keys(_, { account, rest }) {
    const derived = derive(rest, "account/keys", 96);
    const hidden = Buffer.from(account.kA + account.wrapKb, "hex").map((byte, i) => byte ^ derived[32 + i]);
    return { bundle: Buffer.concat([hidden, createHmac("sha256", derived.subarray(0, 32)).update(hidden).digest()]).toString("hex") };
  }

  reauthenticate({ authPW }, { account, verified }) {
    this.#check(account, authPW);
    return { uid: account.uid, email: account.email, keyFetchToken: this.#token("keyFetchToken", account), verified };
  }

  verifyCode({ code }, session) {
    if (session.account.code !== code) {
      refuse(400, 105, "wrong code");
    }

    session.account.verified = true;
    session.verified = true;
    return {};
  }

  resend(_, { account }) {
    this.#mail(account);
    return {};
  }

  verifyTotp({ code }, session) {
    if (code !== TOTP_CODE) {
      refuse(400, 183, "wrong code");
    }

    session.verified = true;
    return { success: true };
  }

  verifyRecoveryCode({ code }, session) {
    const codes = session.account.totp.codes;
    if (!codes.includes(code)) {
      refuse(400, 156, "wrong code");
    }

    session.account.totp.codes = codes.filter((other) => other !== code);
    session.verified = true;
    return { remaining: codes.length - 1 };
  }

  status(_, { account, verified }) {
    return { email: account.email, verified, emailVerified: account.verified, sessionVerified: verified };
  }

  endSession(_, session) {
    this.#tokens.delete(session.id);
    session.account.clients = session.account.clients.filter((client) => client !== session.client);
    return {};
  }

  scopedKeyData(_, { account }) {
    return { [SYNC]: { identifier: SYNC, keyRotationSecret: "0".repeat(64), keyRotationTimestamp: account.created } };
  }

  authorize(request, { verified }) {
    if (!verified) {
      refuse(400, 138, "not verified");
    }

    const client = this.clients.get(request.client_id);
    const redirect = client ? `${client.redirect_uri}?code=c0de&state=${request.state}` : "urn:ietf:wg:oauth:2.0:oob:oauth-redirect-webchannel";
    return { code: hex(), state: request.state, redirect };
  }

  client(_, __, id) {
    return this.clients.get(id) ?? refuse(400, 162, "unknown client");
  }

  attached(_, { account, client }) {
    return account.clients.map((one) => ({ ...one, isCurrentSession: one === client }));
  }

  endClient(ids, { account }) {
    account.clients = account.clients.filter((client) => !Object.entries(ids).every(([name, value]) => client[name] === value));
    return {};
  }

  startChange({ oldAuthPW }, { account }) {
    this.#check(account, oldAuthPW);
    return { uid: account.uid, keyFetchToken: this.#token("keyFetchToken", account), passwordChangeToken: this.#token("passwordChangeToken", account), verified: true };
  }

  finishChange({ authPW, wrapKb, clientSalt }, { account }) {
    Object.assign(account, { authPW, wrapKb, clientSalt, clients: [] });
    return this.#session(account, { verified: true });
  }

  sendOtp({ email }) {
    const account = this.#accounts.get(email);
    account && this.#mail(account);
    return {};
  }

  #right(account, more = {}) {
    return { accountResetToken: this.#token("accountResetToken", account, { keeps: more.keepsData }), uid: account.uid, email: account.email, secondFactor: Boolean(account.totp?.on), keepsData: false, ...more };
  }

  useOtp({ email, code }) {
    const account = this.#accounts.get(email);
    return account?.code === code ? this.#right(account) : refuse(400, 105, "wrong code");
  }

  useLink({ token }) {
    const account = this.#resets.get(token) ?? refuse(400, 105, "used");
    this.#resets.delete(token);
    return this.#right(account);
  }

  useRecoveryKey({ email, recoveryKeyId, totpCode, recoveryCode }) {
    const { recovery, ...account } = this.#accounts.get(email) ?? {};
    if (recovery?.id !== recoveryKeyId) {
      refuse(400, 159, "wrong");
    }

    if (account.totp?.on && !totpCode && !recoveryCode) {
      refuse(400, 160, "second factor");
    }

    return this.#right(this.#accounts.get(account.email), { keepsData: true, recoveryData: recovery.data, secondFactor: false });
  }

  reset({ authPW, clientSalt, wrapKb }, { account, keeps }) {
    if (Boolean(keeps) !== (wrapKb !== undefined)) {
      refuse(400, 107, "wrapKb");
    }

    Object.assign(account, { authPW, clientSalt, wrapKb: wrapKb ?? hex(), recovery: null, clients: [], created: keeps ? account.created : Date.now() });
    return this.#session(account, { verified: true });
  }

  setRecoveryKey({ recoveryKeyId, recoveryData, authPW }, { account }) {
    this.#check(account, authPW);
    account.recovery = { id: recoveryKeyId, data: recoveryData, at: Date.now() };
    return {};
  }

  hasRecoveryKey(_, { account }) {
    return account.recovery ? { exists: true, createdAt: account.recovery.at } : { exists: false };
  }

  endRecoveryKey({ authPW }, { account }) {
    this.#check(account, authPW);
    account.recovery = null;
    return {};
  }

  hasTotp(_, { account }) {
    return { exists: account.totp !== null && account.totp.on, verified: Boolean(account.totp?.on) };
  }

  newTotp({ authPW }, { account }) {
    this.#check(account, authPW);
    const secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    account.totp = { on: false, codes: [] };
    return { secret, uri: `otpauth://totp/${this.address.slice(7)}:${account.email}?secret=${secret}&issuer=${this.address.slice(7)}` };
  }

  #codes(account) {
    account.totp.codes = Array.from({ length: 8 }, () => hex(5));
    return { recoveryCodes: account.totp.codes };
  }

  confirmTotp({ code }, { account }) {
    if (code !== TOTP_CODE) {
      refuse(400, 183, "wrong");
    }

    account.totp.on = true;
    return this.#codes(account);
  }

  endTotp({ authPW }, { account }) {
    this.#check(account, authPW);
    account.totp = null;
    return {};
  }

  newCodes({ authPW }, { account }) {
    this.#check(account, authPW);
    return this.#codes(account);
  }

  codes(_, { account }) {
    return { hasBackupCodes: true, count: account.totp.codes.length };
  }

  appPasswords(_, { account }) {
    return account.appPasswords;
  }

  newAppPassword({ name, authPW }, { account }) {
    this.#check(account, authPW);
    const made = { id: randomUUID(), name, scope: "kinto", createdTime: Date.now(), lastAccessTime: null };
    account.appPasswords.push(made);
    return { id: made.id, name, scope: "kinto", user: account.email, password: "7K3M-Q9TZ-8WAH-2C4D-VX6P-0BNE-R5JG-YF1S" };
  }

  endAppPassword({ id }, { account }) {
    account.appPasswords = account.appPasswords.filter((one) => one.id !== id);
    return {};
  }

  exportData({ authPW }, { account }) {
    this.#check(account, authPW);
    return { url: `${this.address}/auth/v1/account/export/${hex()}`, expires: 600 };
  }

  destroy({ authPW }, { account }) {
    this.#check(account, authPW);
    this.#accounts.delete(account.email);
    return {};
  }
}

const { prototype: does } = FakeServer;

const OPEN = {
  "GET /account/registration": function () {
    return this.registration;
  },
  "POST /account/credentials/status": does.salt,
  "POST /account/create": does.create,
  "POST /account/login": does.logIn,
  "POST /password/forgot/send_otp": does.sendOtp,
  "POST /password/forgot/verify_otp": does.useOtp,
  "POST /password/forgot/use_link": does.useLink,
  "POST /recoveryKey/use": does.useRecoveryKey,
};

const S = "sessionToken";
const WITH = {
  "GET /account/keys": ["keyFetchToken", does.keys],
  "POST /account/reset": ["accountResetToken", does.reset],
  "POST /password/change/finish": ["passwordChangeToken", does.finishChange],
  "POST /session/reauth": [S, does.reauthenticate],
  "POST /session/destroy": [S, does.endSession],
  "POST /session/verify_code": [S, does.verifyCode],
  "POST /session/resend_code": [S, does.resend],
  "POST /session/verify/totp": [S, does.verifyTotp],
  "POST /session/verify/recoveryCode": [S, does.verifyRecoveryCode],
  "GET /recovery_email/status": [S, does.status],
  "POST /account/scoped-key-data": [S, does.scopedKeyData],
  "POST /oauth/authorization": [S, does.authorize],
  "GET /account/attached_clients": [S, does.attached],
  "POST /account/attached_client/destroy": [S, does.endClient],
  "POST /password/change/start": [S, does.startChange],
  "POST /recoveryKey": [S, does.setRecoveryKey],
  "POST /recoveryKey/exists": [S, does.hasRecoveryKey],
  "DELETE /recoveryKey": [S, does.endRecoveryKey],
  "GET /totp/exists": [S, does.hasTotp],
  "POST /totp/create": [S, does.newTotp],
  "POST /totp/setup/complete": [S, does.confirmTotp],
  "POST /totp/destroy": [S, does.endTotp],
  "POST /recoveryCodes": [S, does.newCodes],
  "GET /recoveryCodes/exists": [S, does.codes],
  "GET /account/app_passwords": [S, does.appPasswords],
  "POST /account/app_passwords": [S, does.newAppPassword],
  "POST /account/app_passwords/destroy": [S, does.endAppPassword],
  "POST /account/export": [S, does.exportData],
  "POST /account/destroy": [S, does.destroy],
};

class Refused extends Error {
  constructor(status, errno, message) {
    super(message);
    this.answer = [status, { code: status, errno, error: "Refused", message }];
  }
}

function refuse(status, errno, message) {
  throw new Refused(status, errno, message);
}

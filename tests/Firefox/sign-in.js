// The script of the account server's page. `signIn` does what the page of an account server does: it signs in there, makes the key of
// Sync from the password, and hands both to Firefox, the key so that only this Firefox can read it.
"use strict";

const NAMES = "identity.mozilla.com/picl/v1/";
const SYNC = "https://identity.mozilla.com/apps/oldsync";
const AUTH = `${location.origin}/auth/v1`;

const bytes = (text) => new TextEncoder().encode(text);
const hex = (data) => Array.from(new Uint8Array(data), (byte) => byte.toString(16).padStart(2, "0")).join("");
const fromHex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
const base64 = (data) => btoa(String.fromCharCode(...new Uint8Array(data)));
const base64Url = (data) => base64(data).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const fromBase64Url = (text) => atob(text.replaceAll("-", "+").replaceAll("_", "/"));
const xor = (one, other) => one.map((byte, i) => byte ^ other[i]);
const sha256 = async (data) => new Uint8Array(await crypto.subtle.digest("SHA-256", data));

async function derive(secret, purpose, length) {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const algorithm = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: bytes(NAMES + purpose) };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, 8 * length));
}

async function hmac(secret, data) {
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, data));
}

async function stretch(email, password) {
  const key = await crypto.subtle.importKey("raw", bytes(password), "PBKDF2", false, ["deriveBits"]);
  const algorithm = { name: "PBKDF2", hash: "SHA-256", salt: bytes(`${NAMES}quickStretch:${email}`), iterations: 1000 };
  const stretched = await crypto.subtle.deriveBits(algorithm, key, 256);
  return { authPW: hex(await derive(stretched, "authPW", 32)), unwrapKeyB: await derive(stretched, "unwrapBkey", 32) };
}

/** A request to the account server; with a token, signed by it. */
async function ask(method, path, body, token) {
  const text = body && JSON.stringify(body);
  const headers = body ? { "Content-Type": "application/json" } : {};
  if (token) {
    const { pathname, hostname, port } = new URL(AUTH + path);
    const derived = await derive(fromHex(token.value), token.kind, 96);
    const ts = Math.floor(Date.now() / 1000);
    const nonce = hex(crypto.getRandomValues(new Uint8Array(6)));
    const hash = body ? base64(await sha256(bytes(`hawk.1.payload\napplication/json\n${text}\n`))) : "";
    const mac = base64(await hmac(derived.slice(32, 64), bytes(`hawk.1.header\n${ts}\n${nonce}\n${method}\n${pathname}\n${hostname}\n${port}\n${hash}\n\n`)));
    headers.Authorization = `Hawk id="${hex(derived.slice(0, 32))}", ts="${ts}", nonce="${nonce}", ${hash && `hash="${hash}", `}mac="${mac}"`;
  }

  const response = await fetch(AUTH + path, { method, headers, body: text });
  const answer = await response.json();
  if (!response.ok) {
    throw new Error(`${method} ${path}: ${response.status} ${answer.message}`);
  }

  return answer;
}

/** Says something to Firefox and returns what it answers. */
function tell(command, data) {
  const messageId = crypto.randomUUID();
  const { promise, resolve, reject } = Promise.withResolvers();
  window.addEventListener("WebChannelMessageToContent", function listen({ detail: { message } }) {
    if (message?.messageId === messageId) {
      window.removeEventListener("WebChannelMessageToContent", listen);
      message.data?.error ? reject(new Error(`${command}: ${JSON.stringify(message.data.error)}`)) : resolve(message.data);
    }
  });
  const detail = JSON.stringify({ id: "account_updates", message: { command, data, messageId } });
  window.dispatchEvent(new CustomEvent("WebChannelMessageToChrome", { detail }));
  return promise;
}

async function fetchKeyB(keyFetchToken, unwrapKeyB) {
  const { bundle } = await ask("GET", "/account/keys", undefined, { value: keyFetchToken, kind: "keyFetchToken" });
  const rest = (await derive(fromHex(keyFetchToken), "keyFetchToken", 96)).slice(64);
  const derived = await derive(rest, "account/keys", 96);
  const hidden = fromHex(bundle).slice(0, 64);
  if (hex(await hmac(derived.slice(0, 32), hidden)) !== bundle.slice(128)) {
    throw new Error("Somebody changed the keys.");
  }

  return xor(xor(hidden, derived.slice(32)).slice(32), unwrapKeyB);
}

async function syncKey(keyB, time) {
  const fingerprint = (await sha256(keyB)).slice(0, 16);
  return { kty: "oct", scope: SYNC, kid: `${time}-${base64Url(fingerprint)}`, k: base64Url(await derive(keyB, "oldsync", 64)) };
}

/** A JWE of ECDH-ES and A256GCM, without names of the parties. */
async function encryptFor({ kty, crv, x, y }, content) {
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const own = await crypto.subtle.generateKey(curve, true, ["deriveBits"]);
  const theirs = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, curve, false, []);
  const shared = new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, own.privateKey, 256));
  const number = (value) => [0, 0, 0, value];
  const info = [...number(1), ...shared, ...number(7), ...bytes("A256GCM"), ...number(0), ...number(0), 0, 0, 1, 0];
  const key = await crypto.subtle.importKey("raw", await sha256(Uint8Array.from(info)), "AES-GCM", false, ["encrypt"]);
  const epk = await crypto.subtle.exportKey("jwk", own.publicKey);
  const header = base64Url(bytes(JSON.stringify({ alg: "ECDH-ES", enc: "A256GCM", epk: { kty: epk.kty, crv: epk.crv, x: epk.x, y: epk.y } })));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const encrypted = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bytes(header) }, key, bytes(JSON.stringify(content)));
  return `${header}..${base64Url(iv)}.${base64Url(encrypted.slice(0, -16))}.${base64Url(encrypted.slice(-16))}`;
}

/** @param {"create"|"login"} how With a new account or one that is there. */
async function signIn(how, email, password) {
  // What Firefox has put into the page's address.
  const asked = Object.fromEntries(new URLSearchParams(location.search));
  const { capabilities } = await tell("fxaccounts:fxa_status", { service: "sync", context: asked.context, isPairing: false });
  const { authPW, unwrapKeyB } = await stretch(email, password);
  const { uid, sessionToken, keyFetchToken } = await ask("POST", `/account/${how}`, { email, authPW });
  const keyB = await fetchKeyB(keyFetchToken, unwrapKeyB);
  const session = { value: sessionToken, kind: "sessionToken" };
  const { client_id, scope, state, access_type, code_challenge, code_challenge_method } = asked;
  const keyData = await ask("POST", "/account/scoped-key-data", { client_id, scope }, session);
  const keys = { [SYNC]: await syncKey(keyB, keyData[SYNC].keyRotationTimestamp) };
  const keys_jwe = await encryptFor(JSON.parse(fromBase64Url(asked.keys_jwk)), keys);

  await tell("fxaccounts:can_link_account", { email, uid });
  const sync = { offeredEngines: capabilities.engines, declinedEngines: [] };
  await tell("fxaccounts:login", { email, uid, sessionToken, verified: true, services: { sync } });
  const request = { client_id, response_type: "code", state, scope, access_type, code_challenge, code_challenge_method, keys_jwe };
  const { code, redirect } = await ask("POST", "/oauth/authorization", request, session);
  await tell("fxaccounts:oauth_login", { action: "signin", code, state, redirect });
}

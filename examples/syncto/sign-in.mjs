// Signs somebody in at a Lockstep server: OAuth 2 by an authorization code with PKCE (RFC 6749, RFC 7636). Runs in browsers and in Node.
//
// The key of Sync comes along. Whoever asks for it sends a public key in the address (keys_jwk). The server's page, which knows the password,
// encrypts the key of Sync for that one: a compact JWE with ECDH-ES and A256GCM (RFC 7516, RFC 7518). The server hands it on with the tokens
// (keys_jwe), and can read neither.
import { concat, fromBase64, fromUtf8, toBase64Url, utf8 } from "./bytes.mjs";

/** The scope of what a Firefox syncs. */
export const SYNC = "https://identity.mozilla.com/apps/oldsync";

const CURVE = { name: "ECDH", namedCurve: "P-256" };

/**
 * Begins a sign-in.
 *
 * @param {object} options
 * @param {string} options.server   Address of the server: `https://sync.example.org`.
 * @param {string} options.client   Id of the OAuth client in the server's settings.
 * @param {string} options.redirect Where the person comes back to, spelled as it is there.
 * @returns {Promise<{url: string, pending: object}>} Where the person goes, and what `finishSignIn` needs. That has a private key that
 * nobody can export: it stays in memory or in IndexedDB.
 */
export async function beginSignIn({ server, client, redirect }) {
  const origin = server.replace(/\/+$/, "");
  const { privateKey, publicKey } = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", publicKey);
  const [state, verifier] = [random(16), random(32)];
  const query = new URLSearchParams({
    response_type: "code",
    client_id: client,
    redirect_uri: redirect,
    scope: SYNC,
    state,
    code_challenge: toBase64Url(await sha256(utf8(verifier))),
    code_challenge_method: "S256",
    keys_jwk: toBase64Url(utf8(JSON.stringify({ kty, crv, x, y }))),
  });
  return { url: `${origin}/authorization?${query}`, pending: { state, verifier, privateKey, server: origin, client, redirect } };
}

/**
 * Ends it.
 *
 * @param {object} pending From `beginSignIn`.
 * @param {URLSearchParams} answer Of the address that the person came back to.
 * @returns {Promise<{server: string, token: string, key: object}>} What `openFirefoxData` needs. The token is good for 15 minutes, unless
 * the server's settings say otherwise.
 */
export async function finishSignIn(pending, answer) {
  if (answer.get("state") !== pending.state) {
    throw new Error("This answers another sign-in.");
  }

  if (answer.has("error")) {
    throw new Error(answer.get("error") === "access_denied" ? "You did not allow it." : `The server says: ${answer.get("error")}`);
  }

  const response = await fetch(`${pending.server}/auth/v1/oauth/token`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      grant_type: "authorization_code",
      client_id: pending.client,
      code: answer.get("code"),
      code_verifier: pending.verifier,
      redirect_uri: pending.redirect,
    }),
  });
  const tokens = await response.json();
  if (!response.ok) {
    throw new Error(`The server says: ${response.status} ${tokens.message}`);
  }

  if (!tokens.keys_jwe) {
    throw new Error("The key did not come along.");
  }

  const keys = JSON.parse(fromUtf8(await openJwe(tokens.keys_jwe, pending.privateKey)));
  return { server: pending.server, token: tokens.access_token, key: keys[SYNC] };
}

/** What is in a compact JWE that was made for our key. */
export async function openJwe(text, privateKey) {
  const [header, , iv, ciphertext, tag] = text.split(".");
  const { alg, enc, epk } = JSON.parse(fromUtf8(fromBase64(header)));
  if (alg !== "ECDH-ES" || enc !== "A256GCM") {
    throw new Error(`The key comes in a form that is not known here: ${alg}, ${enc}.`);
  }

  const { kty, crv, x, y } = epk;
  const theirs = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, CURVE, false, []);
  const agreed = new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, privateKey, 256));
  const key = await crypto.subtle.importKey("raw", await concatKdf(agreed, enc), "AES-GCM", false, ["decrypt"]);
  const sealed = concat(fromBase64(ciphertext), fromBase64(tag));
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: fromBase64(iv), additionalData: utf8(header), tagLength: 128 }, key, sealed));
}

/** One round of Concat KDF with SHA-256 for 256 bits, where nobody is named (RFC 7518, section 4.6.2). */
function concatKdf(agreed, algorithm) {
  const number = (value) => new Uint8Array([0, 0, value >>> 8, value & 255]);
  const name = utf8(algorithm);
  return sha256(concat(number(1), agreed, number(name.length), name, number(0), number(0), number(256)));
}

const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

const random = (bytes) => toBase64Url(crypto.getRandomValues(new Uint8Array(bytes)));

// The keys that apps get, and how they are handed over so that the server cannot read them.
import { base64url, concat, fromBase64url, fromUtf8, utf8 } from "./bytes.js";
import { NAMES } from "./onepw.js";
import { hkdf, randomBytes, sha256 } from "./primitives.js";

export const SYNC = "https://identity.mozilla.com/apps/oldsync";

const { subtle } = globalThis.crypto;
const CURVE = { name: "ECDH", namedCurve: "P-256" };

/**
 * The key of Sync as a JWK: 32 bytes for AES and 32 for HMAC.
 *
 * @param {Uint8Array} kB
 * @param {number} keyRotationTimestamp Milliseconds since 1970; since when kB is what it is.
 */
export async function syncKey(kB, keyRotationTimestamp) {
  const print = (await sha256(kB)).subarray(0, 16);
  return { kty: "oct", scope: SYNC, k: base64url(await hkdf(kB, `${NAMES}oldsync`, 64)), kid: `${keyRotationTimestamp}-${base64url(print)}` };
}

/**
 * Encrypts keys for the app that asked for them: a compact JWE with ECDH-ES and A256GCM (RFC 7516, RFC 7518).
 *
 * @param {string} keysJwk The app's public key: base64url of a JWK, as it came in the address.
 * @param {object} keys By scope.
 * @param {{ephemeral?: CryptoKeyPair, iv?: Uint8Array}} [fixed] Chance by default.
 */
export async function encryptKeys(keysJwk, keys, fixed = {}) {
  const { kty, crv, x, y } = JSON.parse(fromUtf8(fromBase64url(keysJwk)));
  const theirs = await subtle.importKey("jwk", { kty, crv, x, y }, CURVE, false, []);
  const ours = fixed.ephemeral ?? (await subtle.generateKey(CURVE, true, ["deriveBits"]));
  const agreed = new Uint8Array(await subtle.deriveBits({ name: "ECDH", public: theirs }, ours.privateKey, 256));
  const key = await subtle.importKey("raw", await concatKdf(agreed, "A256GCM"), "AES-GCM", false, ["encrypt"]);
  const epk = await subtle.exportKey("jwk", ours.publicKey);
  // No apu, no apv: Firefox refuses both.
  const header = base64url(utf8(JSON.stringify({ alg: "ECDH-ES", enc: "A256GCM", epk: { kty: epk.kty, crv: epk.crv, x: epk.x, y: epk.y } })));
  const iv = fixed.iv ?? randomBytes(12);
  const sealed = new Uint8Array(await subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8(header), tagLength: 128 }, key, utf8(JSON.stringify(keys))));
  return [header, "", base64url(iv), base64url(sealed.subarray(0, -16)), base64url(sealed.subarray(-16))].join(".");
}

/** One round of Concat KDF with SHA-256 for 256 bits, and nobody named (RFC 7518, section 4.6.2). */
async function concatKdf(agreed, algorithm) {
  const number = (value) => new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value]);
  const name = utf8(algorithm);
  return sha256(concat(number(1), agreed, number(name.length), name, number(0), number(0), number(256)));
}

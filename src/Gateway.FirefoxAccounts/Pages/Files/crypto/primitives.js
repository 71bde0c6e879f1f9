// What all keys here are made with. Each is one call of WebCrypto.
import { utf8 } from "./bytes.js";

const { subtle } = globalThis.crypto;

export const randomBytes = (length) => globalThis.crypto.getRandomValues(new Uint8Array(length));

export const sha256 = async (bytes) => new Uint8Array(await subtle.digest("SHA-256", bytes));

/**
 * HKDF with SHA-256 (RFC 5869).
 *
 * @param {Uint8Array} secret
 * @param {string} info What the bytes are for.
 * @param {number} length Bytes.
 * @param {Uint8Array} [salt] None by default, which is the same as 32 zeros.
 */
export async function hkdf(secret, info, length, salt = new Uint8Array(0)) {
  const key = await subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  return new Uint8Array(await subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info: utf8(info) }, key, length * 8));
}

/** PBKDF2 with HMAC-SHA-256 (RFC 8018), 32 bytes. It runs outside of the page's thread. */
export async function pbkdf2(password, salt, iterations) {
  const key = await subtle.importKey("raw", utf8(password), "PBKDF2", false, ["deriveBits"]);
  return new Uint8Array(await subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: utf8(salt), iterations }, key, 256));
}

export async function hmac(key, bytes) {
  return new Uint8Array(await subtle.sign("HMAC", await hmacKey(key, "sign"), bytes));
}

/** Takes the same time wherever the two differ. */
export async function verifyHmac(key, mac, bytes) {
  return subtle.verify("HMAC", await hmacKey(key, "verify"), mac, bytes);
}

const hmacKey = (key, use) => subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, [use]);

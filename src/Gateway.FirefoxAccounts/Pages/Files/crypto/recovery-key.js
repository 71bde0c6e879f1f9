// A key on paper, with which the account's key can be had again when the password is forgotten.
import { base64url, fromBase64url, fromUtf8, hex, fromHex, utf8 } from "./bytes.js";
import { hkdf, randomBytes } from "./primitives.js";

const { subtle } = globalThis.crypto;

// Crockford's: without I, L, O and U, which are read as other characters or make words.
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BYTES = 20;
const LENGTH = (BYTES * 8) / 5;

/** A new key: 160 random bits, as 32 characters in groups of four. */
export function newRecoveryKey() {
  const bits = Array.from(randomBytes(BYTES), (byte) => byte.toString(2).padStart(8, "0")).join("");
  return group(bits.match(/.{5}/g).map((five) => ALPHABET[Number.parseInt(five, 2)]).join(""));
}

/** As it is shown: `ABCD 1234 …`. */
export const group = (text) => text.match(/.{1,4}/g).join(" ");

/**
 * What somebody typed, in one form.
 *
 * @returns {string|null} 32 characters; null where it cannot be a recovery key.
 */
export function readRecoveryKey(typed) {
  const text = typed.toUpperCase().replace(/[\s-]/g, "").replaceAll("O", "0").replace(/[IL]/g, "1");
  return text.length === LENGTH && [...text].every((character) => ALPHABET.includes(character)) ? text : null;
}

/**
 * @param {string} key As `readRecoveryKey` gives it.
 * @returns {Promise<{id: string, secret: Uint8Array}>} `id` (32 hexadecimal digits) is how the server knows it, `secret` what encrypts.
 */
export async function recoveryKeys(key) {
  const bits = [...key].map((character) => ALPHABET.indexOf(character).toString(2).padStart(5, "0")).join("");
  const bytes = Uint8Array.from(bits.match(/.{8}/g), (eight) => Number.parseInt(eight, 2));
  return { id: hex(await hkdf(bytes, "lockstep/v1/recoveryKeyId", 16)), secret: await hkdf(bytes, "lockstep/v1/recoveryEncrypt", 32) };
}

/** Encrypts kB for whoever has the recovery key: a compact JWE with `dir` and A256GCM. The server keeps it. */
export async function sealKey(kB, { secret }, iv = randomBytes(12)) {
  const header = base64url(utf8(JSON.stringify({ alg: "dir", enc: "A256GCM" })));
  const key = await subtle.importKey("raw", secret, "AES-GCM", false, ["encrypt"]);
  const text = utf8(JSON.stringify({ kB: hex(kB) }));
  const sealed = new Uint8Array(await subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8(header), tagLength: 128 }, key, text));
  return [header, "", base64url(iv), base64url(sealed.subarray(0, -16)), base64url(sealed.subarray(-16))].join(".");
}

/** @returns {Promise<Uint8Array>} kB. Throws where the key is another, or the data was changed. */
export async function unsealKey(sealed, { secret }) {
  const [header, , iv, text, tag] = sealed.split(".");
  const key = await subtle.importKey("raw", secret, "AES-GCM", false, ["decrypt"]);
  const bytes = Uint8Array.from([...fromBase64url(text), ...fromBase64url(tag)]);
  const opened = await subtle.decrypt({ name: "AES-GCM", iv: fromBase64url(iv), additionalData: utf8(header), tagLength: 128 }, key, bytes);
  return fromHex(JSON.parse(fromUtf8(new Uint8Array(opened))).kB);
}

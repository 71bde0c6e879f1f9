// From a password to what the server is shown and what it is not: Mozilla's onepw protocol.
import { hex, fromHex, xor } from "./bytes.js";
import { hkdf, pbkdf2, verifyHmac } from "./primitives.js";

export const NAMES = "identity.mozilla.com/picl/v1/";

/** Rounds of the second form. What a thief of the server's database pays for each guess, beside the server's own hash. */
const ROUNDS = 650_000;

/** What a salt begins with; 32 hexadecimal digits follow. */
export const SALT_PREFIX = `${NAMES}quickStretchV2:`;

/**
 * @param {string} password
 * @param {string} salt The account's, as the server gives it: `identity.mozilla.com/picl/v1/quickStretchV2:` and 32 hexadecimal digits.
 * @returns {Promise<{authPW: string, unwrapBKey: Uint8Array}>} `authPW` (64 hexadecimal digits) proves to the server that somebody knows the
 *   password. `unwrapBKey` (32 bytes) opens the account's key and stays here.
 */
export async function stretch(password, salt) {
  if (!salt.startsWith(SALT_PREFIX)) {
    // A server that says otherwise wants a password that is stretched less.
    throw new Error("The server gave a salt of an unknown form.");
  }

  // One password can be typed as several sequences of code points (RFC 8265, section 4.2.2).
  const stretched = await pbkdf2(password.normalize("NFC"), salt, ROUNDS);
  return { authPW: hex(await hkdf(stretched, `${NAMES}authPW`, 32)), unwrapBKey: await hkdf(stretched, `${NAMES}unwrapBkey`, 32) };
}

/**
 * Of a token that the server gives: how to sign with it, and what else follows from it.
 *
 * @param {string} token 64 hexadecimal digits.
 * @param {"sessionToken"|"keyFetchToken"|"passwordChangeToken"|"accountResetToken"|"passwordForgotToken"} kind
 * @returns {Promise<{id: string, key: Uint8Array, rest: Uint8Array}>} 64 hexadecimal digits, and 32 bytes twice.
 */
export async function tokenKeys(token, kind) {
  const derived = await hkdf(fromHex(token), NAMES + kind, 96);
  return { id: hex(derived.subarray(0, 32)), key: derived.slice(32, 64), rest: derived.slice(64) };
}

/**
 * Opens the bundle that the server answers for a token for keys.
 *
 * @param {string} bundle 192 hexadecimal digits: two hidden keys of 32 bytes, and their MAC.
 * @param {string} keyFetchToken
 * @param {Uint8Array} unwrapBKey From the password.
 * @returns {Promise<Uint8Array>} kB: 32 bytes, from which the keys of all data follow.
 */
export async function openBundle(bundle, keyFetchToken, unwrapBKey) {
  const { rest } = await tokenKeys(keyFetchToken, "keyFetchToken");
  const derived = await hkdf(rest, `${NAMES}account/keys`, 96);
  const bytes = fromHex(bundle);
  const hidden = bytes.subarray(0, 64);
  if (bytes.length !== 96 || !(await verifyHmac(derived.slice(0, 32), bytes.slice(64), hidden))) {
    throw new Error("The server's bundle of keys was changed on its way.");
  }

  return xor(xor(hidden.slice(32, 64), derived.slice(64, 96)), unwrapBKey);
}

/** What the server keeps, so that another password opens the same key. Applied twice it is the key again. */
export const wrapKey = (kB, unwrapBKey) => hex(xor(kB, unwrapBKey));

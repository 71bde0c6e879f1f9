// Bytes and their texts.

export const utf8 = (text) => new TextEncoder().encode(text);

export const fromUtf8 = (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Throws a TypeError where the text is not pairs of hexadecimal digits. */
export function fromHex(text) {
  if (typeof text !== "string" || !/^([0-9a-f]{2})*$/i.test(text)) {
    throw new TypeError("This is not hexadecimal.");
  }

  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

/** Without padding (RFC 7515, section 2). */
export const base64url = (bytes) => base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

/** Throws where the text is not base64url. */
export function fromBase64url(text) {
  if (typeof text !== "string" || !/^[\w-]*$/.test(text)) {
    throw new TypeError("This is not base64url.");
  }

  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
}

export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }

  return whole;
}

/** Throws where the lengths differ. */
export function xor(a, b) {
  if (a.length !== b.length) {
    throw new RangeError("Only bytes of one length can be combined.");
  }

  return a.map((byte, i) => byte ^ b[i]);
}

import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";

const NAMES = "identity.mozilla.com/picl/v1/";

/** `length` bytes that follow from `secret` for one purpose. */
export function derive(secret, purpose, length) {
  return Buffer.from(hkdfSync("sha256", secret, "", NAMES + purpose, length));
}

/** A token as clients get it, and what both sides derive from it: an id, a key for Hawk, and 32 bytes more. */
export function newToken(kind) {
  const token = randomBytes(32);
  const derived = derive(token, kind, 96);
  return { token: token.toString("hex"), id: derived.toString("hex", 0, 32), key: derived.subarray(32, 64), rest: derived.subarray(64) };
}

/** The entry of `tokens` that has signed this request, or undefined. */
export function signerOf({ method, url, headers }, body, tokens) {
  const { id, ts, nonce, hash = "", mac = "" } = Object.fromEntries([...(headers.authorization ?? "").matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
  const signer = tokens.get(id);
  const [host, port = "80"] = headers.host.split(":");
  const type = (headers["content-type"] ?? "").split(";")[0];
  if (!signer || (hash && hash !== createHash("sha256").update(`hawk.1.payload\n${type}\n${body}\n`).digest("base64"))) {
    return undefined;
  }

  const expected = createHmac("sha256", signer.key).update(`hawk.1.header\n${ts}\n${nonce}\n${method}\n${url}\n${host}\n${port}\n${hash}\n\n`).digest();
  const given = Buffer.from(mac, "base64");
  return given.length === expected.length && timingSafeEqual(given, expected) ? signer : undefined;
}

/** What `GET account/keys` answers: both keys, so that only who has the token can read them, and see that nobody changed them. */
export function bundleOf({ keyA, wrappedKeyB }, rest) {
  const derived = derive(rest, "account/keys", 96);
  const hidden = Buffer.concat([keyA, wrappedKeyB]).map((byte, i) => byte ^ derived[32 + i]);
  return Buffer.concat([hidden, createHmac("sha256", derived.subarray(0, 32)).update(hidden).digest()]).toString("hex");
}

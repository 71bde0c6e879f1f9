// Known answers of the account protocol, by Node's own cryptography: node vectors.mjs > Vectors.json
import { createHash, createHmac, hkdfSync, pbkdf2Sync } from "node:crypto";

const NS = "identity.mozilla.com/picl/v1/";
const hex = bytes => Buffer.from(bytes).toString("hex");
const unhex = text => Buffer.from(text, "hex");
const hkdf = (key, info, length) => Buffer.from(hkdfSync("sha256", key, Buffer.alloc(0), NS + info, length));
const fill = value => Buffer.alloc(32, value);
const xor = (a, b) => Buffer.from(a.map((value, i) => value ^ b[i]));

const passwords = [["correct horse", "00112233445566778899aabbccddeeff"], ["pässwörd", "ffffffffffffffffffffffffffffffff"]].map(([password, salt]) => {
  const clientSalt = `${NS}quickStretchV2:${salt}`;
  const stretched = pbkdf2Sync(password, clientSalt, 650000, 32, "sha256");
  return { password, clientSalt, authPW: hex(hkdf(stretched, "authPW", 32)), unwrapBKey: hex(hkdf(stretched, "unwrapBkey", 32)) };
});

const tokens = ["sessionToken", "keyFetchToken", "passwordChangeToken", "accountResetToken"].map((kind, i) => {
  const token = fill(0x10 + i), derived = hkdf(token, kind, 96);
  return { kind, token: hex(token), id: hex(derived.subarray(0, 32)), key: hex(derived.subarray(32, 64)), bundleKey: hex(derived.subarray(64)) };
});

const bundles = [0x40, 0x70].map(start => {
  const bundleKey = fill(start), kA = fill(start + 1), wrapKb = fill(start + 2), keys = hkdf(bundleKey, "account/keys", 96);
  const text = xor(Buffer.concat([kA, wrapKb]), keys.subarray(32));
  return { bundleKey: hex(bundleKey), kA: hex(kA), wrapKb: hex(wrapKb), bundle: hex(Buffer.concat([text, createHmac("sha256", keys.subarray(0, 32)).update(text).digest()])) };
});

const scoped = [0x55].map(value => {
  const kB = fill(value);
  return { kB: hex(kB), k: hkdf(kB, "oldsync", 64).toString("base64url"), fingerprint: createHash("sha256").update(kB).digest().subarray(0, 16).toString("base64url") };
});

const hawk = [["POST", "/auth/v1/account/device?a=b", "accounts.example.org", 443, '{"name":"x"}'], ["GET", "/auth/v1/session/status", "127.0.0.1", 8888, ""]].map(([method, target, host, port, body]) => {
  const key = fill(0x61), ts = 1800000000, nonce = "n0nce";
  const hash = body ? createHash("sha256").update(`hawk.1.payload\napplication/json\n${body}\n`).digest("base64") : "";
  const mac = createHmac("sha256", key).update(`hawk.1.header\n${ts}\n${nonce}\n${method}\n${target}\n${host}\n${port}\n${hash}\n\n`).digest("base64");
  return { method, target, host, port, body, key: hex(key), ts, nonce, hash, mac };
});

console.log(JSON.stringify({ passwords, tokens, bundles, scoped, hawk }, null, 2));

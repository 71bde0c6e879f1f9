// Known answers for the crypto of the pages, by Node's own crypto (OpenSSL), which shares no code with WebCrypto's callers there.
// `npm run vectors` prints them; the file beside this one is what it printed.
import { createCipheriv, createECDH, createHash, createHmac, createPrivateKey, createPublicKey, diffieHellman, hkdfSync, pbkdf2Sync } from "node:crypto";

const NAMES = "identity.mozilla.com/picl/v1/";
const derive = (secret, info, length) => Buffer.from(hkdfSync("sha256", secret, Buffer.alloc(32), info, length));
const sha256 = (bytes) => createHash("sha256").update(bytes).digest();
const hmac = (key, bytes) => createHmac("sha256", key).update(bytes).digest();
const xor = (a, b) => Buffer.from(a.map((byte, i) => byte ^ b[i]));
/** Bytes that are always the same and look like chance. */
const bytes = (name, length = 32) => derive(Buffer.from(name), "vectors", length);

function stretch(password, salt) {
  const stretched = pbkdf2Sync(Buffer.from(password, "utf8"), Buffer.from(salt, "utf8"), 650_000, 32, "sha256");
  return { password, salt, authPW: derive(stretched, `${NAMES}authPW`, 32).toString("hex"), unwrapBKey: derive(stretched, `${NAMES}unwrapBkey`, 32).toString("hex") };
}

function tokenKeys(kind) {
  const token = bytes(kind);
  const derived = derive(token, NAMES + kind, 96);
  return { kind, token: token.toString("hex"), id: derived.toString("hex", 0, 32), key: derived.toString("hex", 32, 64), rest: derived.toString("hex", 64) };
}

function bundle() {
  const { token, rest } = tokenKeys("keyFetchToken");
  const [kA, wrapKb, unwrapBKey] = [bytes("kA"), bytes("wrapKb"), bytes("unwrapBKey")];
  const derived = derive(Buffer.from(rest, "hex"), `${NAMES}account/keys`, 96);
  const hidden = xor(Buffer.concat([kA, wrapKb]), derived.subarray(32));
  return {
    keyFetchToken: token,
    unwrapBKey: unwrapBKey.toString("hex"),
    wrapKb: wrapKb.toString("hex"),
    bundle: Buffer.concat([hidden, hmac(derived.subarray(0, 32), hidden)]).toString("hex"),
    kB: xor(wrapKb, unwrapBKey).toString("hex"),
  };
}

function syncKey() {
  const kB = bytes("kB");
  const timestamp = 1795306919696;
  return {
    kB: kB.toString("hex"),
    keyRotationTimestamp: timestamp,
    k: derive(kB, `${NAMES}oldsync`, 64).toString("base64url"),
    kid: `${timestamp}-${sha256(kB).subarray(0, 16).toString("base64url")}`,
  };
}

function jwkPair(name) {
  const curve = createECDH("prime256v1");
  const d = bytes(name);
  curve.setPrivateKey(d);
  const point = curve.getPublicKey();
  const jwk = { kty: "EC", crv: "P-256", x: point.subarray(1, 33).toString("base64url"), y: point.subarray(33).toString("base64url") };
  return { ...jwk, d: d.toString("base64url") };
}

function sealed(header, key, iv, text) {
  const protectedHeader = Buffer.from(JSON.stringify(header)).toString("base64url");
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  cipher.setAAD(Buffer.from(protectedHeader));
  const out = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return [protectedHeader, "", iv.toString("base64url"), out.toString("base64url"), cipher.getAuthTag().toString("base64url")].join(".");
}

function jwe() {
  const [app, ephemeral] = [jwkPair("app"), jwkPair("ephemeral")];
  const agreed = diffieHellman({ privateKey: createPrivateKey({ key: ephemeral, format: "jwk" }), publicKey: createPublicKey({ key: app, format: "jwk" }) });
  const number = (value) => Buffer.from([0, 0, value >> 8, value & 255]);
  const name = Buffer.from("A256GCM");
  const key = sha256(Buffer.concat([number(1), agreed, number(name.length), name, number(0), number(0), number(256)]));
  const iv = bytes("iv", 12);
  const keys = { "https://identity.mozilla.com/apps/oldsync": { kty: "oct", scope: "https://identity.mozilla.com/apps/oldsync", k: "a", kid: "1-b" } };
  const { kty, crv, x, y } = ephemeral;
  return {
    app,
    ephemeral,
    iv: iv.toString("hex"),
    keysJwk: Buffer.from(JSON.stringify({ crv: app.crv, ext: true, key_ops: [], kty: app.kty, x: app.x, y: app.y })).toString("base64url"),
    keys,
    jwe: sealed({ alg: "ECDH-ES", enc: "A256GCM", epk: { kty, crv, x, y } }, key, iv, JSON.stringify(keys)),
  };
}

function recovery() {
  const key = bytes("recovery", 20);
  const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  let number = BigInt(`0x${key.toString("hex")}`);
  let text = "";
  for (let i = 0; i < 32; i++) {
    text = alphabet[Number(number & 31n)] + text;
    number >>= 5n;
  }

  const secret = derive(key, "lockstep/v1/recoveryEncrypt", 32);
  const iv = bytes("recovery iv", 12);
  const kB = bytes("kB").toString("hex");
  return { key: text, id: derive(key, "lockstep/v1/recoveryKeyId", 16).toString("hex"), secret: secret.toString("hex"), iv: iv.toString("hex"), kB, data: sealed({ alg: "dir", enc: "A256GCM" }, secret, iv, JSON.stringify({ kB })) };
}

const salt = (name) => `${NAMES}quickStretchV2:${bytes(name, 16).toString("hex")}`;
const vectors = {
  stretch: [stretch("correct horse battery", salt("a")), stretch("Pässword ☃ 🔑", salt("b")), stretch("", salt("c"))],
  tokens: ["sessionToken", "keyFetchToken", "passwordChangeToken", "accountResetToken"].map(tokenKeys),
  bundle: bundle(),
  syncKey: syncKey(),
  jwe: jwe(),
  recovery: recovery(),
};
process.stdout.write(`${JSON.stringify(vectors, undefined, 2)}\n`);

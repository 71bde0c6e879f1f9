import assert from "node:assert/strict";
import { createDecipheriv } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { load } from "./modules.mjs";

const vectors = JSON.parse(await readFile(new URL("vectors/vectors.json", import.meta.url), "utf8"));
const { fromHex, hex } = await load("crypto/bytes.js");
const onepw = await load("crypto/onepw.js");
const scoped = await load("crypto/scoped-keys.js");
const recovery = await load("crypto/recovery-key.js");

for (const { password, salt, authPW, unwrapBKey } of vectors.stretch) {
  test(`stretch_${JSON.stringify(password)}_GivesTheKnownKeys`, async () => {
    const keys = await onepw.stretch(password, salt);
    assert.deepEqual({ authPW: keys.authPW, unwrapBKey: hex(keys.unwrapBKey) }, { authPW, unwrapBKey });
  });
}

test("stretch_OnePasswordInTwoFormsOfUnicode_GivesOneKey", async () => {
  const { salt } = vectors.stretch[1];
  const [composed, decomposed] = await Promise.all([onepw.stretch("P\u00e4ssword", salt), onepw.stretch("Pa\u0308ssword", salt)]);
  assert.equal(composed.authPW, decomposed.authPW);
});

test("stretch_SaltOfTheWeakForm_IsRefused", async () => {
  await assert.rejects(onepw.stretch("password", "identity.mozilla.com/picl/v1/quickStretch:a@example.org"), /unknown form/);
});

for (const { kind, token, id, key, rest } of vectors.tokens) {
  test(`tokenKeys_${kind}_AreTheKnownOnes`, async () => {
    const keys = await onepw.tokenKeys(token, kind);
    assert.deepEqual([keys.id, hex(keys.key), hex(keys.rest)], [id, key, rest]);
  });
}

test("openBundle_KnownBundle_GivesKB", async () => {
  const { bundle, keyFetchToken, unwrapBKey, kB } = vectors.bundle;
  assert.equal(hex(await onepw.openBundle(bundle, keyFetchToken, fromHex(unwrapBKey))), kB);
});

test("openBundle_OneBitIsAnother_IsRefused", async () => {
  const { bundle, keyFetchToken, unwrapBKey } = vectors.bundle;
  for (const at of [0, 127, 128, 191]) {
    const changed = bundle.slice(0, at) + (bundle[at] === "0" ? "1" : "0") + bundle.slice(at + 1);
    await assert.rejects(onepw.openBundle(changed, keyFetchToken, fromHex(unwrapBKey)), /changed/, `at ${at}`);
  }

  await assert.rejects(onepw.openBundle(bundle.slice(2), keyFetchToken, fromHex(unwrapBKey)), /changed/);
});

test("wrapKey_OfKB_IsWhatTheServerKeeps", () => {
  const { kB, unwrapBKey, wrapKb } = vectors.bundle;
  assert.equal(onepw.wrapKey(fromHex(kB), fromHex(unwrapBKey)), wrapKb);
});

test("syncKey_OfKB_IsTheKnownJwk", async () => {
  const { kB, keyRotationTimestamp, k, kid } = vectors.syncKey;
  assert.deepEqual(await scoped.syncKey(fromHex(kB), keyRotationTimestamp), { kty: "oct", scope: scoped.SYNC, k, kid });
});

test("encryptKeys_KnownEphemeralKey_GivesTheKnownJwe", async () => {
  const { ephemeral, iv, keysJwk, keys, jwe } = vectors.jwe;
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const { d, ...point } = ephemeral;
  const pair = {
    privateKey: await crypto.subtle.importKey("jwk", ephemeral, curve, false, ["deriveBits"]),
    publicKey: await crypto.subtle.importKey("jwk", point, curve, true, []),
  };
  assert.equal(await scoped.encryptKeys(keysJwk, keys, { ephemeral: pair, iv: fromHex(iv) }), jwe);
});

test("encryptKeys_Twice_IsNeverTheSame", async () => {
  const { keysJwk, keys } = vectors.jwe;
  const [a, b] = (await Promise.all([scoped.encryptKeys(keysJwk, keys), scoped.encryptKeys(keysJwk, keys)])).map((jwe) => jwe.split("."));
  assert.equal(a.length, 5);
  assert.equal(a[1], "");
  [0, 2, 3, 4].forEach((part) => assert.notEqual(a[part], b[part], `part ${part}`));
});

test("encryptKeys_PointThatIsNotOnTheCurve_IsRefused", async () => {
  const bad = Buffer.from(JSON.stringify({ kty: "EC", crv: "P-256", x: "AAAA", y: "AAAA" })).toString("base64url");
  await assert.rejects(scoped.encryptKeys(bad, {}));
});

test("recoveryKeys_KnownKey_AreTheKnownOnes", async () => {
  const { key, id, secret } = vectors.recovery;
  const keys = await recovery.recoveryKeys(key);
  assert.deepEqual([keys.id, hex(keys.secret)], [id, secret]);
});

test("sealKey_KnownKey_GivesTheKnownData_AndBack", async () => {
  const { kB, secret, iv, data } = vectors.recovery;
  assert.equal(await recovery.sealKey(fromHex(kB), { secret: fromHex(secret) }, fromHex(iv)), data);
  assert.equal(hex(await recovery.unsealKey(data, { secret: fromHex(secret) })), kB);
});

test("unsealKey_AnotherKeyOrChangedData_IsRefused", async () => {
  const { secret, data } = vectors.recovery;
  await assert.rejects(recovery.unsealKey(data, { secret: fromHex(secret.replace(/^./, (digit) => (digit === "0" ? "1" : "0"))) }), { name: "OperationError" });
  const parts = data.split(".");
  parts[3] = (parts[3][0] === "A" ? "B" : "A") + parts[3].slice(1);
  await assert.rejects(recovery.unsealKey(parts.join("."), { secret: fromHex(secret) }), { name: "OperationError" });
});

test("newRecoveryKey_IsReadBack_HoweverItIsTyped", () => {
  const shown = recovery.newRecoveryKey();
  const key = recovery.readRecoveryKey(shown);
  assert.match(shown, /^([0-9A-HJKMNP-TV-Z]{4} ){7}[0-9A-HJKMNP-TV-Z]{4}$/);
  assert.equal(recovery.readRecoveryKey(shown.toLowerCase().replaceAll(" ", "-")), key);
  assert.equal(recovery.readRecoveryKey(shown.replaceAll("0", "O").replaceAll("1", "l")), key);
  assert.notEqual(recovery.newRecoveryKey(), shown);
});

test("readRecoveryKey_WhatIsNone_IsNull", () => {
  for (const typed of ["", "ABCD", "U".repeat(32), "A".repeat(33), "ä".repeat(32)]) {
    assert.equal(recovery.readRecoveryKey(typed), null, typed);
  }
});

test("fromHex_WhatIsNone_IsRefused", () => {
  for (const text of ["0", "zz", "0x00", " 00", undefined]) {
    assert.throws(() => fromHex(text), TypeError, text);
  }
});

// What the pages encrypt can be read without them.
test("sealKey_IsReadByAnotherImplementation", async () => {
  const { secret, kB } = vectors.recovery;
  const [header, , iv, text, tag] = (await recovery.sealKey(fromHex(kB), { secret: fromHex(secret) })).split(".");
  const decipher = createDecipheriv("aes-256-gcm", Buffer.from(secret, "hex"), Buffer.from(iv, "base64url"));
  decipher.setAAD(Buffer.from(header)).setAuthTag(Buffer.from(tag, "base64url"));
  assert.equal(decipher.update(Buffer.from(text, "base64url"), undefined, "utf8") + decipher.final("utf8"), JSON.stringify({ kB }));
});

// What kinto.js needs for Firefox's data on a Lockstep server: who asks, for which bucket, and Sync's encryption. Runs in browsers and in Node.
//
// Sync's encryption: each record's payload is {"ciphertext","IV","hmac"}. The ciphertext is AES-256-CBC, in base64; the HMAC is
// SHA-256 over that base64 text, in hex. The keys are in the record crypto/keys, which is encrypted the same way with the key of the account.

import { fromBase64, fromUtf8, toBase64, utf8 } from "./bytes.mjs";

/**
 * Opens a user's data.
 *
 * @param {object} options
 * @param {string} options.server Address of the server: `https://sync.example.org`.
 * @param {string} options.token  An access token with the scope of Sync.
 * @param {object} options.key    The account's key for that scope, a JWK: `k` has the 64 bytes, `kid` names them.
 * @returns Options for `new Kinto(…)`, and for `.collection(name, …)` a function of the collection's name.
 */
export async function openFirefoxData({ server, token, key }) {
  const remote = `${server.replace(/\/+$/, "")}/syncto/v1`;
  // As the server's TokenServer has it: when the key was made, and its fingerprint. The fingerprint in hex is the bucket.
  const fingerprint = fromBase64(key.kid.slice(key.kid.indexOf("-") + 1));
  const bucket = [...fingerprint].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const headers = { Authorization: `Bearer ${token}`, "X-KeyID": key.kid };

  const response = await fetch(`${remote}/buckets/${bucket}/collections/crypto/records/keys`, { headers });
  if (!response.ok) {
    throw new Error(response.status === 404 ? "No Firefox has synced with this key yet." : `The server says: ${response.status} ${await response.text()}`);
  }

  const { data } = await response.json();
  const account = fromBase64(key.k);
  const keys = await decrypt(await importKeys(account.subarray(0, 32), account.subarray(32)), data.payload);
  const keysOf = async (name) => {
    const [encryption, signing] = keys.collections?.[name] ?? keys.default;
    return importKeys(fromBase64(encryption), fromBase64(signing));
  };

  return {
    client: { remote, bucket, headers },
    collection: async (name) => ({ idSchema, remoteTransformers: [transformer(await keysOf(name))] }),
  };
}

/** Ids as Firefox makes them: 9 random bytes. Those that are there are taken as they are. */
const idSchema = {
  generate: () => toBase64(crypto.getRandomValues(new Uint8Array(9))).replaceAll("+", "-").replaceAll("/", "_"),
  validate: (id) => typeof id === "string" && /^[ -~]{1,64}$/.test(id),
};

/** From what a page works with to what the server stores, and back. */
export function transformer(keys) {
  return {
    async encode({ id, last_modified, _status, sortindex, ...cleartext }) {
      if (_status === "deleted") {
        // Firefox learns of a deletion by a record that says so. What the server never had needs none.
        return last_modified === undefined
          ? { id, _status }
          : { id, last_modified, _status: "updated", payload: await encrypt(keys, { id, deleted: true }) };
      }

      const payload = await encrypt(keys, { id, ...cleartext });
      return { id, last_modified, _status, payload, ...(sortindex !== undefined && { sortindex }) };
    },

    async decode({ payload, ...record }) {
      if (payload === undefined) {
        return record;
      }

      const { id, ...cleartext } = await decrypt(keys, payload);
      if (id !== record.id) {
        // Somebody with access to the server has put one record in the place of another.
        throw new Error(`The record ${record.id} says that it is ${id}.`);
      }

      return cleartext.deleted ? { id, last_modified: record.last_modified, deleted: true } : { ...cleartext, ...record };
    },
  };
}

export async function importKeys(encryption, signing) {
  const hmac = { name: "HMAC", hash: "SHA-256" };
  return {
    encryption: await crypto.subtle.importKey("raw", encryption, "AES-CBC", false, ["encrypt", "decrypt"]),
    signing: await crypto.subtle.importKey("raw", signing, hmac, false, ["sign", "verify"]),
  };
}

export async function encrypt({ encryption, signing }, cleartext) {
  const iv = crypto.getRandomValues(new Uint8Array(16));
  const ciphertext = toBase64(new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CBC", iv }, encryption, utf8(JSON.stringify(cleartext)))));
  const hmac = new Uint8Array(await crypto.subtle.sign("HMAC", signing, utf8(ciphertext)));
  return JSON.stringify({ ciphertext, IV: toBase64(iv), hmac: [...hmac].map((byte) => byte.toString(16).padStart(2, "0")).join("") });
}

export async function decrypt({ encryption, signing }, payload) {
  const { ciphertext, IV, hmac } = JSON.parse(payload);
  const mac = Uint8Array.from(hmac.match(/../g) ?? [], (digits) => parseInt(digits, 16));
  if (!(await crypto.subtle.verify("HMAC", signing, mac, utf8(ciphertext)))) {
    throw new Error("A record was changed by somebody who does not have the key, or is encrypted with another.");
  }

  return JSON.parse(fromUtf8(await crypto.subtle.decrypt({ name: "AES-CBC", iv: fromBase64(IV) }, encryption, fromBase64(ciphertext))));
}

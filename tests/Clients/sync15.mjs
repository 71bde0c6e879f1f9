import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";

export const SCOPE = "https://identity.mozilla.com/apps/oldsync";

/** An account server whose access tokens are not signed: the server under test asks it whose they are. */
export async function startAccounts() {
  const users = new Map();
  const http = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }

    const user = users.get(JSON.parse(Buffer.concat(chunks)).token);
    response.writeHead(user ? 200 : 400, { "Content-Type": "application/json" });
    response.end(JSON.stringify(user ? { user, scope: [SCOPE], generation: 1_000 } : { code: 400, errno: 108 }));
  });
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${http.address().port}`;
  return {
    settings: {
      "sync15:token-secrets": randomBytes(32).toString("hex"),
      "sync15:issuer:name": "https://accounts.example.org",
      "sync15:issuer:verify-url": `${url}/verify`,
      "sync15:registration": "Open",
    },

    /** Somebody who has signed in: an access token, and the key of the account. */
    newUser() {
      const [token, kB] = [randomBytes(32).toString("hex"), randomBytes(32)];
      users.set(token, `user${users.size}`);
      const fingerprint = createHash("sha256").update(kB).digest().subarray(0, 16);
      const k = Buffer.from(hkdfSync("sha256", kB, "", "identity.mozilla.com/picl/v1/oldsync", 64));
      return { token, key: { kty: "oct", scope: SCOPE, k: k.toString("base64url"), kid: `1000-${fingerprint.toString("base64url")}` } };
    },

    stop() {
      http.closeAllConnections();
      return new Promise((resolve) => http.close(resolve));
    },
  };
}

/**
 * A device that speaks Sync 1.5 and encrypts as Firefox does. It shares nothing with the server, nor with the example that is tested
 * against it.
 */
export class SyncDevice {
  #address;
  #token;
  #account;
  #keys;

  /** Signs in. The first device of a user makes the keys that records are encrypted with. */
  static async signIn(address, user) {
    const device = new SyncDevice();
    const response = await fetch(`${address}/1.0/sync/1.5`, { headers: { Authorization: `Bearer ${user.token}`, "X-KeyID": user.key.kid } });
    if (response.status !== 200) {
      throw new Error(`No token: ${response.status} ${await response.text()}`);
    }

    device.#token = await response.json();
    device.#address = device.#token.api_endpoint;
    const account = Buffer.from(user.key.k, "base64url");
    device.#account = [account.subarray(0, 32), account.subarray(32)];
    const stored = await device.request("GET", "/storage/crypto/keys");
    if (stored.status === 404) {
      device.#keys = [randomBytes(32), randomBytes(32)];
      const keys = { id: "keys", collection: "crypto", collections: {}, default: device.#keys.map((key) => key.toString("base64")) };
      await device.#put("crypto", "keys", seal(device.#account, keys));
    } else {
      device.#keys = unseal(device.#account, stored.body.payload).default.map((key) => Buffer.from(key, "base64"));
    }

    return device;
  }

  async put(collection, record, more = {}) {
    await this.#put(collection, record.id, seal(this.#keys, record), more);
  }

  /** All that is there, decrypted. */
  async list(collection) {
    const { status, body } = await this.request("GET", `/storage/${collection}?full=1&sort=oldest`);
    if (status !== 200) {
      throw new Error(`No list: ${status}`);
    }

    return body.map(({ id, payload, sortindex }) => ({ ...unseal(this.#keys, payload), ...(sortindex !== undefined && { sortindex }), storedAs: id }));
  }

  async remove(collection, id) {
    const { status } = await this.request("DELETE", `/storage/${collection}/${encodeURIComponent(id)}`);
    if (status !== 200) {
      throw new Error(`Not removed: ${status}`);
    }
  }

  async request(method, path, body) {
    const url = new URL(this.#address + path);
    const [ts, nonce] = [Math.floor(Date.now() / 1000), randomBytes(6).toString("hex")];
    const text = `hawk.1.header\n${ts}\n${nonce}\n${method}\n${url.pathname}${url.search}\n${url.hostname}\n${url.port}\n\n\n`;
    const mac = createHmac("sha256", this.#token.key).update(text).digest("base64");
    const response = await fetch(url, {
      method,
      headers: {
        Authorization: `Hawk id="${this.#token.id}", ts="${ts}", nonce="${nonce}", mac="${mac}"`,
        ...(body !== undefined && { "Content-Type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  }

  async #put(collection, id, payload, more) {
    const { status, body } = await this.request("PUT", `/storage/${collection}/${encodeURIComponent(id)}`, { id, payload, ...more });
    if (status !== 200) {
      throw new Error(`Not written: ${status} ${body}`);
    }
  }
}

function seal([encryption, signing], cleartext) {
  const iv = randomBytes(16);
  const cipher = createCipheriv("aes-256-cbc", encryption, iv);
  const ciphertext = Buffer.concat([cipher.update(JSON.stringify(cleartext)), cipher.final()]).toString("base64");
  return JSON.stringify({ ciphertext, IV: iv.toString("base64"), hmac: createHmac("sha256", signing).update(ciphertext).digest("hex") });
}

function unseal([encryption, signing], payload) {
  const { ciphertext, IV, hmac } = JSON.parse(payload);
  if (createHmac("sha256", signing).update(ciphertext).digest("hex") !== hmac) {
    throw new Error("The HMAC is another.");
  }

  const cipher = createDecipheriv("aes-256-cbc", encryption, Buffer.from(IV, "base64"));
  return JSON.parse(Buffer.concat([cipher.update(Buffer.from(ciphertext, "base64")), cipher.final()]));
}

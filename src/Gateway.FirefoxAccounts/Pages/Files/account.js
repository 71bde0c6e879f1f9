// An account, as the page has it while it is open: in memory alone, and gone with the page.
import * as api from "./api.js";
import { hex } from "./crypto/bytes.js";
import { openBundle, SALT_PREFIX, stretch, wrapKey } from "./crypto/onepw.js";
import { randomBytes } from "./crypto/primitives.js";
import { newRecoveryKey, readRecoveryKey, recoveryKeys, sealKey, unsealKey } from "./crypto/recovery-key.js";
import { encryptKeys, syncKey, SYNC } from "./crypto/scoped-keys.js";

/** A salt for a new password. */
const newSalt = () => SALT_PREFIX + hex(randomBytes(16));

/** What the server is shown of a password, and what opens the key. */
async function stretched(email, password) {
  return stretch(password, (await api.saltOf(email)).clientSalt);
}

/** What the server is shown of a password. */
export const proofOf = async (email, password) => (await stretched(email, password)).authPW;

/** Somebody who has signed in. */
export class Account {
  #keyFetchToken;
  #unwrapBKey;
  #key;

  /** @param {object} answer The server's, after a sign-in; or what Firefox says of who is signed in there. */
  constructor({ uid, email, sessionToken, keyFetchToken, verified = true, verificationMethod }, unwrapBKey) {
    this.uid = uid;
    this.email = email;
    this.token = sessionToken;
    this.verified = verified;
    this.verificationMethod = verificationMethod;
    this.#keyFetchToken = keyFetchToken;
    this.#unwrapBKey = unwrapBKey;
  }

  static async create(email, password, invitation) {
    const clientSalt = newSalt();
    const { authPW, unwrapBKey } = await stretch(password, clientSalt);
    const answer = await api.create({ email, authPW, clientSalt, ...(invitation && { invitation }) });
    return new Account({ email, ...answer }, unwrapBKey);
  }

  static async signIn(email, password) {
    const { authPW, unwrapBKey } = await stretched(email, password);
    return new Account({ email, ...(await api.signIn(email, authPW)) }, unwrapBKey);
  }

  /** Whether the page knows the password of the moment, and so can have the key. */
  get canHaveKey() {
    return this.#key !== undefined || this.#unwrapBKey !== undefined;
  }

  /** The key of all data, kB. The token for it is good once. */
  async key() {
    this.#key ??= openBundle((await api.keyBundle(this.#keyFetchToken)).bundle, this.#keyFetchToken, this.#unwrapBKey);
    return this.#key;
  }

  /** Says the password again, after which the page can have the key. */
  async unlock(password) {
    const { authPW, unwrapBKey } = await stretched(this.email, password);
    const { keyFetchToken } = await api.reauthenticate(this.token, this.email, authPW);
    this.#keyFetchToken = keyFetchToken;
    this.#unwrapBKey = unwrapBKey;
    this.#key = undefined;
    return authPW;
  }

  /**
   * Lets an app in.
   *
   * @param {URLSearchParams} flow What the app asks for.
   * @returns {Promise<{code: string, state: string, redirect: string}>}
   */
  async authorize(flow) {
    const scope = flow.get("scope") ?? "";
    const request = { client_id: flow.get("client_id"), response_type: flow.get("response_type") ?? "code", state: flow.get("state"), scope };
    for (const name of ["access_type", "code_challenge", "code_challenge_method", "redirect_uri"]) {
      if (flow.has(name)) {
        request[name] = flow.get(name);
      }
    }

    if (flow.has("keys_jwk") && scope.split(" ").includes(SYNC)) {
      const data = (await api.scopedKeyData(this.token, request.client_id, scope))[SYNC];
      if (data) {
        request.keys_jwe = await encryptKeys(flow.get("keys_jwk"), { [SYNC]: await syncKey(await this.key(), data.keyRotationTimestamp) });
      }
    }

    return api.authorize(this.token, request);
  }

  /** Another password for the same key. All other sessions end, and this one is another. */
  async changePassword(from, to) {
    const before = await stretched(this.email, from);
    const start = await api.startPasswordChange(this.token, this.email, before.authPW);
    const key = await openBundle((await api.keyBundle(start.keyFetchToken)).bundle, start.keyFetchToken, before.unwrapBKey);
    const clientSalt = newSalt();
    const after = await stretch(to, clientSalt);
    const answer = await api.finishPasswordChange(start.passwordChangeToken, { authPW: after.authPW, wrapKb: wrapKey(key, after.unwrapBKey), clientSalt });
    return new Account({ uid: this.uid, email: this.email, ...answer }, after.unwrapBKey);
  }

  /** A new recovery key in place of the one before. It is here alone, and only now. */
  async newRecoveryKey(password) {
    const authPW = await this.unlock(password);
    const shown = newRecoveryKey();
    const keys = await recoveryKeys(readRecoveryKey(shown));
    await api.setRecoveryKey(this.token, keys.id, await sealKey(await this.key(), keys), authPW);
    return shown;
  }
}

/** The right to set another password, and what that does to the data. */
export class Reset {
  #token;
  #key;

  /** @param {object} answer The server's. @param {Uint8Array} [key] kB, where the recovery key has opened it. */
  constructor({ accountResetToken, uid, email, secondFactor, keepsData }, key) {
    this.#token = accountResetToken;
    this.#key = key;
    this.uid = uid;
    this.email = email;
    this.secondFactor = secondFactor;
    this.keepsData = keepsData;
  }

  /**
   * @param {string} key As `readRecoveryKey` gives it.
   * @param {{totpCode: string}|{recoveryCode: string}|{}} secondFactor The server says when it needs one.
   */
  static async byRecoveryKey(email, key, secondFactor = {}) {
    const keys = await recoveryKeys(key);
    const answer = await api.useRecoveryKey(email, keys.id, secondFactor);
    return new Reset(answer, await unsealKey(answer.recoveryData, keys));
  }

  static byCode = async (email, code) => new Reset(await api.useResetCode(email, code));

  static byLink = async (token) => new Reset(await api.useResetLink(token));

  /** @param {{totpCode: string}|{recoveryCode: string}|{}} secondFactor */
  async setPassword(password, secondFactor) {
    const clientSalt = newSalt();
    const { authPW, unwrapBKey } = await stretch(password, clientSalt);
    const kept = this.keepsData ? { wrapKb: wrapKey(this.#key, unwrapBKey) } : {};
    const answer = await api.reset(this.#token, { authPW, clientSalt, ...kept, ...secondFactor });
    return new Account({ uid: this.uid, email: this.email, ...answer }, unwrapBKey);
  }
}

// What is asked of the account server, as docs/protocol/firefox-accounts.md has it.
import { tokenKeys } from "./crypto/onepw.js";

const ROOT = new URL("/auth/v1/", location.origin);

/** For each kind of token what stands before its id in a Bearer. */
const BEARERS = { sessionToken: "fxs_", keyFetchToken: "fxk_", passwordChangeToken: "fxpc_", accountResetToken: "fxar_" };

/** The server's "no", by its number. */
export class Refusal extends Error {
  constructor(status, { errno, message, retryAfter } = {}) {
    super(message ?? `The server answered ${status}.`);
    this.status = status;
    this.errno = errno;
    this.retryAfter = retryAfter;
  }
}

/** The server was not reached, or what answered was not it. */
export class Unreachable extends Error {}

/**
 * @param {string} method
 * @param {string} path Below `/auth/v1/`.
 * @param {object} [body] For all but GET; `{}` where there is nothing to say.
 * @param {{kind: string, token: string}} [credential] `kind` as in BEARERS.
 */
export async function ask(method, path, body, credential) {
  const headers = {};
  if (credential) {
    headers.Authorization = `Bearer ${BEARERS[credential.kind]}${(await tokenKeys(credential.token, credential.kind)).id}`;
  }

  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
  }

  let response;
  let answer;
  try {
    response = await fetch(new URL(path, ROOT), {
      method,
      headers,
      body: body && JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
    });
    answer = await response.json();
  } catch (error) {
    throw new Unreachable(error.message);
  }

  if (!response.ok) {
    throw new Refusal(response.status, answer);
  }

  return answer;
}

const get = (path, credential) => ask("GET", path, undefined, credential);
const post = (path, body = {}, credential) => ask("POST", path, body, credential);
const of = (kind) => (token) => ({ kind, token });
const session = of("sessionToken");
const withKeys = "?keys=true";

// :: Without a session
export const registration = () => get("account/registration");
export const saltOf = (email) => post("account/credentials/status", { email });
export const create = (account) => post(`account/create${withKeys}`, account);
export const signIn = (email, authPW) => post(`account/login${withKeys}`, { email, authPW });
export const keyBundle = (keyFetchToken) => get("account/keys", of("keyFetchToken")(keyFetchToken));
export const sendResetCode = (email) => post("password/forgot/send_otp", { email });
export const useResetCode = (email, code) => post("password/forgot/verify_otp", { email, code });
export const useResetLink = (token) => post("password/forgot/use_link", { token });
export const useRecoveryKey = (email, recoveryKeyId, secondFactor) => post("recoveryKey/use", { email, recoveryKeyId, ...secondFactor });
export const reset = (resetToken, change) => post(`account/reset${withKeys}`, change, of("accountResetToken")(resetToken));
export const client = (id) => get(`oauth/client/${encodeURIComponent(id)}`);

// :: With one. It need not be verified
export const sessionStatus = (token) => get("session/status", session(token));
export const addressStatus = (token) => get("recovery_email/status", session(token));
export const reauthenticate = (token, email, authPW) => post(`session/reauth${withKeys}`, { email, authPW }, session(token));
export const endSession = (token) => post("session/destroy", {}, session(token));
export const verifyMailedCode = (token, code) => post("session/verify_code", { code }, session(token));
export const resendCode = (token) => post("session/resend_code", {}, session(token));
export const verifySecondFactor = (token, code) => post("session/verify/totp", { code }, session(token));
export const verifyRecoveryCode = (token, code) => post("session/verify/recoveryCode", { code }, session(token));
export const hasSecondFactor = (token) => get("totp/exists", session(token));

// :: With a verified one
export const scopedKeyData = (token, clientId, scope) => post("account/scoped-key-data", { client_id: clientId, scope }, session(token));
export const authorize = (token, request) => post("oauth/authorization", request, session(token));
export const clients = (token) => get("account/attached_clients", session(token));
export const endClient = (token, ids) => post("account/attached_client/destroy", ids, session(token));
export const startPasswordChange = (token, email, oldAuthPW) => post("password/change/start", { email, oldAuthPW }, session(token));
export const finishPasswordChange = (changeToken, change) => post(`password/change/finish${withKeys}`, change, of("passwordChangeToken")(changeToken));
export const appPasswords = (token) => get("account/app_passwords", session(token));
export const newAppPassword = (token, name, authPW) => post("account/app_passwords", { name, authPW }, session(token));
export const endAppPassword = (token, id) => post("account/app_passwords/destroy", { id }, session(token));
export const hasRecoveryKey = (token) => post("recoveryKey/exists", {}, session(token));
export const setRecoveryKey = (token, recoveryKeyId, recoveryData, authPW) => post("recoveryKey", { recoveryKeyId, recoveryData, authPW }, session(token));
export const endRecoveryKey = (token, authPW) => ask("DELETE", "recoveryKey", { authPW }, session(token));
export const newSecondFactor = (token, authPW) => post("totp/create", { authPW }, session(token));
export const confirmSecondFactor = (token, code) => post("totp/setup/complete", { code }, session(token));
export const endSecondFactor = (token, authPW) => post("totp/destroy", { authPW }, session(token));
export const newRecoveryCodes = (token, authPW) => post("recoveryCodes", { authPW }, session(token));
export const recoveryCodes = (token) => get("recoveryCodes/exists", session(token));
export const exportData = (token, authPW) => post("account/export", { authPW }, session(token));
export const deleteAccount = (token, email, authPW) => post("account/destroy", { email, authPW }, session(token));

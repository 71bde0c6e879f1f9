// What is asked of the server, in JSON below `/admin/api/`. The session is a cookie that no script sees.
import { indented } from "./stored.js";

/** The path of the server's root: what stands before `pages/HASH/` in the address of this file. */
export const ROOT = new URL("../../", import.meta.url).pathname;

const API = `${ROOT}admin/api/`;

/** The server's "no", by its word. */
export class Refusal extends Error {
  constructor(status, { error, message, field } = {}, retryAfter = null) {
    super(message ?? `${status}`);
    this.status = status;
    this.word = error ?? `${status}`;
    this.field = field;
    this.retryAfter = retryAfter;
  }
}

/** The server was not reached, or what answered was not it. */
export class Unreachable extends Error {
  word = "unreachable";
}

/**
 * @param {string} method
 * @param {string} path Below `/admin/api/`.
 * @param {{query?: object, body?: object, match?: number, stored?: string}} [options] Members of `query` that are null are left out. `match` is the stamp that what is changed must
 * still have. `stored` names a member of the answer that is given as indented text, with all digits of its numbers.
 * @returns What the server answers; null for nothing.
 */
export async function ask(method, path, { query = {}, body, match, stored } = {}) {
  const url = new URL(API + path, location.origin);
  Object.entries(query).forEach(([name, value]) => value !== null && value !== undefined && url.searchParams.set(name, value));
  const headers = {};
  if (method !== "GET") {
    // No page of another origin can send it.
    headers["Lockstep-Console"] = "1";
  }

  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
  }

  if (match !== undefined) {
    headers["If-Match"] = `"${match}"`;
  }

  let response;
  let answer = null;
  try {
    response = await fetch(url, {
      method,
      headers,
      body: body && JSON.stringify(body),
      cache: "no-store",
      credentials: "same-origin",
      redirect: "error",
      referrerPolicy: "no-referrer",
    });
    const text = await response.text();
    answer = response.status === 204 ? null : JSON.parse(text);
    if (response.ok && stored !== undefined) {
      answer[stored] = indented(text, stored);
    }
  } catch (error) {
    throw new Unreachable(error.message);
  }

  if (!response.ok) {
    throw new Refusal(response.status, answer, Number(response.headers.get("Retry-After")) || null);
  }

  return answer;
}

/** A path of ids that may have anything in them. */
export const path = (strings, ...ids) => String.raw({ raw: strings }, ...ids.map(encodeURIComponent));

/** Who has signed in; null for nobody. */
export const session = async () => {
  const user = await ask("GET", "session");
  return user.account === null ? null : user;
};
export const signIn = (account, password) => ask("POST", "session", { body: { account, password } });
export const signOut = () => ask("DELETE", "session");
export const makeFirst = (link, account, password) => ask("POST", "first-administrator", { body: { link, account, password } });
export const makeInvited = (invitation, account, password) => ask("POST", "invitation", { body: { invitation, account, password } });

// :: A user's own
export const usage = () => ask("GET", "usage");
export const buckets = (after) => ask("GET", "buckets", { query: { after } });
export const bucket = (id, after) => ask("GET", path`buckets/${id}`, { query: { after }, stored: "data" });
export const removeBucket = (id, match) => ask("DELETE", path`buckets/${id}`, { match });
export const records = (bucket, collection, after) => ask("GET", path`buckets/${bucket}/collections/${collection}`, { query: { after } });
export const removeCollection = (bucket, collection, match) => ask("DELETE", path`buckets/${bucket}/collections/${collection}`, { match });
export const record = (bucket, collection, id) => ask("GET", path`buckets/${bucket}/collections/${collection}/records/${id}`, { stored: "data" });
export const removeRecord = (bucket, collection, id, match) => ask("DELETE", path`buckets/${bucket}/collections/${collection}/records/${id}`, { match });
export const changePassword = (password, next) => ask("POST", "account/password", { body: { password, new: next } });
export const deleteAccount = (password) => ask("POST", "account/deletion", { body: { password } });

/** Where an export is fetched. */
export const EXPORT = `${API}export`;

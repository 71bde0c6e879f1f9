import assert from "node:assert/strict";

const SAFE_METHODS = ["GET", "HEAD", "POST"];
const SAFE_HEADERS = ["accept", "accept-language", "content-language"];
const READABLE = ["cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma"];

/**
 * A `fetch` under the rules of CORS, as a page of another origin has it: it asks before what is not simple, refuses what
 * was not allowed, and hides the headers that are not exposed.
 */
export function browserFetch(origin) {
  return async (url, request = {}) => {
    const method = request.method ?? "GET";
    const headers = new Headers(request.headers);
    const asked = [...headers.keys()].filter((name) => !SAFE_HEADERS.includes(name)).sort();
    if (!SAFE_METHODS.includes(method) || asked.length > 0) {
      await preflight(url, origin, method, asked);
    }

    headers.set("Origin", origin);
    const { mode, ...rest } = request;
    const response = await fetch(url, { ...rest, headers });
    assertOrigin(response, origin);
    const exposed = list(response, "Access-Control-Expose-Headers");
    const readable = [...response.headers].filter(([name]) => READABLE.includes(name) || exposed.includes(name));
    const body = [204, 304].includes(response.status) ? null : await response.arrayBuffer();
    return new Response(body, { status: response.status, statusText: response.statusText, headers: readable });
  };
}

async function preflight(url, origin, method, headers) {
  const response = await fetch(url, {
    method: "OPTIONS",
    headers: {
      Origin: origin,
      "Access-Control-Request-Method": method,
      ...(headers.length > 0 && { "Access-Control-Request-Headers": headers.join(",") }),
    },
  });
  await response.arrayBuffer();
  if (!response.ok) {
    throw new TypeError(`The preflight of ${method} ${url} was answered with ${response.status}.`);
  }

  assertOrigin(response, origin);
  const methods = list(response, "Access-Control-Allow-Methods");
  if (!SAFE_METHODS.includes(method) && !methods.includes(method.toLowerCase())) {
    throw new TypeError(`${method} ${url} is not among the allowed methods.`);
  }

  const allowed = list(response, "Access-Control-Allow-Headers");
  const refused = headers.filter((name) => !allowed.includes(name));
  if (refused.length > 0) {
    throw new TypeError(`${refused} of ${method} ${url} are not among the allowed headers.`);
  }
}

function assertOrigin(response, origin) {
  const allowed = response.headers.get("Access-Control-Allow-Origin");
  assert.ok(allowed === "*" || allowed === origin, `Origin ${origin} is not allowed: ${allowed}`);
}

function list(response, header) {
  return (response.headers.get(header) ?? "").split(",").map((item) => item.trim().toLowerCase());
}

import { createServer } from "node:http";
import Provider from "oidc-provider";

export const CLIENT = { client_id: "kinto", client_secret: "s3cr3t of the client" };
const RESOURCE = "urn:kinto";

/** A real provider of OpenID Connect, where whoever comes is signed in at once as `account`. */
export class OpenIdProvider {
  /** Who signs in next. */
  account = "alice";

  /** How it makes access tokens: `jwt` or `opaque`. */
  format = "jwt";

  #http = createServer((request, response) => this.#answer(request, response));
  #provider;

  async listen() {
    await new Promise((resolve) => this.#http.listen(0, "127.0.0.1", resolve));
    this.issuer = `http://127.0.0.1:${this.#http.address().port}`;
    return this;
  }

  /** @param {string} redirectUri Where it leads back to. */
  serve(redirectUri) {
    this.#provider = new Provider(this.issuer, {
      clients: [{ ...CLIENT, redirect_uris: [redirectUri] }],
      claims: { openid: ["sub"], email: ["email", "email_verified"] },
      pkce: { required: () => true },
      cookies: { keys: ["of these tests"] },
      findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.org`, email_verified: true }) }),
      features: {
        devInteractions: { enabled: false },
        introspection: { enabled: true },
        revocation: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => RESOURCE,
          useGrantedResource: () => true,
          getResourceServerInfo: () => ({ scope: "notes", audience: "kinto", accessTokenTTL: 300, accessTokenFormat: this.format, jwt: { sign: { alg: "RS256" } } }),
        },
      },
    });
  }

  async revoke(token) {
    const response = await fetch(`${this.issuer}/token/revocation`, {
      method: "POST",
      headers: { Authorization: `Basic ${btoa(`${CLIENT.client_id}:${encodeURIComponent(CLIENT.client_secret).replaceAll("%20", "+")}`)}` },
      body: new URLSearchParams({ token }),
    });
    if (!response.ok) {
      throw new Error(`Not revoked: ${response.status} ${await response.text()}`);
    }
  }

  async close() {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  async #answer(request, response) {
    if (!request.url.startsWith("/interaction/")) {
      this.#provider.callback()(request, response);
      return;
    }

    // What a person would do on the provider's pages.
    const { params } = await this.#provider.interactionDetails(request, response);
    const grant = new this.#provider.Grant({ accountId: this.account, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    grant.addResourceScope(RESOURCE, "notes");
    await this.#provider.interactionFinished(request, response, { login: { accountId: this.account }, consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: false });
  }
}

/** Follows redirects as a browser does, with cookies by origin, until they leave for somewhere else. */
export async function browse(url, until) {
  const jars = new Map();
  for (let hops = 0; hops < 20; hops++) {
    const { origin } = new URL(url);
    const jar = jars.get(origin) ?? new Map();
    jars.set(origin, jar);
    const response = await fetch(url, { redirect: "manual", headers: { Cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; ") } });
    for (const cookie of response.headers.getSetCookie()) {
      const [name, value] = cookie.split(";")[0].split(/=(.*)/s);
      jar.set(name, value);
    }

    const location = response.headers.get("location");
    if (location === null) {
      throw new Error(`${response.status} ${await response.text()}`);
    }

    await response.arrayBuffer();
    url = new URL(location, url).href;
    if (url.startsWith(until)) {
      return url;
    }
  }

  throw new Error(`No end of redirects at ${url}`);
}

/** As kinto-admin reads what is behind its callback: src/components/homepage/AuthCallback.tsx. */
export function readToken(text) {
  const standard = decodeURIComponent(text).replace(/-/g, "+").replace(/_/g, "/");
  return JSON.parse(atob(standard));
}

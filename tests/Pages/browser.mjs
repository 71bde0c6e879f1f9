// Chromium without a window, and the Firefox that it plays where a page talks to one.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

/** The one without anything around the page takes half the CPU. */
const PROGRAMS = [process.env.LOCKSTEP_CHROMIUM, "/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export const startChromium = () =>
  chromium.launch({ executablePath: PROGRAMS.find((program) => program && existsSync(program)), args: ["--no-sandbox", "--disable-dev-shm-usage"] });

const USER_AGENTS = {
  desktop: "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
  android: "Mozilla/5.0 (Android 15; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0",
  ios: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/153.0 Mobile/15E148 Safari/605.1.15",
};

/**
 * A page in a context of its own. Whatever it writes into the console as an error, every violation of a policy, and every error that
 * nobody caught are in `page.faults`.
 */
export async function openPage(browser, options = {}, dialect) {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 390, height: 844 }, ...(dialect && { userAgent: USER_AGENTS[dialect.kind] }), ...options });
  const page = await context.newPage();
  page.faults = [];
  page.on("console", (message) => message.type() === "error" && !/status of (4|5)\d\d/.test(message.text()) && page.faults.push(message.text()));
  page.on("pageerror", (error) => page.faults.push(`${error}`));
  await page.addInitScript(() => document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => console.error(`policy: ${violatedDirective} ${blockedURI}`)));
  if (dialect) {
    await page.addInitScript(playFirefox, dialect);
  }

  return page;
}

export const noFaults = (page) => assert.deepEqual(page.faults, []);

/** What a Firefox of that kind does with messages. What it was told is in `window.told`. Runs in the page. */
export function playFirefox({ kind, user = null, active = true, refuses = false }) {
  const engines = ["bookmarks", "history", "passwords", "tabs", "addons", "prefs", "creditcards"];
  const isDesktop = kind === "desktop";
  const ANSWERS = {
    "fxaccounts:fxa_status": () =>
      isDesktop
        ? { signedInUser: user, clientId: "5882386c6d801776", capabilities: { multiService: true, pairing: true, choose_what_to_sync: true, keys_optional: true, can_link_account_uid: true, engines } }
        : kind === "android"
          ? { signedInUser: user, capabilities: { choose_what_to_sync: true, can_link_account_uid: true, engines, pairingVersion: 2 } }
          : { capabilities: user ? {} : { choose_what_to_sync: true, engines }, ...(user && { signedInUser: user }) },
    "fxaccounts:can_link_account": () => ({ ok: !refuses }),
    ...(isDesktop && {
      "fxaccounts:login": () => ({ ok: true }),
      "fxaccounts:oauth_login": () => ({ ok: true }),
      "fxaccounts:oauth_flow_is_active": () => ({ isActive: active }),
      "fxaccounts:oauth_flow_begin": () => JSON.parse(sessionStorage.getItem("flow")),
      "fxaccounts:logout": () => ({ ok: true }),
      "fxaccounts:delete": () => ({ ok: true }),
      "fxaccounts:change_password": () => ({ ok: true }),
      "fxaccounts:sync_preferences": () => ({ ok: true }),
    }),
  };
  window.told = [];
  window.addEventListener("WebChannelMessageToChrome", ({ detail }) => {
    const isText = typeof detail === "string";
    if (isText === (kind === "ios")) {
      return;
    }

    const { id, message } = isText ? JSON.parse(detail) : detail;
    const { command, data, messageId } = message;
    window.told.push({ command, data });
    const answer = ANSWERS[command];
    if (id !== "account_updates" || (kind === "ios" && !/^\d+$/.test(messageId)) || !answer) {
      return;
    }

    const reply = { id, message: { command, messageId: kind === "ios" ? Number(messageId) : messageId, data: answer(data) } };
    window.dispatchEvent(new CustomEvent("WebChannelMessageToContent", { detail: isDesktop ? reply : JSON.stringify(reply) }));
  });
}

/** What a Firefox puts behind the address that it opens, and the private half of its key. */
export async function newFlow(extra = {}) {
  const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
  const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const flow = {
    context: "oauth_webchannel_v1",
    entrypoint: "test",
    action: "email",
    service: "sync",
    client_id: "5882386c6d801776",
    response_type: "code",
    access_type: "offline",
    scope: "https://identity.mozilla.com/apps/oldsync profile",
    state: "c3RhdGVzdGF0ZXN0YXRlc3Q",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
    keys_jwk: Buffer.from(JSON.stringify(jwk)).toString("base64url"),
    ...extra,
  };
  return { pair, flow, search: `?${new URLSearchParams(flow)}` };
}

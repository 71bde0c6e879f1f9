// Firefox itself, where the page is shown in one: a channel of messages between the two, in the dialect of each Firefox.
import { SYNC } from "./crypto/scoped-keys.js";

const CHANNEL = "account_updates";
const CONTEXT = "oauth_webchannel_v1";

/** A Firefox answers at once, unless this page is not the one that it was told of. */
const GREETING_MS = 5_000;

/** Firefox may ask its user something before it answers, and syncs what it has to before that. */
const ANSWER_MS = 300_000;

/** Firefox has said no, or nothing. */
export class BrowserError extends Error {}

/**
 * | | desktop | Android | iOS |
 * |---|---|---|---|
 * | to Firefox | text | text | object |
 * | from Firefox | object | text | text |
 * | messageId | any text | any text | digits; comes back as a number |
 * | `login`, `oauth_login` | answered | not answered | not answered |
 * | which data to sync | in `login` | in `oauth_login` | in `oauth_login` |
 */
export class Browser {
  #asksAsObject = /\bFxiOS\//.test(navigator.userAgent);
  #waiting = new Map();
  #sent = 0;
  #status;

  constructor() {
    window.addEventListener("WebChannelMessageToContent", (event) => this.#receive(event.detail));
  }

  /**
   * The Firefox that shows the page. Another browser would never answer, so it is not asked, and nobody waits.
   *
   * @param {boolean} isFirefoxFlow Whether a Firefox has opened the page, whatever it calls itself.
   * @returns {Promise<Browser|null>} Null for another browser, and for a Firefox that was told of another address.
   */
  static async find(isFirefoxFlow, service = "sync") {
    if (!isFirefoxFlow && !/\b(Firefox|FxiOS)\//.test(navigator.userAgent)) {
      return null;
    }

    const browser = new Browser();
    try {
      browser.#status = await browser.#ask("fxaccounts:fxa_status", { service, context: CONTEXT, isPairing: false }, GREETING_MS);
      return browser;
    } catch {
      return null;
    }
  }

  /** Whether it is one of the desktop, which answers to everything. */
  get isDesktop() {
    return this.#status.capabilities?.multiService === true;
  }

  /** Kinds of data that it can sync, where its user may choose; else none. */
  get engines() {
    return this.#status.capabilities?.choose_what_to_sync ? (this.#status.capabilities.engines ?? []) : [];
  }

  /** Who is signed in: `{ email, uid, sessionToken, verified }`; null for nobody. Phones may leave some of it out. */
  get user() {
    return this.#status.signedInUser ?? null;
  }

  /** Whether it takes this account. On the desktop its user may be asked, who may say no. */
  async takes({ email, uid }) {
    return (await this.#ask("fxaccounts:can_link_account", { email, uid })).ok === true;
  }

  /** Whether it still waits for the sign-in that it opened the page for. One that was started anew since does not; phones do not tell. */
  async waits() {
    return !this.isDesktop || (await this.#ask("fxaccounts:oauth_flow_is_active", {})).isActive === true;
  }

  /** The parameters of a new sign-in. Phones know none but the one that they opened the page with. */
  async beginFlow() {
    return new URLSearchParams(await this.#ask("fxaccounts:oauth_flow_begin", { scopes: ["profile", SYNC] }));
  }

  /**
   * Says who has signed in. A Firefox that knows the account already throws on members that it does not know.
   *
   * @param {{email: string, uid: string, sessionToken: string}} account
   * @param {{offered: string[], declined: string[]}|null} choice Null where nobody was asked.
   */
  async signedIn({ email, uid, sessionToken }, choice) {
    const sync = choice ? { offeredEngines: choice.offered, declinedEngines: choice.declined } : {};
    const message = { email, uid, sessionToken, verified: true };
    await (this.isDesktop ? this.#ask("fxaccounts:login", { ...message, services: { sync } }) : this.#tell("fxaccounts:login", message));
  }

  /** Hands over the code, for which Firefox gets its keys. */
  async authorized({ code, state, redirect }, action, choice) {
    const message = { action, code, state, redirect };
    await (this.isDesktop
      ? this.#ask("fxaccounts:oauth_login", message)
      : this.#tell("fxaccounts:oauth_login", choice ? { ...message, declinedSyncEngines: choice.declined, offeredSyncEngines: choice.offered } : message));
  }

  passwordChanged({ email, uid, sessionToken }) {
    return this.#tell("fxaccounts:change_password", { email, uid, sessionToken, verified: true });
  }

  signedOut(uid) {
    return this.#tell("fxaccounts:logout", { uid });
  }

  deleted(uid) {
    return this.#tell("fxaccounts:delete", { uid });
  }

  openSyncSettings() {
    return this.#tell("fxaccounts:sync_preferences", { entryPoint: "account" });
  }

  #tell(command, data) {
    this.#send(this.#nextId(), command, data);
  }

  #ask(command, data, deadline = ANSWER_MS) {
    return new Promise((resolve, reject) => {
      const messageId = this.#nextId();
      const timer = setTimeout(() => this.#end(messageId, () => reject(new BrowserError(`Firefox did not answer to ${command}.`))), deadline);
      this.#waiting.set(messageId, { resolve, reject, timer });
      this.#send(messageId, command, data);
    });
  }

  #nextId() {
    return `${++this.#sent}`;
  }

  #send(messageId, command, data) {
    const detail = { id: CHANNEL, message: { command, data, messageId } };
    window.dispatchEvent(new CustomEvent("WebChannelMessageToChrome", { detail: this.#asksAsObject ? detail : JSON.stringify(detail) }));
  }

  #end(messageId, then) {
    clearTimeout(this.#waiting.get(messageId)?.timer);
    this.#waiting.delete(messageId);
    then();
  }

  #receive(detail) {
    let received;
    try {
      received = typeof detail === "string" ? JSON.parse(detail) : detail;
    } catch {
      return;
    }

    const { messageId, data } = received?.message ?? {};
    const waiting = this.#waiting.get(`${messageId}`);
    if (received?.id !== CHANNEL || !waiting) {
      return;
    }

    this.#end(`${messageId}`, () => (data?.error ? waiting.reject(new BrowserError(data.error.message ?? `${data.error}`)) : waiting.resolve(data ?? {})));
  }
}

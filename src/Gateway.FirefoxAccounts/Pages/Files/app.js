// What the page knows while it is open, and where one goes from where.
import * as api from "./api.js";
import { Account } from "./account.js";
import { Browser } from "./browser.js";
import { Refused } from "./shell/forms.js";
import { t } from "./shell/texts.js";
import { consent } from "./views/consent.js";
import { confirm } from "./views/confirm.js";
import { connect } from "./views/connect.js";
import { connected } from "./views/connected.js";
import { deleted, failed, nothing, signedOut } from "./views/messages.js";
import { factor } from "./views/factor.js";
import { enter } from "./views/enter.js";
import { forgot } from "./views/forgot.js";
import { join } from "./views/join.js";
import { pair } from "./views/pair.js";
import { recover } from "./views/recover.js";
import { reset, resetByLink } from "./views/reset.js";
import { settings } from "./views/settings.js";

/** By path. What Firefox opens and has no page of its own is about the account. */
const VIEWS = {
  "/": enter,
  "/signin": enter,
  "/signup": join,
  "/authorization": enter,
  "/oauth": enter,
  "/oauth/signin": enter,
  "/oauth/signup": join,
  "/oauth/force_auth": enter,
  "/force_auth": enter,
  "/reset_password": forgot,
  "/recovery_key": recover,
  "/settings": settings,
  "/settings/clients": settings,
  "/settings/avatar/change": settings,
  "/post_verify/third_party_auth/set_password": settings,
  "/connect_another_device": connect,
  "/pair": pair,
  "/pair/supp": pair,
};

export class App {
  /** The address that the page was opened with, in which an app says what it wants. */
  query = new URLSearchParams(location.search);

  /** Who has signed in: an `Account`, or null. */
  account = null;

  /** The server's word on who may make an account. */
  registration;

  /** What to sync, chosen by whoever made an account; else null. */
  choice = null;

  /** What was typed as address, so that nobody types it twice. */
  email = this.query.get("email") ?? "";

  #browser;

  /** The Firefox that shows the page, once that is known; null for none. */
  browser() {
    this.#browser ??= Browser.find(this.isFirefoxFlow);
    return this.#browser;
  }

  /** Whether an app waits for somebody to sign in. */
  get hasFlow() {
    return this.query.has("client_id") && this.query.has("state");
  }

  /** Whether Firefox itself waits: it takes its code over the channel. */
  get isFirefoxFlow() {
    return this.query.get("context") === "oauth_webchannel_v1";
  }

  /** Whether the page asks for one address and no other. */
  get isForced() {
    return /\/force_auth$/.test(location.pathname) && this.email !== "";
  }

  async start() {
    window.addEventListener("popstate", () => this.#open());
    void this.browser();
    try {
      this.registration = await api.registration();
    } catch (error) {
      failed(this, error);
      return;
    }

    await this.#open();
  }

  /** To another page of this one document: what is in memory stays. */
  async go(path) {
    history.pushState(null, "", this.#address(path));
    await this.#open();
  }

  /** A link to another page. */
  link(path) {
    return {
      href: this.#address(path),
      onclick: (event) => {
        if (!event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
          event.preventDefault();
          void this.go(path);
        }
      },
    };
  }

  /** What an app wants goes along from page to page. */
  #address(path) {
    const [place, part] = path.split("#");
    return place + location.search + (part ? `#${part}` : "");
  }

  async #open() {
    const view = location.hash.startsWith("#link=") && location.pathname === "/reset_password" ? resetByLink : VIEWS[location.pathname];
    try {
      await (view ?? nothing)(this);
    } catch (error) {
      failed(this, error);
    }
  }

  /** A password was right. What is missing is asked for, and then it goes on to where it was meant to go. */
  async signedIn(account) {
    this.account = account;
    this.email = account.email;
    await (account.verified ? this.#verified() : account.verificationMethod === "totp-2fa" ? factor(this) : confirm(this));
  }

  /** The code that was missing is there. */
  async verified() {
    this.account.verified = true;
    await this.#verified();
  }

  async #verified() {
    const browser = await this.browser();
    if (!this.hasFlow && browser?.isDesktop && !browser.user) {
      // Somebody has come by hand, in a Firefox that could be signed in.
      this.query = await browser.beginFlow();
      await this.#connect(browser);
    } else if (!this.hasFlow) {
      await this.go("/settings");
    } else if (this.isFirefoxFlow && browser) {
      await this.#connect(browser);
    } else if (this.isFirefoxFlow) {
      await this.#giveUp(t("browser.silent"));
    } else {
      await consent(this);
    }
  }

  /** Signs Firefox itself in. */
  async #connect(browser) {
    const { account, choice } = this;
    if (!(await browser.takes(account))) {
      await this.#giveUp(t("browser.refused"));
    }

    // The key before anything is said: a Firefox that is signed in without one does not sync.
    await account.key();
    if (!(await browser.waits())) {
      this.query = await browser.beginFlow();
    }

    await browser.signedIn({ email: account.email, uid: account.uid, sessionToken: account.token }, choice);
    const grant = await account.authorize(this.query);
    await browser.authorized(grant, choice ? "signup" : "signin", choice);
    this.query = new URLSearchParams();
    history.replaceState(null, "", location.pathname);
    connected(this, browser);
  }

  /** Nobody has anything of this sign-in: its session ends. */
  async #giveUp(why) {
    await api.endSession(this.account.token);
    this.account = null;
    throw new Refused(why);
  }

  /** Somebody who is signed in in Firefox need not sign in again here. */
  async accountOfBrowser() {
    const user = (await this.browser())?.user;
    if (!user?.sessionToken || this.account) {
      return this.account;
    }

    try {
      const { email, verified } = await api.addressStatus(user.sessionToken);
      this.account = verified ? new Account({ ...user, email }) : null;
      this.email = email;
    } catch (error) {
      if (error.status !== 401) {
        throw error;
      }

      this.email = user.email ?? this.email;
    }

    return this.account;
  }

  async signOut() {
    const { token, uid } = this.account;
    await api.endSession(token);
    this.account = null;
    void (await this.browser())?.signedOut(uid);
    signedOut(this);
  }

  async deleted() {
    const { uid } = this.account;
    this.account = null;
    void (await this.browser())?.deleted(uid);
    deleted(this);
  }
}

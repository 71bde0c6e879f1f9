// Who has signed in, and where one goes from where.
import * as api from "./api.js";
import { PAGES } from "./pages.js";
import { failed, nothing } from "./views/messages.js";
import { signIn } from "./views/sign-in.js";
import { navigation } from "./shell/layout.js";
import { h } from "./shell/dom.js";
import { t } from "./shell/texts.js";

export class App {
  /** Who has signed in: `{account, administrator}`; null for nobody. */
  user = null;

  /** The number of the page that is shown: what was asked for an earlier one is not shown any more. */
  #shown = 0;

  async start() {
    window.addEventListener("popstate", () => this.open());
    const path = this.#path();
    if (path === "admin") {
      history.replaceState(null, "", api.ROOT + "admin/" + location.search + location.hash);
    }

    if (path !== "") {
      try {
        this.user = await api.session();
      } catch (error) {
        failed(this, error);
        return;
      }
    }

    await this.open();
  }

  /** To another page of this one document. */
  async go(path) {
    history.pushState(null, "", api.ROOT + path);
    await this.open();
  }

  /** A link to another page, as attributes. */
  link(path) {
    return {
      href: api.ROOT + path,
      onclick: (event) => {
        if (!event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
          event.preventDefault();
          void this.go(path);
        }
      },
    };
  }

  /** A part of the address that says what the page is about; empty for none. */
  about(name) {
    return new URLSearchParams(location.search).get(name) ?? "";
  }

  /** Shows what the address names, or what is in the way. */
  async open() {
    const number = ++this.#shown;
    const page = PAGES.find(({ path }) => path === this.#path());
    this.#navigate();
    try {
      if (!page || (page.administrator && this.user && !this.user.administrator)) {
        nothing(this);
      } else if (!page.anybody && !this.user) {
        signIn(this);
      } else {
        await page.view(this, () => number === this.#shown);
      }
    } catch (error) {
      if (number === this.#shown) {
        this.fail(error);
      }
    }
  }

  /** What came in place of what was asked for. Whose sign-in is over is asked to sign in again, and goes on here. */
  fail(error) {
    if (error.word === "signed-out") {
      this.user = null;
      this.#navigate();
      signIn(this, t("sign-in.over"));
    } else {
      failed(this, error);
    }
  }

  async signedIn(user) {
    this.user = user;
    await this.open();
  }

  async signOut() {
    await api.signOut();
    this.user = null;
    await this.go("admin/");
  }

  /** The account is gone, and its sign-ins with it. */
  left() {
    this.user = null;
    this.#navigate();
  }

  /** The path below the server's root. */
  #path() {
    return location.pathname.startsWith(api.ROOT) ? location.pathname.slice(api.ROOT.length) : location.pathname;
  }

  #navigate() {
    if (!this.user) {
      navigation(null);
      return;
    }

    const here = this.#path();
    const links = PAGES.filter((page) => page.nav && (!page.administrator || this.user.administrator)).map(({ path, nav }) =>
      h("a", { ...this.link(path), "aria-current": path === here && "page" }, t(nav)),
    );
    navigation(
      t("nav.label"),
      ...links,
      h("span", { class: "who" }, this.user.account),
      h("button", { type: "button", class: "quiet", onclick: () => this.signOut().catch((error) => this.fail(error)) }, t("nav.sign-out")),
    );
  }
}

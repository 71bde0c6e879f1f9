// Everything about an account. Each part loads and changes by itself; what cannot be undone asks for the password again.
import { h } from "../shell/dom.js";
import { show } from "../shell/layout.js";
import { t } from "../shell/texts.js";
import { appPasswords } from "./settings/app-passwords.js";
import { clients } from "./settings/clients.js";
import { password } from "./settings/password.js";
import { recoveryKey } from "./settings/recovery-key.js";
import { secondFactor } from "./settings/second-factor.js";
import { deletion, exporting } from "./settings/whole-account.js";

export async function settings(app) {
  if (!(await app.accountOfBrowser())) {
    await app.go("/signin");
    return;
  }

  const parts = [clients(app), password(app), recoveryKey(app), secondFactor(app), appPasswords(app), exporting(app), deletion(app)];
  show({
    name: "settings",
    wide: true,
    title: t("settings.title"),
    body: [
      h("p", { class: "lead" }, app.account.email),
      h(
        "div",
        { class: "state" },
        h("a", { class: "button secondary", ...app.link("/connect_another_device") }, t("connected.another")),
        h("button", { type: "button", class: "secondary", onclick: () => app.signOut() }, t("settings.sign-out")),
      ),
      ...parts.map((part) => part.element),
    ],
  });
  await Promise.all(parts.map((part) => part.load?.()));
  const wanted = location.hash.slice(1) || (location.pathname === "/settings/clients" ? "clients" : "");
  const part = parts.find(({ element }) => element.id === wanted)?.element;
  part?.scrollIntoView();
  part?.querySelector("h2").focus({ preventScroll: true });
}

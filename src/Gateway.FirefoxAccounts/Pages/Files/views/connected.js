// Firefox is signed in.
import { h } from "../shell/dom.js";
import { show } from "../shell/layout.js";
import { t } from "../shell/texts.js";
import { note } from "./fields.js";

export function connected(app, browser) {
  const isNew = app.choice !== null;
  show({
    name: "connected",
    title: isNew ? t("connected.new.title") : t("connected.title"),
    body: [
      note("good", h("p", {}, t("connected.lead", { email: app.account.email }))),
      isNew && note("warning", h("h2", {}, t("connected.recovery.title")), h("p", {}, t("connected.recovery.advice"))),
      h(
        "p",
        { class: "actions" },
        isNew && h("a", { class: "button primary", ...app.link("/settings#recovery-key") }, t("connected.recovery.go")),
        h("a", { class: isNew ? "button secondary" : "button primary", ...app.link("/connect_another_device") }, t("connected.another")),
        !isNew && h("a", { class: "button secondary", ...app.link("/settings") }, t("connected.settings")),
      ),
      browser.isDesktop && h("p", { class: "links" }, h("button", { type: "button", class: "quiet", onclick: () => browser.openSyncSettings() }, t("connected.sync-settings"))),
    ],
  });
}

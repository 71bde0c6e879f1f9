// Another device: what to type there. No key and no password goes through this page.
import { h } from "../shell/dom.js";
import { show } from "../shell/layout.js";
import { t } from "../shell/texts.js";
import { note } from "./fields.js";

export function connect(app) {
  const address = h("code", {}, location.origin);
  const token = h("code", {}, `${location.origin}/token/1.0/sync/1.5`);
  const isHttps = location.protocol === "https:";
  show({
    name: "connect",
    wide: true,
    title: t("connect.title"),
    body: [
      h("p", { class: "lead" }, t("connect.lead")),
      panel(
        t("connect.desktop"),
        h(
          "ol",
          { class: "steps" },
          h("li", {}, t("connect.desktop.config"), " ", h("code", {}, "about:config")),
          h("li", {}, t("connect.desktop.set"), " ", h("code", {}, "identity.fxaccounts.autoconfig.uri"), " ", t("connect.to"), " ", address),
          !isHttps && h("li", {}, t("connect.desktop.set"), " ", h("code", {}, "identity.fxaccounts.allowHttp"), " ", t("connect.to"), " ", h("code", {}, "true")),
          h("li", {}, t("connect.desktop.sign-in")),
        ),
      ),
      panel(
        t("connect.android"),
        !isHttps && note("warning", h("p", {}, t("connect.https"))),
        h(
          "ol",
          { class: "steps" },
          h("li", {}, t("connect.android.menu")),
          h("li", {}, t("connect.android.account"), " ", address.cloneNode(true)),
          h("li", {}, t("connect.android.restart")),
          h("li", {}, t("connect.phone.sign-in")),
        ),
        h("p", { class: "soft" }, t("connect.android.traps")),
      ),
      panel(
        t("connect.ios"),
        !isHttps && note("warning", h("p", {}, t("connect.https"))),
        h(
          "ol",
          { class: "steps" },
          h("li", {}, t("connect.ios.menu")),
          h("li", {}, t("connect.ios.account"), " ", address.cloneNode(true)),
          h("li", {}, t("connect.ios.token"), " ", token),
          h("li", {}, t("connect.phone.sign-in")),
        ),
      ),
      h("p", {}, h("a", app.link("/settings"), t("connected.settings"))),
    ],
  });
}

const panel = (title, ...children) => h("section", { class: "panel" }, h("h2", {}, title), ...children);

// Another app wants in: which one, and what it would see.
import * as api from "../api.js";
import { h } from "../shell/dom.js";
import { form, Refused } from "../shell/forms.js";
import { show } from "../shell/layout.js";
import { t } from "../shell/texts.js";
import { SYNC } from "../crypto/scoped-keys.js";
import { explain } from "./errors.js";
import { note } from "./fields.js";

const SCOPES = {
  [SYNC]: "consent.scope.sync",
  profile: "consent.scope.profile",
  "profile:uid": "consent.scope.uid",
  "profile:email": "consent.scope.email",
  kinto: "consent.scope.kinto",
};

/** Where a page may send its reader: whoever runs the server has entered it, but never what a browser would run. */
const NEVER = ["javascript:", "data:", "blob:", "file:", "about:", "filesystem:", "view-source:"];

export async function consent(app) {
  const client = await api.client(app.query.get("client_id"));
  if (client.redirect_uri.startsWith("urn:")) {
    throw new Refused(t("browser.silent"));
  }

  if (!client.consent) {
    leave((await app.account.authorize(app.query)).redirect);
    return;
  }

  const scopes = (app.query.get("scope") ?? "").split(" ").filter(Boolean);
  const allow = form({
    name: "consent",
    fields: [],
    submit: t("consent.allow"),
    explain,
    send: async () => leave((await app.account.authorize(app.query)).redirect),
  });
  show({
    name: "consent",
    title: t("consent.title", { name: client.name }),
    body: [
      h("dl", { class: "facts" }, h("dt", {}, t("consent.you")), h("dd", {}, app.account.email), h("dt", {}, t("consent.goes-to")), h("dd", {}, hostOf(app.query.get("redirect_uri") ?? client.redirect_uri))),
      h("h2", {}, t("consent.gets")),
      h("ul", { class: "plain" }, scopes.map((scope) => h("li", {}, note(scope === SYNC ? "warning" : "", h("p", {}, t(SCOPES[scope] ?? "consent.scope.other", { scope })))))),
      allow,
      h("button", { type: "button", class: "secondary", onclick: () => leave(denied(client, app.query)) }, t("consent.deny")),
      h("p", { class: "soft" }, t("consent.later")),
    ],
  });
}

function hostOf(address) {
  const url = new URL(address);
  return url.host || url.protocol;
}

function denied(client, query) {
  const url = new URL(client.redirect_uri);
  url.searchParams.set("error", "access_denied");
  url.searchParams.set("state", query.get("state"));
  return url.href;
}

function leave(address) {
  const url = new URL(address);
  if (NEVER.includes(url.protocol)) {
    throw new Refused(t("error.redirect"));
  }

  location.replace(url.href);
}

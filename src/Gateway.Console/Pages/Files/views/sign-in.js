// Name and password of an account. It stands where the page stands that needs it, which is shown afterwards.
import * as api from "../api.js";
import { h } from "../shell/dom.js";
import { field, form } from "../shell/forms.js";
import { show } from "../shell/layout.js";
import { t } from "../shell/texts.js";
import { explain } from "./errors.js";

/** @param {Phrase} [why] Why somebody has to sign in who had. */
export function signIn(app, why) {
  const isFirefox = document.documentElement.dataset.firefoxAccounts === "on";
  show({
    name: "sign-in",
    title: t("sign-in.title"),
    body: [
      h("p", { class: "lead" }, t("sign-in.lead")),
      why && h("p", { class: "note warning", role: "status" }, why),
      form({
        name: "sign-in",
        fields: [
          field({ name: "account", label: t("field.account"), autocomplete: "username", required: true }),
          field({ name: "password", label: t("field.password"), type: "password", autocomplete: "current-password", required: true }),
        ],
        submit: t("sign-in.submit"),
        explain,
        send: async ({ account, password }) => app.signedIn(await api.signIn(account.trim(), password)),
      }),
      isFirefox && h("p", { class: "soft" }, t("sign-in.firefox"), " ", h("a", { href: `${api.ROOT}signin` }, t("sign-in.firefox-link"))),
    ],
  });
}

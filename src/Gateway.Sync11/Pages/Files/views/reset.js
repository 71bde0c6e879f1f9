// A new password in place of one that is forgotten: a code is mailed, and then typed or brought by the mail's link.
import { explain, send } from "../api.js";
import { h } from "../shell/dom.js";
import { field, form } from "../shell/forms.js";
import { show } from "../shell/layout.js";
import { t } from "../shell/texts.js";
import { passwordField, userField } from "./fields.js";

export function reset() {
  // Behind a number sign, as mails have it; or as the links of the servers before have it.
  const link = new URLSearchParams(location.hash.slice(1) || location.search);
  if (link.has("key")) {
    // Not in the history, nor in what is copied from the address bar.
    history.replaceState(null, "", location.pathname);
    choose(link.get("username") ?? "", link.get("key"));
  } else {
    ask(link.get("username") ?? "");
  }
}

function ask(username) {
  show({
    name: "reset-ask",
    title: t("reset.title"),
    body: [
      h("p", {}, t("reset.lead")),
      form({
        name: "reset-ask",
        fields: [userField(username)],
        submit: t("reset.mail"),
        explain,
        send: async (values) => {
          await send(values);
          choose(values.username);
        },
      }),
    ],
  });
}

function choose(username, key) {
  show({
    name: "reset-choose",
    title: t("reset.choose.title"),
    body: [
      h("p", {}, key ? t("reset.choose.lead") : t("reset.choose.mailed")),
      form({
        name: "reset-choose",
        fields: [
          userField(username, { readonly: username !== "" }),
          field({ name: "key", label: t("field.code"), hint: t("field.code.hint"), autocomplete: "one-time-code", required: true, value: key ?? "", readonly: Boolean(key) }),
          passwordField({ label: t("field.new-password"), hint: t("field.new-password.hint"), autocomplete: "new-password" }),
          passwordField({ name: "confirm", label: t("field.repeat"), autocomplete: "new-password" }),
        ],
        submit: t("reset.submit"),
        explain,
        send: async (values) => {
          await send(values);
          done();
        },
      }),
      h("p", { class: "links" }, h("button", { type: "button", class: "quiet", onclick: () => ask(username) }, t("reset.again"))),
    ],
  });
}

const done = () => show({ name: "reset-done", title: t("reset.done.title"), body: [h("p", {}, t("reset.done.advice")), h("p", {}, t("reset.done.data"))] });

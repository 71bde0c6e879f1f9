// The account itself: another password, and the end of it.
import * as api from "../api.js";
import { h } from "../shell/dom.js";
import { field, form } from "../shell/forms.js";
import { announce, show } from "../shell/layout.js";
import { t } from "../shell/texts.js";
import { explain } from "./errors.js";
import { checkRepeated, newPasswordFields } from "./fields.js";
import { deleted } from "./messages.js";
import { expander, panel } from "./parts.js";

const oldPassword = () => field({ name: "password", label: t("field.old-password"), type: "password", autocomplete: "current-password", required: true });

export function account(app) {
  show({
    name: "account",
    title: t("account.title"),
    wide: true,
    body: [
      h("p", { class: "lead" }, app.user.administrator ? t("account.administrator", { name: app.user.account }) : app.user.account),
      panel({ id: "password", title: t("password.title"), lead: t("password.lead") }, expander(t("password.change"), change)),
      panel({ id: "delete", title: t("account.delete"), lead: t("account.delete-lead") }, expander(t("account.delete"), () => remove(app), "danger")),
    ],
  });
}

function change() {
  const element = form({
    name: "change-password",
    fields: [oldPassword(), ...newPasswordFields()],
    submit: t("password.submit"),
    explain,
    send: async (values) => {
      checkRepeated(values);
      await api.changePassword(values.password, values.new);
      announce(t("password.changed"));
      const said = h("p", { class: "note good", tabindex: "-1" }, t("password.changed"));
      element.replaceWith(said);
      said.focus();
    },
  });
  return element;
}

const remove = (app) => [
  h("p", { class: "note danger-note" }, t("account.delete-warning")),
  form({
    name: "delete-account",
    fields: [oldPassword()],
    submit: t("account.delete-submit"),
    kind: "danger",
    explain,
    send: async ({ password }) => {
      await api.deleteAccount(password);
      app.left();
      deleted(app);
    },
  }),
];

// The password is forgotten: which ways there are, and what each costs.
import * as api from "../api.js";
import { Reset } from "../account.js";
import { h } from "../shell/dom.js";
import { form } from "../shell/forms.js";
import { show } from "../shell/layout.js";
import { t } from "../shell/texts.js";
import { explain } from "./errors.js";
import { codeField, digits, emailField, note } from "./fields.js";
import { reset } from "./reset.js";

export function forgot(app) {
  show({
    name: "forgot",
    // That field is for who has nothing better.
    fieldFirst: false,
    title: t("forgot.title"),
    body: [
      h("p", {}, t("forgot.lead")),
      h(
        "section",
        { class: "expander" },
        h("h2", {}, t("forgot.key.title")),
        h("p", {}, t("forgot.key.advice")),
        h("a", { class: "button primary", ...app.link("/recovery_key") }, t("forgot.key.go")),
      ),
      h(
        "section",
        { class: "expander" },
        h("h2", {}, t("forgot.none.title")),
        note("danger-note", h("p", {}, t("forgot.none.loss"))),
        app.registration.mail ? byMail(app) : h("p", {}, t("forgot.no-mail", { host: location.host })),
      ),
      h("p", { class: "links" }, h("a", app.link("/signin"), t("join.enter"))),
    ],
  });
}

function byMail(app) {
  return form({
    name: "forgot",
    fields: [emailField(app.email)],
    submit: t("forgot.mail.submit"),
    kind: "secondary",
    explain,
    send: async ({ email }) => {
      app.email = email.trim();
      await api.sendResetCode(app.email);
      typeCode(app);
    },
  });
}

function typeCode(app) {
  const code = form({
    name: "reset-code",
    fields: [codeField({ label: t("confirm.code"), hint: t("confirm.code.hint") })],
    submit: t("confirm.submit"),
    explain,
    send: async (values) => reset(app, await Reset.byCode(app.email, digits(values.code))),
  });
  show({
    name: "reset-code",
    title: t("forgot.code.title"),
    body: [h("p", {}, t("forgot.code.lead", { email: app.email })), code, h("p", { class: "links" }, h("a", app.link("/reset_password"), t("forgot.again")))],
  });
}

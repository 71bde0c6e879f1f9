// Another password. The key of the data stays the same.
import { h } from "../../shell/dom.js";
import { form, Refused } from "../../shell/forms.js";
import { announce } from "../../shell/layout.js";
import { t } from "../../shell/texts.js";
import { explain } from "../errors.js";
import { checkRepeated, fixedEmail, newPasswordFields, note, passwordField } from "../fields.js";
import { expander, panel, replace } from "./parts.js";

export const password = (app) => ({
  element: panel({ id: "password", title: t("password.title"), lead: t("password.lead") }, expander(t("password.change"), () => change(app))),
});

function change(app) {
  const element = form({
    name: "change-password",
    fields: [fixedEmail(app.account.email), passwordField({ name: "old", label: t("field.old-password") }), ...newPasswordFields()],
    submit: t("password.submit"),
    working: t("join.working"),
    explain: (error) => (error.errno === 103 ? new Refused(explain(error, { 103: "error.password" }), "old") : explain(error)),
    send: async (values) => {
      checkRepeated(values);
      app.account = await app.account.changePassword(values.old, values.password);
      const { email, uid, token } = app.account;
      (await app.browser())?.passwordChanged({ email, uid, sessionToken: token });
      announce(t("password.changed"));
      replace(element.parentElement, note("good", h("p", { tabindex: "0" }, t("password.changed"))));
    },
  });
  return element;
}

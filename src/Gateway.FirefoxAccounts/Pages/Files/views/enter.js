// Sign in.
import { Account } from "../account.js";
import { h } from "../shell/dom.js";
import { form } from "../shell/forms.js";
import { show } from "../shell/layout.js";
import { t } from "../shell/texts.js";
import { explain } from "./errors.js";
import { emailField, fixedEmail, note, passwordField } from "./fields.js";
import { join } from "./join.js";

/** Of the server: no account of that address, or another password. It does not say which. */
const WRONG = 103;

export async function enter(app) {
  const { registration } = app;
  if (!app.hasFlow && (await app.accountOfBrowser())) {
    await app.go("/settings");
    return;
  }

  const hint = h("div", { hidden: true }, note("warning", h("p", {}, t("browser.silent"))));
  const fields = app.isForced ? [fixedEmail(app.email)] : [emailField(app.email, { value: app.email })];
  const sign = form({
    name: "sign-in",
    fields: [...fields, passwordField()],
    submit: t("enter.submit"),
    working: t("enter.working"),
    explain,
    send: async ({ email, password }) => {
      app.email = email.trim();
      try {
        await app.signedIn(await Account.signIn(app.email, password));
      } catch (error) {
        if (error.errno !== WRONG || !registration.mayRegister || app.isForced) {
          throw error;
        }

        // They may be new here. The server does not say whether they are.
        await join(app, { password });
      }
    },
  });
  show({
    name: "enter",
    title: t("enter.title"),
    body: [
      h("p", { class: "lead" }, app.isFirefoxFlow ? t("enter.firefox", { host: location.host }) : t("enter.lead", { host: location.host })),
      hint,
      sign,
      h(
        "p",
        { class: "links" },
        h("a", app.link("/reset_password"), t("enter.forgot")),
        (registration.mayRegister || registration.invitations) && !app.isForced && h("a", app.link("/signup"), t("enter.join")),
      ),
    ],
  });
  if (app.isFirefoxFlow && !(await app.browser())) {
    hint.hidden = false;
  }
}

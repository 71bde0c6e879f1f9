// The code that was mailed: whose address it is.
import * as api from "../api.js";
import { h } from "../shell/dom.js";
import { form } from "../shell/forms.js";
import { announce, show } from "../shell/layout.js";
import { t } from "../shell/texts.js";
import { explain } from "./errors.js";
import { codeField, digits } from "./fields.js";

export function confirm(app) {
  const { account } = app;
  const sent = h("p", { class: "soft", hidden: true }, t("confirm.sent-again"));
  const code = form({
    name: "confirm",
    fields: [codeField({ label: t("confirm.code"), hint: t("confirm.code.hint") })],
    submit: t("confirm.submit"),
    explain,
    send: async (values) => {
      await api.verifyMailedCode(account.token, digits(values.code));
      await app.verified();
    },
  });
  const again = form({
    name: "again",
    fields: [],
    submit: t("confirm.again"),
    kind: "quiet",
    explain,
    send: async () => {
      await api.resendCode(account.token);
      sent.hidden = false;
      announce(t("confirm.sent-again"));
    },
  });
  show({ name: "confirm", title: t("confirm.title"), body: [h("p", {}, t("confirm.lead", { email: account.email })), code, again, sent] });
}

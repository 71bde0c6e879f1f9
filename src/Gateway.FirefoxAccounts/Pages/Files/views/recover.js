// The password is forgotten, and there is a recovery key: nothing is lost.
import { Reset } from "../account.js";
import { readRecoveryKey } from "../crypto/recovery-key.js";
import { h } from "../shell/dom.js";
import { field, form, Refused } from "../shell/forms.js";
import { show } from "../shell/layout.js";
import { t } from "../shell/texts.js";
import { explain } from "./errors.js";
import { emailField, fixedEmail } from "./fields.js";
import { explainFactor, reset, secondFactor, secondFactorFields } from "./reset.js";

const FACTOR_NEEDED = 160;

export function recover(app) {
  const key = form({
    name: "recover",
    fields: [
      emailField(app.email),
      field({
        name: "key",
        label: t("recover.key"),
        hint: t("recover.key.hint"),
        autocomplete: "off",
        required: true,
        class: "code",
        check: (typed) => (readRecoveryKey(typed) === null ? t("recover.key.wrong") : null),
      }),
    ],
    submit: t("recover.submit"),
    explain,
    send: async (values) => {
      app.email = values.email.trim();
      const key = readRecoveryKey(values.key);
      try {
        reset(app, await Reset.byRecoveryKey(app.email, key));
      } catch (error) {
        if (error.errno === FACTOR_NEEDED) {
          withFactor(app, key);
          return;
        }

        // Of WebCrypto: what the server keeps was not encrypted under this key.
        throw error.name === "OperationError" ? new Refused(t("error.recovery-key"), "key") : error;
      }
    },
  });
  show({
    name: "recover",
    title: t("recover.title"),
    body: [h("p", { class: "lead" }, t("recover.lead")), key, h("p", { class: "links" }, h("a", app.link("/reset_password"), t("recover.none")))],
  });
}

/** The key is right, and what it opens is behind the second factor. */
function withFactor(app, key) {
  const code = form({
    name: "recover-factor",
    fields: [fixedEmail(app.email), ...secondFactorFields()],
    submit: t("factor.submit"),
    explain: explainFactor,
    send: async (values) => reset(app, await Reset.byRecoveryKey(app.email, key, secondFactor(values))),
  });
  show({ name: "recover-factor", title: t("factor.title"), body: [code, h("p", { class: "links" }, h("a", app.link("/reset_password"), t("recover.none")))] });
}

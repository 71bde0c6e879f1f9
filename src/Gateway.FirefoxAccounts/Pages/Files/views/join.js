// Make an account, and choose what to sync.
import { Account } from "../account.js";
import { h } from "../shell/dom.js";
import { checkbox, field, form, Refused } from "../shell/forms.js";
import { show } from "../shell/layout.js";
import { t } from "../shell/texts.js";
import { explain } from "./errors.js";
import { checkRepeated, emailField, newPasswordFields, note } from "./fields.js";

const ENGINES = {
  bookmarks: "engine.bookmarks",
  history: "engine.history",
  passwords: "engine.passwords",
  tabs: "engine.tabs",
  addons: "engine.addons",
  prefs: "engine.prefs",
  addresses: "engine.addresses",
  creditcards: "engine.creditcards",
};

/** @param {{password?: string}} tried What did not sign in, and may be the password of somebody new. */
export async function join(app, { password } = {}) {
  const { registration } = app;
  const tried = password !== undefined;
  if (!registration.mayRegister && !registration.invitations) {
    show({
      name: "closed",
      title: t("join.closed.title"),
      body: [h("p", {}, t("join.closed.advice", { host: location.host })), h("p", {}, h("a", app.link("/signin"), t("join.enter")))],
    });
    return;
  }

  const invitation = field({ name: "invitation", label: t("join.invitation"), hint: t("join.invitation.hint"), required: !registration.mayRegister, autocomplete: "off", value: new URLSearchParams(location.hash.slice(1)).get("invitation") ?? "" });
  const choices = h("div", { hidden: true });
  let offered = [];
  const fields = [
    emailField(app.email),
    ...newPasswordFields(password),
    ...(registration.invitations && !registration.mayRegister ? [invitation] : []),
    choices,
  ];
  const create = form({
    name: "sign-up",
    fields,
    submit: t("join.submit"),
    working: t("join.working"),
    explain: (error) => (error.errno === 101 && tried ? new Refused(t("join.exists-other-password")) : explain(error)),
    send: async (values) => {
      checkRepeated(values);
      app.email = values.email.trim();
      const account = await Account.create(app.email, values.password, values.invitation?.trim());
      app.choice = offered.length > 0 ? { offered, declined: offered.filter((engine) => !values[`sync-${engine}`]) } : null;
      await app.signedIn(account);
    },
  });
  show({
    name: "join",
    title: tried ? t("join.tried.title") : t("join.title"),
    body: [
      tried
        ? note("warning", h("p", {}, t("join.tried", { email: app.email })), h("p", {}, h("a", app.link("/signin"), t("join.try-again"))))
        : h("p", { class: "lead" }, t("join.lead", { host: location.host })),
      create,
      note("", h("p", {}, t("join.password-is-key"))),
      !tried && h("p", { class: "links" }, h("a", app.link("/signin"), t("join.have"))),
    ],
  });
  if (tried) {
    create.querySelector("input[name=repeated]").focus();
  }

  const browser = app.hasFlow && !app.isFirefoxFlow ? null : await app.browser();
  offered = (browser?.engines ?? []).filter((engine) => engine in ENGINES);
  if (offered.length > 0) {
    choices.append(
      h(
        "fieldset",
        {},
        h("legend", {}, t("join.what")),
        h(
          "div",
          { class: "checks" },
          offered.map((engine) => checkbox({ name: `sync-${engine}`, label: t(ENGINES[engine]), checked: true })),
        ),
      ),
    );
    choices.hidden = false;
  }
}

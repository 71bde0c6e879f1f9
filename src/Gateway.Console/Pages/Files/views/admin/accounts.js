// All accounts, by the beginning of their names; and a new one.
import * as api from "../../admin-api.js";
import { h } from "../../shell/dom.js";
import { field, form } from "../../shell/forms.js";
import { show } from "../../shell/layout.js";
import { dateTime, t } from "../../shell/texts.js";
import { explain } from "../errors.js";
import { expander, pages, panel } from "../parts.js";
import { invitations } from "./invitations.js";
import { badge, once, replace } from "./parts.js";

/** The page of one account. */
export const accountLink = (app, name) => app.link(`admin/accounts/show?${new URLSearchParams({ account: name })}`);

const COLUMNS = [{ text: t("field.account") }, { text: t("accounts.made") }, { text: t("accounts.kind") }];

export async function accounts(app) {
  const place = h("div", {});
  const open = invitations();
  const search = form({
    name: "search",
    fields: [field({ name: "prefix", label: t("accounts.prefix"), autocomplete: "off" })],
    submit: t("accounts.search"),
    kind: "secondary",
    explain,
    send: ({ prefix }) => list(prefix.trim()),
  });
  async function list(prefix) {
    const found = pages(t("accounts.title"), COLUMNS, t("accounts.none"), async (after) => {
      const page = await api.accounts(prefix, after);
      return { rows: page.accounts.map((one) => row(app, one)), next: page.next };
    });
    place.replaceChildren(found.element);
    await found.load();
  }

  show({
    name: "accounts",
    title: t("accounts.title"),
    wide: true,
    fieldFirst: false,
    body: [
      panel({ id: "new-account", title: t("accounts.new"), lead: t("accounts.new-lead") }, expander(t("accounts.make"), () => make(app))),
      panel({ id: "accounts", title: t("accounts.all") }, search, place),
      open.element,
    ],
  });
  await Promise.all([list(""), open.load()]);
}

const row = (app, { name, since, hasPassword, isAdministrator, isDisabled }) => [
  h("a", accountLink(app, name), name),
  since > 0 ? dateTime(since) : "–",
  h("div", { class: "state" }, h("span", {}, t(hasPassword ? "accounts.password" : "accounts.other")), isAdministrator && badge("", t("accounts.administrator")), isDisabled && badge("bad", t("accounts.disabled"))),
];

function make(app) {
  const element = form({
    name: "make-account",
    fields: [
      field({ name: "account", label: t("field.account"), hint: t("field.account.hint"), autocomplete: "off", required: true }),
      field({ name: "password", label: t("accounts.given-password"), hint: t("accounts.given-password.hint"), type: "password", autocomplete: "new-password" }),
    ],
    submit: t("accounts.make"),
    explain,
    send: async ({ account, password }) => {
      const made = await api.makeAccount(account.trim(), password);
      const link = h("p", { class: "note good" }, t("accounts.is-made", { name: made.account.name }), " ", h("a", accountLink(app, made.account.name), t("accounts.to-it")));
      replace(element, link, made.password && once(made.password, t("once.label", { name: made.account.name })));
    },
  });
  return element;
}

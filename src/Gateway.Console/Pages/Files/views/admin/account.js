// One account: what it holds, its quota, its password, its end.
import * as api from "../../admin-api.js";
import { bytes, count } from "../../format.js";
import { h } from "../../shell/dom.js";
import { field, form } from "../../shell/forms.js";
import { announce, show } from "../../shell/layout.js";
import { dateTime, t } from "../../shell/texts.js";
import { explain } from "../errors.js";
import { expander, pages, panel, trail } from "../parts.js";
import { amount, badge, confirmation, facts, once, replace } from "./parts.js";

export async function oneAccount(app, isShown) {
  const name = app.about("account");
  const found = await api.account(name);
  const buckets = pages(t("buckets.title"), [{ text: t("column.bucket") }, { text: t("column.modified") }], t("admin-buckets.none"), async (after) => {
    const page = await api.buckets(name, after);
    return {
      rows: [...page.storages.map((id) => [h("a", bucketLink(app, name, id), t("admin-buckets.storage", { id })), "–"]), ...page.buckets.map((one) => bucketRow(app, name, one))],
      next: page.next,
    };
  });
  if (!isShown()) {
    return;
  }

  const { account, guardsAKey, usage, quota } = found;
  show({
    name: "one-account",
    title: t("one-account.title", { name }),
    wide: true,
    fieldFirst: false,
    body: [
      trail(app, ["admin/accounts", t("accounts.title")], [null, name]),
      panel(
        { id: "facts", title: t("one-account.facts"), state: [account.isAdministrator && badge("", t("accounts.administrator")), account.isDisabled && badge("bad", t("accounts.disabled"))] },
        facts(
          [t("one-account.principal"), h("code", {}, found.principal)],
          [t("accounts.made"), account.since > 0 ? dateTime(account.since) : "–"],
          [t("one-account.modified"), dateTime(account.modified)],
          [t("accounts.kind"), t(account.hasPassword ? "accounts.password" : guardsAKey ? "accounts.firefox" : "accounts.other")],
          [t("usage.title"), t("one-account.usage", { bytes: bytes(usage.bytes), records: count(usage.records), buckets: count(found.buckets) })],
        ),
      ),
      panel({ id: "quota", title: t("quota.title"), lead: t("quota.lead") }, quotaForm(name, quota)),
      panel({ id: "buckets", title: t("buckets.title"), lead: t("admin-buckets.lead") }, buckets.element),
      panel({ id: "password", title: t("reset.title"), lead: t(guardsAKey ? "error.guards-a-key" : "reset.lead") }, !guardsAKey && expander(t("reset.begin"), () => reset(name))),
      panel(
        { id: "state", title: t(account.isDisabled ? "enable.title" : "disable.title"), lead: t(account.isDisabled ? "enable.lead" : "disable.lead") },
        account.name !== app.user.account && expander(t(account.isDisabled ? "enable.title" : "disable.title"), () => change(app, name, !account.isDisabled), account.isDisabled ? "secondary" : "danger"),
      ),
      panel({ id: "delete", title: t("account.delete"), lead: t("one-account.delete-lead") }, account.name !== app.user.account && expander(t("account.delete"), () => remove(app, name), "danger")),
    ],
  });
  await buckets.load();
}

const bucketLink = (app, account, bucket) => app.link(`admin/accounts/bucket?${new URLSearchParams({ account, bucket })}`);

const bucketRow = (app, account, { id, name, isPersonal, modified }) => [h("a", bucketLink(app, account, id), isPersonal ? t("admin-buckets.personal") : name), dateTime(modified)];

function quotaForm(name, quota) {
  const said = h("p", { class: "soft", role: "status" });
  return h(
    "div",
    { class: "expander" },
    form({
      name: "quota",
      fields: [
        field({ name: "bytes", label: t("quota.bytes"), hint: t("quota.hint"), inputmode: "numeric", autocomplete: "off", value: `${quota?.bytes ?? ""}` }),
        field({ name: "records", label: t("quota.records"), hint: t("quota.hint"), inputmode: "numeric", autocomplete: "off", value: `${quota?.records ?? ""}` }),
      ],
      submit: t("quota.submit"),
      kind: "secondary",
      explain,
      send: async (values) => {
        said.replaceChildren();
        await api.setQuota(name, amount(values.bytes, "bytes"), amount(values.records, "records"));
        said.replaceChildren(h("span", {}, t("quota.set")));
      },
    }),
    said,
  );
}

function reset(name) {
  const element = form({
    name: "reset-password",
    fields: [],
    submit: t("reset.submit"),
    kind: "danger",
    explain,
    send: async () => replace(element, once((await api.resetPassword(name)).password, t("once.label", { name }))),
  });
  return [h("p", { class: "note warning" }, t("reset.warning")), element];
}

const change = (app, name, disabled) =>
  form({
    name: "state",
    fields: [],
    submit: t(disabled ? "disable.submit" : "enable.submit"),
    kind: disabled ? "danger" : "primary",
    explain,
    send: async () => {
      await api.setDisabled(name, disabled);
      await app.open();
      announce(t(disabled ? "disable.done" : "enable.done", { name }));
    },
  });

const remove = (app, name) => [
  h("p", { class: "note danger-note" }, t("account.delete-warning")),
  form({
    name: "delete-account",
    fields: [confirmation(name)],
    submit: t("account.delete-submit"),
    kind: "danger",
    explain,
    send: async ({ confirm }) => {
      await api.deleteAccount(name, confirm.trim());
      await app.go("admin/accounts");
      announce(t("one-account.deleted", { name }));
    },
  }),
];

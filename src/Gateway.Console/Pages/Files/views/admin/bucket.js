// A bucket of an account: its collections, and its end.
import * as api from "../../admin-api.js";
import { bytes, count } from "../../format.js";
import { h } from "../../shell/dom.js";
import { form } from "../../shell/forms.js";
import { announce, show } from "../../shell/layout.js";
import { dateTime, t } from "../../shell/texts.js";
import { explain } from "../errors.js";
import { expander, panel, table, trail } from "../parts.js";
import { confirmation } from "./parts.js";

export async function accountBucket(app, isShown) {
  const [account, id] = [app.about("account"), app.about("bucket")];
  const { collections } = await api.bucket(account, id);
  if (!isShown()) {
    return;
  }

  // The letter in front says what kind it is.
  const [kind, name] = [id[0], id.slice(2)];
  const isKinto = kind === "b" || kind === "u";
  const back = `admin/accounts/show?${new URLSearchParams({ account })}`;
  show({
    name: "account-bucket",
    title: isKinto ? t("bucket.title", { name }) : t("admin-buckets.storage", { id }),
    wide: true,
    fieldFirst: false,
    body: [
      trail(app, ["admin/accounts", t("accounts.title")], [back, account], [null, name]),
      panel(
        { id: "collections", title: t("collections.title") },
        collections.length === 0
          ? h("p", { class: "soft" }, t("collections.none"))
          : table(
              t("collections.title"),
              [{ text: t("admin-buckets.collection") }, { text: t("usage.records"), number: true }, { text: t("usage.data"), number: true }, { text: t("column.modified") }],
              collections.map((one) => [one.name, count(one.records), bytes(one.bytes), one.modified > 0 ? dateTime(one.modified) : "–"]),
            ),
      ),
      panel(
        { id: "delete", title: t("bucket.delete"), lead: isKinto ? undefined : t("admin-buckets.storage-delete") },
        isKinto && expander(t("bucket.delete"), () => remove(app, account, id, name, back), "danger"),
      ),
    ],
  });
}

const remove = (app, account, id, name, back) => [
  h("p", { class: "note danger-note" }, t("bucket.delete-warning")),
  form({
    name: "delete-bucket",
    fields: [confirmation(name)],
    submit: t("bucket.delete"),
    kind: "danger",
    explain,
    send: async ({ confirm }) => {
      await api.deleteBucket(account, id, confirm.trim());
      await app.go(back);
      announce(t("admin-buckets.deleted", { name }));
    },
  }),
];

// One bucket: its collections, its own data, and how to delete it.
import * as api from "../api.js";
import { bytes, count } from "../format.js";
import { h } from "../shell/dom.js";
import { announce, show } from "../shell/layout.js";
import { dateTime, t } from "../shell/texts.js";
import { json } from "./json.js";
import { deletion, pages, panel, trail } from "./parts.js";

export async function bucket(app, isShown) {
  const id = app.about("bucket");
  const first = await api.bucket(id, null);
  if (!isShown()) {
    return;
  }

  const name = id === "default" ? t("bucket.default") : id;
  const collections = pages(
    t("collections.title"),
    [{ text: t("column.collection") }, { text: t("column.records"), number: true }, { text: t("column.size"), number: true }, { text: t("column.modified") }],
    t("collections.none"),
    async (after) => {
      const page = after === null ? first : await api.bucket(id, after);
      return {
        rows: page.collections.map((one) => [
          h("a", app.link(`admin/collection?${new URLSearchParams({ bucket: id, collection: one.id })}`), one.id),
          count(one.records),
          bytes(one.bytes),
          dateTime(one.modified),
        ]),
        next: page.next,
      };
    },
  );
  show({
    name: "bucket",
    title: t("bucket.title", { name: `${name}` }),
    wide: true,
    body: [
      trail(app, ["admin/", t("nav.overview")], [null, name]),
      panel({ id: "collections", title: t("collections.title") }, collections.element),
      first.modified !== null && [
        panel({ id: "data", title: t("bucket.data"), lead: t("modified.when", { when: dateTime(first.modified) }) }, json(first.data, t("bucket.data"))),
        panel(
          { id: "delete", title: t("bucket.delete") },
          deletion(t("bucket.delete"), t("bucket.delete-warning"), async () => {
            await api.removeBucket(id, first.modified);
            await app.go("admin/");
            announce(t("deleted.one"));
          }),
        ),
      ],
    ].flat().filter(Boolean),
  });
  await collections.load();
}

// One collection: its records, page by page.
import * as api from "../api.js";
import { bytes, count } from "../format.js";
import { h } from "../shell/dom.js";
import { announce, show } from "../shell/layout.js";
import { dateTime, t } from "../shell/texts.js";
import { deletion, pages, panel, trail } from "./parts.js";

export async function collection(app, isShown) {
  const [bucket, id] = [app.about("bucket"), app.about("collection")];
  const first = await api.records(bucket, id, null);
  if (!isShown()) {
    return;
  }

  const records = pages(
    t("records.title"),
    [{ text: t("column.record") }, { text: t("column.size"), number: true }, { text: t("column.modified") }],
    t("records.none"),
    async (after) => {
      const page = after === null ? first : await api.records(bucket, id, after);
      return {
        rows: page.records.map((one) => [
          h("a", app.link(`admin/record?${new URLSearchParams({ bucket, collection: id, record: one.id })}`), one.id),
          bytes(one.bytes),
          dateTime(one.modified),
        ]),
        next: page.next,
      };
    },
  );
  show({
    name: "collection",
    title: t("collection.title", { name: id }),
    wide: true,
    body: [
      trail(app, ["admin/", t("nav.overview")], [`admin/bucket?${new URLSearchParams({ bucket })}`, bucket === "default" ? t("bucket.default") : bucket], [null, id]),
      panel({ id: "records", title: t("records.title"), lead: first.total === undefined ? undefined : t("records.count", { count: count(first.total) }) }, records.element),
      panel(
        { id: "delete", title: t("collection.delete") },
        deletion(t("collection.delete"), t("collection.delete-warning"), async () => {
          await api.removeCollection(bucket, id, first.modified);
          await app.go(`admin/bucket?${new URLSearchParams({ bucket })}`);
          announce(t("deleted.one"));
        }),
      ),
    ],
  });
  await records.load();
}

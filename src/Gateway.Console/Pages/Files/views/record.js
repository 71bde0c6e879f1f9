// One record as it is stored.
import * as api from "../api.js";
import { show, announce } from "../shell/layout.js";
import { dateTime, t } from "../shell/texts.js";
import { json } from "./json.js";
import { deletion, panel, trail } from "./parts.js";

export async function record(app, isShown) {
  const [bucket, collection, id] = [app.about("bucket"), app.about("collection"), app.about("record")];
  const found = await api.record(bucket, collection, id);
  if (!isShown()) {
    return;
  }

  const up = `admin/collection?${new URLSearchParams({ bucket, collection })}`;
  show({
    name: "record",
    title: t("record.title"),
    wide: true,
    body: [
      trail(
        app,
        ["admin/", t("nav.overview")],
        [`admin/bucket?${new URLSearchParams({ bucket })}`, bucket === "default" ? t("bucket.default") : bucket],
        [up, collection],
        [null, id],
      ),
      panel({ id: "data", title: t("record.data"), lead: t("modified.when", { when: dateTime(found.modified) }) }, json(found.data, t("record.data"))),
      panel(
        { id: "delete", title: t("record.delete") },
        deletion(t("record.delete"), t("record.delete-warning"), async () => {
          await api.removeRecord(bucket, collection, id, found.modified);
          await app.go(up);
          announce(t("deleted.one"));
        }),
      ),
    ],
  });
}

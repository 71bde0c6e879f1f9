// What somebody stores here: how much, and in which buckets.
import * as api from "../api.js";
import { bytes, count } from "../format.js";
import { h } from "../shell/dom.js";
import { show } from "../shell/layout.js";
import { dateTime, t } from "../shell/texts.js";
import { meter } from "./meter.js";
import { pages, panel } from "./parts.js";

export async function overview(app, isShown) {
  const usage = await api.usage();
  const buckets = pages(
    t("buckets.title"),
    [{ text: t("column.bucket") }, { text: t("column.modified") }],
    t("buckets.none"),
    async (after) => {
      const page = await api.buckets(after);
      return {
        rows: page.buckets.map(({ id, modified }) => [
          h("a", app.link(`admin/bucket?${new URLSearchParams({ bucket: id })}`), id === "default" ? t("bucket.default") : id),
          dateTime(modified),
        ]),
        next: page.next,
      };
    },
  );
  if (!isShown()) {
    return;
  }

  show({
    name: "overview",
    title: t("overview.title"),
    wide: true,
    body: [
      panel(
        { id: "usage", title: t("usage.title") },
        h("div", { class: "figures" }, figure(t("usage.data"), usage.bytes, usage.quota.bytes, bytes), figure(t("usage.records"), usage.records, usage.quota.records, count)),
      ),
      panel({ id: "buckets", title: t("buckets.title"), lead: t("buckets.lead") }, buckets.element),
      panel({ id: "export", title: t("export.title"), lead: t("export.lead") }, h("div", {}, h("a", { class: "button secondary", href: api.EXPORT, download: "lockstep.jsonl" }, t("export.submit")))),
    ],
  });
  await buckets.load();
}

/** What is used, and of how much; 0 is no limit. */
const figure = (label, used, limit, format) =>
  h(
    "div",
    { class: "figure" },
    h("p", { class: "label" }, label),
    h("p", { class: "value" }, format(used)),
    limit > 0
      ? [meter(used / limit, t("usage.of", { used: format(used), limit: format(limit) })), h("p", { class: "soft" }, t("usage.of", { used: format(used), limit: format(limit) }))]
      : h("p", { class: "soft" }, t("usage.no-limit")),
  );

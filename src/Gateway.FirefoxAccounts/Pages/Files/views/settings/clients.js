// What is signed in, and how to end that.
import * as api from "../../api.js";
import { h } from "../../shell/dom.js";
import { form } from "../../shell/forms.js";
import { announce } from "../../shell/layout.js";
import { dateTime, t } from "../../shell/texts.js";
import { explain } from "../errors.js";
import { badge, loaded, panel } from "./parts.js";

export function clients(app) {
  const list = loaded(async () => {
    const all = await api.clients(app.account.token);
    return h("ul", { class: "rows" }, all.sort((a, b) => Number(b.isCurrentSession) - Number(a.isCurrentSession) || (b.lastAccessTime ?? 0) - (a.lastAccessTime ?? 0)).map((client) => row(app, client, list)));
  });
  return { element: panel({ id: "clients", title: t("clients.title"), lead: t("clients.lead") }, list.element), load: list.load };
}

function row(app, client, list) {
  const name = client.name || client.userAgent || t("clients.unnamed");
  const end = form({
    name: "end-client",
    fields: [],
    submit: t("clients.end"),
    kind: "secondary",
    explain,
    send: async () => {
      if (client.isCurrentSession) {
        await app.signOut();
        return;
      }

      await api.endClient(app.account.token, idsOf(client));
      announce(t("clients.ended"));
      await list.load();
      document.getElementById("clients-title").focus();
    },
  });
  end.querySelector("button").setAttribute("aria-label", `${t("clients.end-of", { name })}`);
  return h(
    "li",
    {},
    h(
      "div",
      {},
      h("p", { class: "state" }, h("span", { class: "name" }, name), client.isCurrentSession && badge(t("clients.this"))),
      h("p", { class: "soft" }, client.lastAccessTime ? t("clients.last", { when: dateTime(client.lastAccessTime) }) : t("clients.unknown")),
    ),
    end,
  );
}

/** The one that ends all that belongs to it. */
function idsOf({ deviceId, refreshTokenId, sessionTokenId }) {
  return deviceId ? { deviceId } : refreshTokenId ? { refreshTokenId } : { sessionTokenId };
}

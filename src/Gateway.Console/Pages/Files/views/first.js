// The first administrator, made with the link that the server has written for whoever runs it.
import * as api from "../api.js";
import { h } from "../shell/dom.js";
import { field, form } from "../shell/forms.js";
import { show } from "../shell/layout.js";
import { t } from "../shell/texts.js";
import { explain } from "./errors.js";
import { checkRepeated, newPasswordFields } from "./fields.js";

/** The secret of the link. It is taken out of the address, and kept while the page is open. */
let link = "";

export function first(app) {
  const given = new URLSearchParams(location.hash.slice(1)).get("link");
  if (given) {
    link = given;
    history.replaceState(null, "", location.pathname);
  }

  show({
    name: "first",
    title: t("first.title"),
    body: link === ""
      ? [h("p", {}, t("first.no-link"))]
      : [
          h("p", { class: "lead" }, t("first.lead")),
          form({
            name: "first",
            fields: [field({ name: "account", label: t("field.account"), hint: t("field.account.hint"), autocomplete: "username", required: true }), ...newPasswordFields()],
            submit: t("first.submit"),
            explain,
            send: async (values) => {
              checkRepeated(values);
              const user = await api.makeFirst(link, values.account.trim(), values.new);
              link = "";
              history.replaceState(null, "", `${api.ROOT}admin/`);
              await app.signedIn(user);
            },
          }),
        ],
  });
}

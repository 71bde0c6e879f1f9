// Somebody who was invited makes their account.
import * as api from "../api.js";
import { h } from "../shell/dom.js";
import { field, form } from "../shell/forms.js";
import { show } from "../shell/layout.js";
import { t } from "../shell/texts.js";
import { explain } from "./errors.js";
import { checkRepeated, newPasswordFields } from "./fields.js";

/** What the link has: the secret, and the name if it is given. It is taken out of the address, and kept while the page is open. */
let link = { invitation: "", name: "" };

export function invitation(app) {
  const given = new URLSearchParams(location.hash.slice(1));
  if (given.get("invitation")) {
    link = { invitation: given.get("invitation"), name: given.get("name") ?? "" };
    history.replaceState(null, "", location.pathname);
  }

  show({
    name: "invitation",
    title: t("invitation.title"),
    body: link.invitation === ""
      ? [h("p", {}, t("invitation.no-link"))]
      : [
          h("p", { class: "lead" }, link.name === "" ? t("invitation.lead") : t("invitation.lead-name", { name: link.name })),
          form({
            name: "invitation",
            fields: [
              field({ name: "account", label: t("field.account"), hint: link.name === "" ? t("field.account.hint") : undefined, autocomplete: "username", required: true, value: link.name, readonly: link.name !== "" }),
              ...newPasswordFields(),
            ],
            submit: t("invitation.submit"),
            explain,
            send: async (values) => {
              checkRepeated(values);
              const user = await api.makeInvited(link.invitation, values.account.trim(), values.new);
              link = { invitation: "", name: "" };
              history.replaceState(null, "", `${api.ROOT}admin/`);
              await app.signedIn(user);
            },
          }),
        ],
  });
}

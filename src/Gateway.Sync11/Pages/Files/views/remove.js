// The end of an account, with all that is stored.
import { explain, send } from "../api.js";
import { h } from "../shell/dom.js";
import { form } from "../shell/forms.js";
import { show } from "../shell/layout.js";
import { t } from "../shell/texts.js";
import { passwordField, userField } from "./fields.js";

export const remove = () =>
  show({
    name: "remove",
    title: t("remove.title"),
    body: [
      h("div", { class: "note danger-note" }, h("p", {}, t("remove.lead"))),
      form({
        name: "remove",
        fields: [userField(), passwordField()],
        submit: t("remove.submit"),
        kind: "danger",
        explain,
        send: async (values) => {
          await send(values);
          show({ name: "removed", title: t("remove.done.title"), body: [h("p", {}, t("remove.done.advice"))] });
        },
      }),
    ],
  });

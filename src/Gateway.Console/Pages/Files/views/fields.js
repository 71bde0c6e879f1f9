// Fields of a new password.
import { field, Refused } from "../shell/forms.js";
import { t } from "../shell/texts.js";

export const newPasswordFields = () => [
  field({ name: "new", label: t("field.new-password"), type: "password", autocomplete: "new-password", required: true }),
  field({ name: "repeated", label: t("field.repeated"), type: "password", autocomplete: "new-password", required: true }),
];

export function checkRepeated(values) {
  if (values.new !== values.repeated) {
    throw new Refused(t("error.repeated"), "repeated");
  }
}

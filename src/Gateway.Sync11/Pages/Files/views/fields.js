// Fields that both pages have.
import { field } from "../shell/forms.js";
import { t } from "../shell/texts.js";

/** A name has no upper case where it was made of an address, and none is made by a keyboard either. */
export const userField = (value = "", attributes = {}) =>
  field({ name: "username", label: t("field.username"), hint: t("field.username.hint"), autocomplete: "username", required: true, value, ...attributes });

export const passwordField = (attributes = {}) =>
  field({ name: "password", label: t("field.password"), type: "password", autocomplete: "current-password", required: true, ...attributes });

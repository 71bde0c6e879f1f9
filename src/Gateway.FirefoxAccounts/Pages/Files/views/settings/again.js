// A form that asks for the password again.
import { form, Refused } from "../../shell/forms.js";
import { explain } from "../errors.js";
import { fixedEmail, passwordAgain } from "../fields.js";

/** @param {(password: string, values: object, form: HTMLFormElement) => Promise<void>} form.then */
export function withPassword(app, { name, submit, fields = [], kind, then }) {
  const element = form({
    name,
    fields: [...fields, fixedEmail(app.account.email), passwordAgain()],
    submit,
    kind,
    explain: (error) => (error.errno === 103 ? new Refused(explain(error, { 103: "error.password" }), "password") : explain(error)),
    send: (values) => then(values.password, values, element),
  });
  return element;
}

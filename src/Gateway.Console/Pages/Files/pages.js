// Every page: where it is, below the server's root, and what shows it. `Pages/ConsolePages.cs` has the same paths.
import { account } from "./views/account.js";
import { bucket } from "./views/bucket.js";
import { collection } from "./views/collection.js";
import { first } from "./views/first.js";
import { overview } from "./views/overview.js";
import { record } from "./views/record.js";
import { welcome } from "./views/welcome.js";

/**
 * `view(app)` shows it. `anybody` needs no sign-in; `administrator` needs an administrator. With `nav`, a text, it is in the navigation. What a page is about stands in
 * the query: `/admin/bucket?bucket=tasks`.
 */
export const PAGES = [
  { path: "", view: welcome, anybody: true },
  { path: "admin/", view: overview, nav: "nav.overview" },
  { path: "admin/bucket", view: bucket },
  { path: "admin/collection", view: collection },
  { path: "admin/record", view: record },
  { path: "admin/account", view: account, nav: "nav.account" },
  { path: "admin/first", view: first, anybody: true },
];

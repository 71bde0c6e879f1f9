// Every page: where it is, below the server's root, and what shows it. `Pages/ConsolePages.cs` has the same paths.
import { account } from "./views/account.js";
import { accounts } from "./views/admin/accounts.js";
import { oneAccount } from "./views/admin/account.js";
import { audit } from "./views/admin/audit.js";
import { accountBucket } from "./views/admin/bucket.js";
import { health } from "./views/admin/health.js";
import { server } from "./views/admin/server.js";
import { settings } from "./views/admin/settings.js";
import { bucket } from "./views/bucket.js";
import { collection } from "./views/collection.js";
import { first } from "./views/first.js";
import { invitation } from "./views/invitation.js";
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
  { path: "admin/invitation", view: invitation, anybody: true },
  { path: "admin/server", view: server, nav: "nav.server", administrator: true },
  { path: "admin/health", view: health, nav: "nav.health", administrator: true },
  { path: "admin/accounts", view: accounts, nav: "nav.accounts", administrator: true },
  { path: "admin/accounts/show", view: oneAccount, administrator: true },
  { path: "admin/accounts/bucket", view: accountBucket, administrator: true },
  { path: "admin/audit", view: audit, nav: "nav.audit", administrator: true },
  { path: "admin/settings", view: settings, nav: "nav.settings", administrator: true },
];

-- oldest program: 1
-- Sessions of the console, links that make the first administrator, and which accounts administer.

CREATE TABLE account_sessions (
    digest  TEXT    NOT NULL PRIMARY KEY, -- SHA-256 of the session's secret, hex
    account INTEGER NOT NULL,             -- number in accounts
    mark    TEXT    NOT NULL,             -- of the password that it was opened with; of another password, it is over
    created INTEGER NOT NULL,             -- ms
    expires INTEGER NOT NULL              -- ms; from then on it counts as absent
) WITHOUT ROWID;
CREATE INDEX account_sessions_account ON account_sessions (account);
CREATE INDEX account_sessions_expires ON account_sessions (expires);

CREATE TABLE administrator_links (
    digest  TEXT    NOT NULL PRIMARY KEY, -- SHA-256 of the link's secret, hex
    created INTEGER NOT NULL,             -- ms
    expires INTEGER NOT NULL              -- ms; from then on it counts as absent
) WITHOUT ROWID;

ALTER TABLE accounts ADD COLUMN administrator INTEGER NOT NULL DEFAULT 0;
CREATE INDEX accounts_administrator ON accounts (number) WHERE administrator = 1;

-- oldest program: 2
-- Sessions of the console, links that make the first administrator, and which accounts administer. In the home database.

CREATE TABLE account_sessions (
    account bigint NOT NULL,                       -- number in accounts
    created bigint NOT NULL,                       -- ms
    expires bigint NOT NULL,                       -- ms; from then on it counts as absent
    digest  text COLLATE "C" NOT NULL PRIMARY KEY, -- SHA-256 of the session's secret, hex
    mark    text COLLATE "C" NOT NULL              -- of the password that it was opened with; of another password, it is over
);
CREATE INDEX account_sessions_account ON account_sessions (account);
CREATE INDEX account_sessions_expires ON account_sessions (expires);

CREATE TABLE administrator_links (
    created bigint NOT NULL,                       -- ms
    expires bigint NOT NULL,                       -- ms; from then on it counts as absent
    digest  text COLLATE "C" NOT NULL PRIMARY KEY  -- SHA-256 of the link's secret, hex
);

ALTER TABLE accounts ADD COLUMN administrator boolean NOT NULL DEFAULT false;
CREATE INDEX accounts_administrator ON accounts (number) WHERE administrator;

-- oldest program: 1
-- Names and passwords with which users of accounts sign in to one protocol, apart from the account's own password.

CREATE TABLE account_logins (
    account       INTEGER PRIMARY KEY,        -- number in accounts
    name          TEXT    NOT NULL UNIQUE,    -- not the account's
    password      TEXT    NOT NULL,           -- hash
    email         TEXT    NOT NULL,
    quota         INTEGER,                    -- bytes; 0: no limit; NULL: what the settings say
    reset         TEXT,                       -- digest of a code that stands in for the password once
    reset_expires INTEGER NOT NULL DEFAULT 0, -- ms
    revision      INTEGER NOT NULL DEFAULT 0  -- rises with each change
);

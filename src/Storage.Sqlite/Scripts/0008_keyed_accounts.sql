-- oldest program: 1
-- Accounts whose password guards a key that the server never sees, what opens them, their devices, and what the server signs with.

CREATE TABLE keyed_accounts (
    account        INTEGER PRIMARY KEY,         -- number in accounts
    uid            TEXT    NOT NULL UNIQUE,
    email          TEXT    NOT NULL,            -- as it was typed; in lower case it is the account's name
    verified       INTEGER NOT NULL,
    salt           TEXT    NOT NULL,            -- of clients; '': the old form
    wrapped        TEXT    NOT NULL,            -- encrypted under what follows from the password
    generation     INTEGER NOT NULL,            -- ms; rises with each change of the password
    keys_changed   INTEGER NOT NULL,            -- ms; when the key was made
    created        INTEGER NOT NULL,            -- ms
    totp           TEXT,                        -- encrypted under the server's key
    totp_on        INTEGER NOT NULL DEFAULT 0,
    totp_step      INTEGER NOT NULL DEFAULT 0,  -- of the last code that was taken
    codes          TEXT    NOT NULL DEFAULT '', -- digests, separated by blanks
    recovery       TEXT,                        -- digest
    recovery_data  TEXT,
    recovery_since INTEGER NOT NULL DEFAULT 0,  -- ms
    revision       INTEGER NOT NULL DEFAULT 0   -- rises with each change
);

CREATE TABLE account_tokens (
    digest  TEXT    NOT NULL PRIMARY KEY,
    kind    INTEGER NOT NULL,
    account INTEGER NOT NULL,
    parent  TEXT,                               -- digest of the token that it came from, and goes with
    client  TEXT    NOT NULL,
    scope   TEXT    NOT NULL,
    sealed  TEXT,                               -- encrypted under the server's key
    data    TEXT    NOT NULL,
    created INTEGER NOT NULL,                   -- ms, as the following
    expires INTEGER NOT NULL,
    used    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX account_tokens_account ON account_tokens (account);
CREATE INDEX account_tokens_parent ON account_tokens (parent) WHERE parent IS NOT NULL;
CREATE INDEX account_tokens_expires ON account_tokens (expires);

CREATE TABLE account_devices (
    id      TEXT    NOT NULL PRIMARY KEY,
    account INTEGER NOT NULL,
    token   TEXT    NOT NULL UNIQUE,            -- digest of what it signs in with, and goes with
    data    TEXT    NOT NULL,
    created INTEGER NOT NULL                    -- ms
) WITHOUT ROWID;
CREATE INDEX account_devices_account ON account_devices (account);

CREATE TABLE device_commands (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL,
    device  TEXT    NOT NULL,
    data    TEXT    NOT NULL,
    expires INTEGER NOT NULL                    -- ms
);
CREATE INDEX device_commands_device ON device_commands (device, number);
CREATE INDEX device_commands_account ON device_commands (account);
CREATE INDEX device_commands_expires ON device_commands (expires);

CREATE TABLE server_keys (
    id      TEXT    NOT NULL PRIMARY KEY,
    created INTEGER NOT NULL,                   -- ms
    sealed  TEXT    NOT NULL                    -- encrypted under the server's key
) WITHOUT ROWID;

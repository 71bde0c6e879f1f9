-- oldest program: 1
-- Which store a user of Sync has, and on which server.

-- A row for each store that is in use, or whose data is still to be removed.
CREATE TABLE assignments (
    number       INTEGER PRIMARY KEY,          -- of those of accounts
    issuer       TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    generation   INTEGER NOT NULL,             -- 2^63 - 1: the user is gone for good
    fingerprint  TEXT    NOT NULL,             -- '': never said
    keys_changed INTEGER NOT NULL,
    node         INTEGER NOT NULL,             -- 0: this server
    created      INTEGER NOT NULL,             -- ms; rises from store to store of a user
    replaced     INTEGER,                      -- ms; null: in use
    closed       INTEGER NOT NULL DEFAULT 0,   -- 1: its number is in closed_accounts
    quota        INTEGER,                      -- bytes; null: as the settings say
    emptied      INTEGER NOT NULL DEFAULT 0    -- 1: its data is gone; the row stays since it keeps the user out
);
CREATE UNIQUE INDEX assignments_in_use ON assignments (issuer, subject) WHERE replaced IS NULL;
CREATE INDEX assignments_user ON assignments (issuer, subject);
CREATE INDEX assignments_replaced ON assignments (number) WHERE replaced IS NOT NULL AND emptied = 0;
CREATE INDEX assignments_node ON assignments (node) WHERE replaced IS NULL AND node <> 0;

CREATE TABLE assignment_nodes (
    number    INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice
    url       TEXT    NOT NULL UNIQUE,
    available INTEGER NOT NULL DEFAULT 0,
    load      INTEGER NOT NULL DEFAULT 0,
    capacity  INTEGER NOT NULL,
    down      INTEGER NOT NULL,
    draining  INTEGER NOT NULL
);

CREATE TABLE invitations (
    digest  TEXT    NOT NULL PRIMARY KEY,
    note    TEXT    NOT NULL,
    quota   INTEGER,
    expires INTEGER NOT NULL,                  -- ms
    issuer  TEXT,                              -- with the subject who has taken it; null: nobody
    subject TEXT
) WITHOUT ROWID;

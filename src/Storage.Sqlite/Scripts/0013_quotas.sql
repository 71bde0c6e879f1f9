-- oldest program: 1
-- What administrators have said that users, buckets and collections may hold.

CREATE TABLE quotas (
    subject  TEXT    NOT NULL PRIMARY KEY, -- /users/…, /buckets/…, /buckets/…/collections/…; empty: the row that has the stamp of the last change
    bytes    INTEGER,                      -- 0: no limit; NULL: what the settings say
    records  INTEGER,                      -- the same
    modified INTEGER NOT NULL              -- ms
);

INSERT INTO quotas (subject, modified) VALUES ('', 0);

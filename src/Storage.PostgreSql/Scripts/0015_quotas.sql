-- oldest program: 2
-- What administrators have said that users, buckets and collections may hold. In the home database.

CREATE TABLE quotas (
    modified bigint NOT NULL,                      -- ms
    bytes    bigint,                               -- 0: no limit; NULL: what the settings say
    records  bigint,                               -- the same
    subject  text COLLATE "C" NOT NULL PRIMARY KEY -- /users/…, /buckets/…, /buckets/…/collections/…; empty: the row that has the stamp of the last change
);

INSERT INTO quotas (subject, modified) VALUES ('', 0);

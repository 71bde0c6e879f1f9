-- oldest program: 1
-- Push subscriptions of Kinto's users.

CREATE TABLE push_subscriptions (
    owner      TEXT    NOT NULL, -- principal as stored: account:alice#7
    id         TEXT    NOT NULL,
    bucket     TEXT    NOT NULL, -- id in buckets
    collection TEXT    NOT NULL, -- empty for all of the bucket
    path       TEXT    NOT NULL, -- as the owner named them
    endpoint   TEXT    NOT NULL, -- URL of the push service
    p256dh     TEXT    NOT NULL, -- the app's public key, base64url
    auth       TEXT    NOT NULL, -- the secret shared with the app, base64url
    modified   INTEGER NOT NULL, -- ms; when it was put
    told       INTEGER NOT NULL, -- ms; a stamp of the bucket: what changed up to it has been told
    due        INTEGER NOT NULL, -- ms; no notice before
    tries      INTEGER NOT NULL, -- how often in a row the newest notice could not be sent
    PRIMARY KEY (owner, id)
) WITHOUT ROWID;
CREATE INDEX push_subscriptions_bucket ON push_subscriptions (bucket);
CREATE INDEX push_subscriptions_modified ON push_subscriptions (modified);

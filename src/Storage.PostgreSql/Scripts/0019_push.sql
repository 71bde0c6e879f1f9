-- oldest program: 2
-- Push subscriptions of Kinto's users. In the home database.

CREATE TABLE push_subscriptions (
    modified   bigint  NOT NULL,                   -- ms; when it was put
    told       bigint  NOT NULL,                   -- ms; a stamp of the bucket: what changed up to it has been told
    due        bigint  NOT NULL,                   -- ms; no notice before
    tries      integer NOT NULL,                   -- how often in a row the newest notice could not be sent
    owner      text COLLATE "C" NOT NULL,          -- principal as stored: account:alice#7
    id         text COLLATE "C" NOT NULL,
    bucket     text COLLATE "C" NOT NULL,          -- id in buckets
    collection text COLLATE "C" NOT NULL,          -- empty for all of the bucket
    path       text COLLATE "C" NOT NULL,          -- as the owner named them
    endpoint   text COLLATE "C" NOT NULL,          -- URL of the push service
    p256dh     text COLLATE "C" NOT NULL,          -- the app's public key, base64url
    auth       text COLLATE "C" NOT NULL,          -- the secret shared with the app, base64url
    PRIMARY KEY (owner, id)
);
CREATE INDEX push_subscriptions_bucket ON push_subscriptions (bucket);
CREATE INDEX push_subscriptions_modified ON push_subscriptions (modified);

-- oldest program: 1
-- What expires is looked for in one list, and lists by when something in them does.
CREATE INDEX records_expiring ON records (bucket, list, expiry, id) WHERE expiry IS NOT NULL;
CREATE INDEX lists_expiring ON lists (next_expiry) WHERE next_expiry IS NOT NULL;
DROP INDEX records_expiry;

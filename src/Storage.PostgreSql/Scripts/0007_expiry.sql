-- oldest program: 2
-- What expires is looked for in one list, and lists by when something in them does. No program before this one writes either.
CREATE INDEX IF NOT EXISTS records_expiring ON records (bucket, list, expiry, id) WHERE expiry IS NOT NULL;
CREATE INDEX IF NOT EXISTS lists_expiring ON lists (next_expiry) WHERE next_expiry IS NOT NULL;
DROP INDEX IF EXISTS records_expiry;

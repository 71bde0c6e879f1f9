-- oldest program: 2
-- Live records and tombstones apart, so that neither is looked for among the other: a list may have few of one and very many
-- of the other. A database that is too large to be locked for this gets both beforehand, with CONCURRENTLY.
CREATE INDEX IF NOT EXISTS records_live ON records (bucket, list, modified, id) WHERE NOT deleted;
CREATE INDEX IF NOT EXISTS records_dead ON records (bucket, list, modified, id) WHERE deleted;

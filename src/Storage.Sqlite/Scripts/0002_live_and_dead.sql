-- oldest program: 1
-- Live records and tombstones apart, so that neither is looked for among the other: a list may have few of one and very many
-- of the other.
CREATE INDEX records_live ON records (bucket, list, modified, id) WHERE deleted = 0;
CREATE INDEX records_dead ON records (bucket, list, modified, id) WHERE deleted = 1;

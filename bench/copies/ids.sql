-- In the home database: ids of default buckets as AccountDirectory.DefaultBucketOf derives them, and their virtual shards as VirtualShards.Of has them. Of the
-- model, to compare with what the server made, and of the accounts before u:count.
CREATE UNLOGGED TABLE copied AS
WITH key AS (
    SELECT decode(value, 'hex') AS secret FROM meta WHERE name = 'secret'
), pads AS (
    SELECT string_agg(set_byte('\x00', 0, part # 54), '' ORDER BY i) AS inner_pad, string_agg(set_byte('\x00', 0, part # 92), '' ORDER BY i) AS outer_pad
    FROM (SELECT i, CASE WHEN i < length(secret) THEN get_byte(secret, i) ELSE 0 END AS part FROM key, generate_series(0, 63) i) AS parts
), hashes AS (
    SELECT name, number, encode(sha256(outer_pad || sha256(inner_pad || convert_to('default bucket of account ' || number, 'UTF8'))), 'hex') AS x
    FROM accounts, pads WHERE name = 'scale-model' OR (name >= 'u' AND name < 'u' || lpad(:'count', 8, '0'))
), ids AS (
    SELECT name, number,
        'u:' || substr(x, 7, 2) || substr(x, 5, 2) || substr(x, 3, 2) || substr(x, 1, 2) || '-' || substr(x, 11, 2) || substr(x, 9, 2) || '-'
            || substr(x, 15, 2) || substr(x, 13, 2) || '-' || substr(x, 17, 4) || '-' || substr(x, 21, 12) AS id
    FROM hashes
)
SELECT name, number, id, get_byte(sha256(convert_to(id, 'UTF8')), 0) * 4 + get_byte(sha256(convert_to(id, 'UTF8')), 1) / 64 AS shard FROM ids;

-- oldest program: 2
-- Each record lay in two indexes by stamp, which was half of what a write wrote. Lists that want live records and tombstones
-- merge the two of 0004; older programs read such a list whole.
DROP INDEX IF EXISTS records_modified;

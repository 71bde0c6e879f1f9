-- oldest program: 1
-- Accounts that administrators have disabled, and invitations to accounts. Older programs go on signing the users of disabled accounts in.

ALTER TABLE accounts ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;

-- Until the account is enabled again; otherwise for good.
ALTER TABLE closed_accounts ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;

-- Of an invitation to an account with a password of its own: the name that it must have, empty for any; null for an invitation to anything else.
ALTER TABLE invitations ADD COLUMN name TEXT;

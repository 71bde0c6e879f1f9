-- oldest program: 1
-- Accounts that administrators have disabled. Older programs go on signing their users in.

ALTER TABLE accounts ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;

-- Until the account is enabled again; otherwise for good.
ALTER TABLE closed_accounts ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;

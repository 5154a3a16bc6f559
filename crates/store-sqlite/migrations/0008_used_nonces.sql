-- Nonces that gates have signed in with: each works once, on whichever server it is handed in.
-- Kept until they would be refused by their age; the digest says nothing of the gate.

CREATE TABLE used_nonce (
    digest BLOB NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX used_nonce_expiry ON used_nonce (expires_at);

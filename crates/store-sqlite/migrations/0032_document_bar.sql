-- What an account was known by when a document was taken from it: keyed digests of itself, its phone
-- and its devices. The document is not registered by any of them again before a counter says so.
CREATE TABLE document_bar (
    document BLOB NOT NULL CHECK (length(document) = 16),
    mark BLOB NOT NULL CHECK (length(mark) = 16),
    -- Which account: what is lifted for one of its marks is lifted for all.
    account BLOB NOT NULL CHECK (length(account) = 16),
    at INTEGER NOT NULL,
    PRIMARY KEY (document, mark, account)
) STRICT, WITHOUT ROWID;

-- Behind which pseudonym a request asks: the case's own person, a contact, a seat.
ALTER TABLE identity_request ADD COLUMN target TEXT;

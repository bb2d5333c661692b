-- An upload is attached once, whichever district its case belongs to. Its id is random and the same all over the city, so
-- the index needs no district in front.
DROP INDEX attachments_by_id;
CREATE UNIQUE INDEX attachments_once ON attachments (id);

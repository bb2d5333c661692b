-- An upload is attached once, whichever district its case belongs to. So far a unique index over the id alone saw to that,
-- the one key of case data that did not begin with the district. Now the statement that takes an upload adds a *mark*
-- beside the attachment: the same id under district 000000, which is none, so that the primary key refuses the second taker.
-- Uploads taken before stand in the table already, and are seen by the statement itself. Marks go with their uploads.
DROP INDEX attachments_once;
CREATE INDEX attachments_by_id ON attachments (id);

-- When a person last sent a failed operation round again: attempts and age count from then on. The same on both databases.
ALTER TABLE operation_details ADD COLUMN replayed_at BIGINT;

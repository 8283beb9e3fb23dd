-- The index is merged in small steps when nothing waits, not while a first load fills it. These are
-- the numbers of pieces from which on it is merged all the same.
INSERT INTO search (search, rank) VALUES ('automerge', 64);
INSERT INTO search (search, rank) VALUES ('crisismerge', 128);

-- The words of the index, for the beginnings of words: `search` itself would merge every message
-- that has one of them before it knows the newest.
CREATE VIRTUAL TABLE search_terms USING fts5vocab('search', 'instance');

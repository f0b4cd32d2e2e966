-- Which transaction a client committed last, so that one whose COMMIT got no answer can be asked for.

-- name: mark
-- In the transaction itself: it is there exactly when the transaction is.
INSERT INTO settled (client, number) VALUES (?, ?)
ON CONFLICT (client) DO UPDATE SET number = excluded.number, at = excluded.at

-- name: last_mark
-- Where the transaction still goes on, in a session that nobody holds any more, this waits for its end.
INSERT INTO settled (client, number) VALUES (?, 0)
ON CONFLICT (client) DO UPDATE SET number = settled.number
RETURNING number

-- name: end_session
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ? AND usename = current_user

-- name: standing
-- Whether a server follows another one, of which cluster and which database it is, whether it has replayed the schema.
SELECT pg_is_in_recovery(), c.system_identifier, d.oid::bigint, to_regclass('commits') IS NOT NULL
FROM pg_control_system() AS c, pg_database AS d WHERE d.datname = current_database()

-- name: head
SELECT coalesce(max(number), 0) FROM commits

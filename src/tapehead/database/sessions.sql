-- name: sessions
-- Who has this database open, whoever began it; of sessions of other users the server may tell only their number.
SELECT pid, application_name, coalesce(state, 'unknown'), coalesce(host(client_addr), 'this machine'),
    coalesce(extract(epoch FROM clock_timestamp() - state_change), 0)::float8,
    extract(epoch FROM clock_timestamp() - xact_start)::float8
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
ORDER BY xact_start NULLS LAST, application_name, pid

-- name: room
-- Sessions of the whole server, and how many it allows.
SELECT count(*) FILTER (WHERE backend_type = 'client backend'), current_setting('max_connections')::int
FROM pg_stat_activity

-- Numbers of rows go on after those that came with rows of another store.

-- name: number_on_series
SELECT setval(pg_get_serial_sequence('tapehead.series', 'id'), max(id)) FROM series

-- name: number_on_segments
SELECT setval(pg_get_serial_sequence('tapehead.segments', 'id'), max(id)) FROM segments

-- name: number_on_tail
SELECT setval(pg_get_serial_sequence('tapehead.tail', 'id'), max(id)) FROM tail

-- name: number_on_factors
SELECT setval(pg_get_serial_sequence('tapehead.factors', 'id'), max(id)) FROM factors

-- name: number_on_empties
SELECT setval(pg_get_serial_sequence('tapehead.empties', 'id'), max(id)) FROM empties

-- name: number_on_quarantine
SELECT setval(pg_get_serial_sequence('tapehead.quarantine', 'id'), max(id)) FROM quarantine

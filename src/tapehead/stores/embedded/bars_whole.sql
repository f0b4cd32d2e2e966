-- SQLite gives a new row the number after the largest one by itself.

-- name: number_on_series
SELECT 1

-- name: number_on_segments
SELECT 1

-- name: number_on_tail
SELECT 1

-- name: number_on_factors
SELECT 1

-- name: number_on_empties
SELECT 1

-- name: number_on_quarantine
SELECT 1

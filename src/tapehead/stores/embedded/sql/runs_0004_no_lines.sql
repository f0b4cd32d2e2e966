DROP TABLE stored_lines;

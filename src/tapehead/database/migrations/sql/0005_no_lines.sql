-- What is kept here can be made again from the bars.
SET LOCAL lock_timeout = '5s';
DROP TABLE stored_lines;

-- Rows are copies of what the segments hold, so that nothing is lost with them but the choice of who has some.
DO $$
BEGIN
    IF EXISTS (SELECT FROM row_series) THEN
        RAISE EXCEPTION 'some series have rows. Make segments of what was edited, and switch them off: tapehead store rows off --all';
    END IF;
END
$$;
DROP TABLE bars, marks, row_settings, row_series;
DROP FUNCTION make_months, watch_rows, mark_rows, series_of;
DROP TRIGGER flag_instrument ON instruments;
DROP TRIGGER flag_data_came ON coverage;
DROP TRIGGER flag_data_went ON coverage;
DROP FUNCTION flag_instrument, flag_data;
ALTER TABLE instruments DROP COLUMN has_price_data;

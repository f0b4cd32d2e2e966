SET LOCAL lock_timeout = '5s';
DO $$
BEGIN
    IF EXISTS (SELECT FROM presets) THEN
        RAISE EXCEPTION 'presets would be lost. See them, and delete them first: tapehead preset list';
    END IF;
END
$$;
DROP TABLE presets;

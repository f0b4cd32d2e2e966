DROP TABLE tiles;
DROP TABLE trials;
DROP TABLE trial_sets;
DROP TABLE trial_contexts;

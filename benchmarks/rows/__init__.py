"""What reads bars out of PostgreSQL, and puts them there: ours and the others, each in a process of its own."""

"""Work beside other work: what is prepared ahead, and on how many cores."""

"""Evidence (DESIGN §9): the lanes' hash chains, the seals that sign their heads, and their verification."""

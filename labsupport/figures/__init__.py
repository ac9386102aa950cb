"""Pictures: drawn from real transcripts and from what the engine says, the same bytes for the same data."""

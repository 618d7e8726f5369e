"""The headless verbs. The only part of the engine that writes to the terminal."""

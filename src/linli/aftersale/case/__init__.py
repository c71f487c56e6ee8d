"""Cases: a member's complaint about a line, its life, its clocks, and what leaders and members say to it."""

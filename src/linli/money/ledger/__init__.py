"""The ledger: every fen that moved, twice told and never rewritten."""

"""Stock: goods that belong to no cycle, as a ledger of movements whose balance never falls below zero."""

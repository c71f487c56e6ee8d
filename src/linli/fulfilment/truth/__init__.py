"""The truth of a cycle: every piece that was ordered was bought or in stock, is sorted or short, and is handed over."""

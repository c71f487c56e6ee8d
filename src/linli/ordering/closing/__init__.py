"""What the clock ends: holds that were not paid in time, and the cut-off of a cycle."""

"""Local servers that speak the real protocols of payment providers, with keys made for the run and their own books."""

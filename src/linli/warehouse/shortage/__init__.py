"""Shortage: who gets what when too little is there, told line by line, and refunded at once."""

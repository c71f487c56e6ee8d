"""Purchase orders: from frozen demand and free stock to one numbered order per supplier, sent once."""

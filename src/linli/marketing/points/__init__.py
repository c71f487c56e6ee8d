"""Points 积分: earned by collected orders and signing in, spent on orders, expiring by the year."""

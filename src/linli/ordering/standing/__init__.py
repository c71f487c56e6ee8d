"""Standing weekly orders 周期购: what a member wants on some weekdays is ordered when such a day's cycle opens."""

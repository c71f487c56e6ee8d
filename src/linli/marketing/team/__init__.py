"""Teams 拼团: neighbours who buy one offer together; when enough of them have paid, the team price holds."""

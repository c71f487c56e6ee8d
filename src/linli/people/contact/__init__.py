"""Contact: what people are told, in their inbox and by text message."""

"""Pasted 接龙 chains: what people wrote in the chat group, read into a draft of orders."""

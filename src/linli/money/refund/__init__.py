"""Refunds: money on its way back to members, never more than came."""

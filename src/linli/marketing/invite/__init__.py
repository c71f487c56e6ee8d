"""Invites: a member's code brings newcomers, and a coupon when a newcomer has collected a first order."""

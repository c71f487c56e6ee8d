"""Petitions 求团: neighbours ask for goods in their community, others add their +1, a buyer answers with an offer."""

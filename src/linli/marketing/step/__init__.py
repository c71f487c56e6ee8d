"""Campaigns that hold for everybody: quantity and amount steps 满量/满减, and discounts by member tier 会员折扣."""

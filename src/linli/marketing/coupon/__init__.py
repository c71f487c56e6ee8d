"""Coupons 优惠券: templates with conditions, stock and budget; each coupon is claimed or given, locked, spent."""

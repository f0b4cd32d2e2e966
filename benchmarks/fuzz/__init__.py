"""Differential fuzz: random markets and signals through Tapehead and through live peers, trade by trade."""

"""Webhook: believing a delivery of Partner Center. Nothing is imported here: a cold start loads only what a delivery
needs.
"""

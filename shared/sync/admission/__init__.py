"""Admission: may work be done now: gates after throttling, brakes and halts, and what the org's schema leaves of the
mapping.
"""

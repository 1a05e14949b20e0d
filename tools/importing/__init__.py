"""Turns a call-centre export into contacts and requests.

Reading, mapping, sending, and an account of every row.
"""

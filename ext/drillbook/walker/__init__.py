"""The terminal walker: a tree, one question at a time, on any machine that has Python; over ssh, with no browser.

Standard library only.
"""

"""Decoding in processes of its own, which may crash, hang or be killed."""

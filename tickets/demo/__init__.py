"""Northwind Help, the invented company of the demo desk: pure data, read by `manage.py seed_demo` and the tests."""

"""The rules screens: what a form says of a rule (draft), its values (values), and what templates show of it (shown)."""

"""What the desk costs: CPU time of its processes per action, measured on a real desk. `bin/bench` runs it; no test."""

"""What people see: the scorecard, and later the report."""
